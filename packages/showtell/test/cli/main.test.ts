// The command as a whole: version, help, and what it says to those who mistype.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../source-files.ts";
import { showtell } from "./run.ts";

const { version } = JSON.parse(readFileSync(join(root, "packages/showtell/package.json"), "utf8")) as {
  readonly version: string;
};

describe("help and version", () => {
  test("go to standard output with status 0", async () => {
    expect(await showtell(["--version"])).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
    for (const args of [["--help"], ["help"]]) {
      const { status, stdout, stderr } = await showtell(args);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout).toMatch(/^Usage: showtell/);
    }
  });

  test("without a command the help goes to standard error, with the status of wrong usage", async () => {
    const { status, stdout, stderr } = await showtell([]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^Usage: showtell/);
  });

  const names = [
    "caption",
    "train",
    "inspect",
    "score",
    "metrics add-paraphrases",
    "serve",
    "data check",
    "features extract",
    "weights list",
    "weights fetch",
    "bundle pack",
    "bundle verify",
  ];
  test.each(names)("%s explains itself with examples", async (name) => {
    const { status, stdout } = await showtell([...name.split(" "), "--help"]);
    expect(status).toBe(0);
    expect(stdout).toContain(`Usage: showtell ${name} `);
    expect(stdout).toContain("Examples:\n  showtell ");
  });
});

test("results that can't be written are an error with a code, and not a crash", async () => {
  const main = join(root, "packages", "showtell", "dist", "cli", "main.js");
  // A device that is always full, where there is one.
  const run = spawnSync("sh", ["-c", '"$0" "$1" weights list > /dev/full', process.execPath, main], {
    encoding: "utf8",
  });
  expect(run.stderr).toBe(`error FILE_WRITE: can't write "standard output": the disk is full\n`);
  expect(run.status).toBe(1);
});

describe("what is mistyped", () => {
  test.each([
    [["capton"], "unknown command 'capton' (Did you mean caption?)"],
    [["caption", "--beem", "3", "x.jpg"], "unknown option '--beem' (Did you mean --beam?)"],
    [["caption", "--beam", "three", "x.jpg"], "whole number from 1 to 1000"],
    [["caption", "--beam", "0", "x.jpg"], "whole number from 1 to 1000"],
    [["caption", "--beam", "2.5", "x.jpg"], "whole number from 1 to 1000"],
    [["caption", "--limit", "1e3", "x.jpg"], "whole number from 1 to"],
    [["caption", "--temperature", "0", "x.jpg"], "a number above 0"],
    [["caption", "--temperature", "", "x.jpg"], "a number above 0"],
    [["caption", "--temperature", "Infinity", "x.jpg"], "a number above 0"],
    [["train", "--data", "x"], "required option '-o, --out <folder>' not specified"],
    [["train", "--dropout", "0.1,0.2"], "one or three numbers"],
    [["train", "--dropout", "1"], "one or three numbers"],
    [["train", "--clean", "everything"], "Allowed choices are digits, lone-letters, punctuation"],
    [["train", "--learning-rate", "-1"], "a number above 0"],
    [["data", "chek"], "unknown command 'chek' (Did you mean check?)"],
    [["features", "extract", "--layer", "top"], "It must be names among pooled, grid"],
    [["features", "extract"], "give --data or --images"],
    [["caption", "--model"], "'-m, --model <files>' argument missing"],
  ])("%j is refused with status 2, saying what is wrong", async (args, what) => {
    const { status, stdout, stderr } = await showtell(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^error ARGUMENT: [^\n]+\n$/);
    expect(stderr).toContain(what);
  });
});
