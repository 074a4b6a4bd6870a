// `showtell bundle pack` and `bundle verify`: one file that captions by itself, and what a damaged file is told.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readBundleFile, writeBundleFile } from "../../src/node/bundle-files.ts";
import { encoderSources } from "../../src/node/encoder-sources.ts";
import { defaultEncoder, defaultModel } from "../../src/node/shipped-models.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { withPrecision } from "../../src/bundle/decoder-bundle.ts";
import { tensor } from "../../src/base/tensor.ts";
import { drawnEncoder, smallEncoder } from "../small-encoder.ts";
import { photo, showtell } from "./run.ts";
import type { Ended } from "./run.ts";
import { writeTinyModel } from "./tiny-model.ts";
import { writeColourData } from "../node/training-fixture.ts";

let folder = "";

function at(name: string): string {
  return join(folder, name);
}

function bundle(...args: readonly string[]): Promise<Ended> {
  return showtell(["bundle", ...args], { cwd: folder });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "showtell-bundle-"));
  await writeTinyModel(at("tiny.safetensors"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("packing", () => {
  test("joins a decoder with its encoder, with the same identities, captions and all licences", async () => {
    const { status, stdout, stderr } = await bundle("pack", "tiny.safetensors", "--out", "whole.safetensors");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const [tiny, whole, encoder] = [
      await readBundleFile(at("tiny.safetensors")),
      await readBundleFile(at("whole.safetensors")),
      await readBundleFile(defaultEncoder),
    ];
    expect(whole.decoder!.manifest).toEqual(tiny.decoder!.manifest);
    expect(whole.encoder!.manifest).toEqual(encoder.encoder!.manifest);
    expect(whole.manifest.licences).toEqual([...tiny.manifest.licences, ...encoder.manifest.licences]);
    for (const { manifest } of [whole.decoder!, whole.encoder!]) expect(stdout).toContain(manifest.identity);
    const captions = ["tiny", "whole"].map((name) =>
      showtell(["caption", "-m", at(`${name}.safetensors`), photo("coffee.webp")]),
    );
    const [alone, together] = await Promise.all(captions);
    expect(together).toEqual(alone);
  });

  test("changes the precision, which is another model with a self-test of its own", async () => {
    const args = ["pack", "tiny.safetensors", "--no-encoder", "--precision", "float16", "--out", "half.safetensors"];
    expect((await bundle(...args)).status).toBe(0);
    const tiny = await readBundleFile(at("tiny.safetensors"));
    const half = await readBundleFile(at("half.safetensors"));
    const { source: _source, ...expected } = { source: "", ...(await withPrecision(tiny, "float16", openSession)) };
    expect(half.decoder!.manifest).toEqual(expected.decoder!.manifest);
    expect(half.decoder!.manifest.identity).not.toBe(tiny.decoder!.manifest.identity);
    expect(half.encoder).toBeUndefined();
    expect(readFileSync(at("half.safetensors")).length).toBeLessThan(0.6 * readFileSync(at("tiny.safetensors")).length);
  });

  test("--references adds document frequencies of training captions, for a consensus", async () => {
    await writeColourData(folder);
    const args = [
      "pack",
      "tiny.safetensors",
      "--no-encoder",
      "--references",
      "captions.jsonl",
      "--out",
      "counted.safetensors",
    ];
    expect((await bundle(...args)).status).toBe(0);
    const [tiny, counted] = [
      await readBundleFile(at("tiny.safetensors")),
      await readBundleFile(at("counted.safetensors")),
    ];
    expect(counted.decoder!.manifest).toEqual(tiny.decoder!.manifest);
    expect(counted.manifest.references!.images).toBeGreaterThan(1);
    const consensus = ["--consensus", "6", "--must", "dog", "--tokens", "--json"];
    const caption = (name: string): Promise<Ended> =>
      showtell(["caption", "-m", at(name), photo("coffee.webp"), ...consensus]);
    const line = JSON.parse((await caption("counted.safetensors")).stdout) as Record<string, unknown>;
    expect(line["caption"]).toMatch(/\bdog\b/);
    expect(line["consensus"]).toBeGreaterThanOrEqual(0);
    expect(line["steeringCost"]).toBeTypeOf("number");
    const tokens = line["tokens"] as { token: string; logProbability: number }[];
    expect(tokens.map(({ token }) => token).join(" ")).toBe(line["caption"]);
    const sum = tokens.reduce(
      (total, { logProbability }) => total + logProbability,
      line["endLogProbability"] as number,
    );
    expect(line["logProbability"]).toBeCloseTo(sum, 10);
    expect(await caption("tiny.safetensors")).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^error REFERENCES_MISSING: /) as string,
    });
  });

  test("--no-encoder takes a packed one apart again", async () => {
    await bundle("pack", "tiny.safetensors", "--encoder", defaultEncoder, "--out", "joined.safetensors");
    expect((await bundle("pack", "joined.safetensors", "--no-encoder", "--out", "apart.safetensors")).status).toBe(0);
    expect(readFileSync(at("apart.safetensors")).equals(readFileSync(at("tiny.safetensors")))).toBe(true);
  });

  test("joins it with its encoder in another precision, named by path or by name, which is another model", async () => {
    const small = await smallEncoder();
    await writeBundleFile(at("small.safetensors"), small);
    await writeTinyModel(at("reads-small.safetensors"), small);
    const wide = drawnEncoder("efficientnet-lite0");
    await writeBundleFile(at("wide.safetensors"), await smallEncoder(wide));
    const pack = (model: string, encoder: string): Promise<Ended> =>
      bundle("pack", model, "--encoder", encoder, "--out", "twin.safetensors");
    expect(await pack("reads-small.safetensors", "wide.safetensors")).toMatchObject({ status: 0, stderr: "" });
    const [before, twin] = [
      await readBundleFile(at("reads-small.safetensors")),
      await readBundleFile(at("twin.safetensors")),
    ];
    expect(twin.encoder!.tensors.get("_conv_stem.weight")!.dtype).toBe("float32");
    expect(twin.decoder!.tensors).toEqual(before.decoder!.tensors);
    expect(twin.decoder!.manifest.encoder).toEqual({
      ...before.decoder!.manifest.encoder,
      identity: twin.encoder!.manifest.identity,
    });
    expect(twin.decoder!.manifest.identity).not.toBe(before.decoder!.manifest.identity);
    expect(twin.manifest.licences.filter(({ part }) => part === "encoder")).toHaveLength(1);
    expect((await bundle("verify", "twin.safetensors")).stdout).toMatch(/passes its self-test/);
    // Back again: the encoder's licence is told once, the decoder is the one it was.
    expect((await pack("twin.safetensors", "small.safetensors")).status).toBe(0);
    expect((await readBundleFile(at("twin.safetensors"))).decoder!.manifest).toEqual(before.decoder!.manifest);

    const learnt = new Map(wide);
    const bias = learnt.get("_conv_stem.bias")!;
    learnt.set(
      "_conv_stem.bias",
      tensor(
        "float32",
        bias.shape,
        bias.data.map((value) => value + 1e-6),
      ),
    );
    await writeBundleFile(at("learnt.safetensors"), await smallEncoder(learnt));
    for (const stranger of ["learnt.safetensors", "resnet50-int8"]) {
      const { status, stderr } = await pack("reads-small.safetensors", stranger);
      expect([status, stderr]).toEqual([1, expect.stringMatching(/^error ENCODER_MISMATCH: .*another precision\n$/)]);
    }
  });

  test("refuses an encoder where the one that the decoder was trained on is not to be found", async () => {
    const { float16 } = encoderSources.resnet50.identities;
    const { manifest, decoder } = await readBundleFile(at("tiny.safetensors"));
    const other = { ...decoder!.manifest, encoder: { ...decoder!.manifest.encoder, identity: float16 } };
    const { decoderIdentity } = await import("../../src/bundle/bundle.ts");
    const foreign = { ...other, identity: decoderIdentity(decoder!.tensors, other) };
    await writeBundleFile(at("foreign.safetensors"), { manifest, decoder: { ...decoder!, manifest: foreign } });
    const named = await bundle(
      "pack",
      "foreign.safetensors",
      "--encoder",
      defaultEncoder,
      "--out",
      "never.safetensors",
    );
    expect(named.status).toBe(1);
    expect(named.stderr).toMatch(/^error ENCODER_MISSING: .*showtell weights fetch resnet50 --float16\n$/);
    const sought = await bundle("pack", "foreign.safetensors", "--out", "never.safetensors");
    expect(sought.stderr).toMatch(/^error ENCODER_MISSING: .*showtell weights fetch resnet50 --float16\n$/);
    expect(() => readFileSync(at("never.safetensors"))).toThrow("ENOENT");
  });

  test.each([
    ["resnet50-float16", "fetch it (showtell weights fetch resnet50 --float16), or name another"],
    ["xception", "fetch it (showtell weights fetch xception), or name another"],
    ["mine.safetensors", "name the file of another, or one that `showtell weights list` has by its name"],
  ])("says what to do about the encoder %s, which is not there", async (encoder, remedy) => {
    const environment = { SHOWTELL_CACHE: at("empty-cache") };
    const args = ["bundle", "pack", "tiny.safetensors", "--encoder", encoder, "--out", "never.safetensors"];
    const { status, stderr } = await showtell(args, { cwd: folder, environment });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error ENCODER_MISSING: the encoder "[^"]*" is not there: /);
    expect(stderr.endsWith(`: ${remedy}\n`)).toBe(true);
  });

  test("makes the encoder in integers where it is not there, and again where a decoder reads it", async () => {
    const withCache = (cache: string, ...args: readonly string[]): ReturnType<typeof showtell> =>
      showtell(["bundle", "pack", ...args], { cwd: folder, environment: { SHOWTELL_CACHE: at(cache) } });
    const model = ["--encoder", "resnet50-integer", "--out", "fast.safetensors"];
    // What an older version left there is no hindrance.
    mkdirSync(join(at("one-cache"), "weights"), { recursive: true });
    cpSync(defaultEncoder, join(at("one-cache"), "weights", "resnet50-integer.safetensors"));
    expect((await withCache("one-cache", defaultModel, ...model)).status).toBe(0);
    const fast = await readBundleFile(at("fast.safetensors"));
    expect(fast.encoder!.manifest.spec.arithmetic).toBe("integer");
    expect((await bundle("pack", "fast.safetensors", "--no-encoder", "--out", "alone.safetensors")).status).toBe(0);
    expect((await withCache("another-cache", "alone.safetensors", "--out", "again.safetensors")).status).toBe(0);
    const again = await readBundleFile(at("again.safetensors"));
    expect(again.encoder!.manifest.identity).toBe(fast.encoder!.manifest.identity);
    expect(again.decoder!.manifest.identity).toBe(fast.decoder!.manifest.identity);
  });

  test("writes over the decoder's own bundle, but over no other that it reads", async () => {
    const small = await smallEncoder();
    await writeBundleFile(at("own-small.safetensors"), small);
    await writeTinyModel(at("own-model.safetensors"), small);
    await writeBundleFile(at("own-wide.safetensors"), await smallEncoder(drawnEncoder("efficientnet-lite0")));
    writeFileSync(at("own.jsonl"), `${JSON.stringify({ image: "a.jpg", captions: ["a dog"], split: "train" })}\n`);
    const pack = ["pack", "own-model.safetensors", "--encoder"];
    const cases = [
      [...pack, "own-small.safetensors", "--out", "own-small.safetensors"],
      [...pack, "own-wide.safetensors", "--out", "own-wide.safetensors"],
      ["pack", "own-model.safetensors", "--no-encoder", "--references", "own.jsonl", "--out", "./own.jsonl"],
    ] as const;
    for (const args of cases) {
      const own = at(args.at(-1)!);
      const before = readFileSync(own);
      const { status, stderr } = await bundle(...args);
      expect([status, stderr]).toEqual([
        2,
        expect.stringMatching(/^error ARGUMENT: the new bundle would be written over /),
      ]);
      expect(readFileSync(own).equals(before)).toBe(true);
    }
    expect(await bundle(...pack, "own-small.safetensors", "--out", "own-model.safetensors")).toMatchObject({
      status: 0,
      stderr: "",
    });
    expect((await readBundleFile(at("own-model.safetensors"))).encoder).toBeDefined();
  });

  test("refuses a bundle without a decoder, and a place that cannot be written", async () => {
    expect((await bundle("pack", defaultEncoder, "--out", "x.safetensors")).stderr).toMatch(/^error BUNDLE_KIND: /);
    expect((await bundle("pack", "tiny.safetensors", "--out", "no/x")).stderr).toMatch(/^error FILE_WRITE: /);
    expect((await bundle("pack", "tiny.safetensors")).status).toBe(2);
  });
});

describe("verifying", () => {
  test("prints identities and parts of whole bundles, with status 0", async () => {
    const { status, stdout, stderr } = await bundle("verify", "tiny.safetensors", defaultEncoder);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const { decoder } = await readBundleFile(at("tiny.safetensors"));
    expect(stdout).toContain(decoder!.manifest.identity);
    expect(stdout.match(/whole; passes its self-test/g)).toHaveLength(2);
  });

  test("names what is wrong with others, goes on, and ends with status 1", async () => {
    const cut = readFileSync(at("tiny.safetensors")).subarray(0, -1);
    writeFileSync(at("cut.safetensors"), cut);
    const tiny = await readBundleFile(at("tiny.safetensors"));
    const { selfTest } = tiny.decoder!.manifest;
    const manifest = {
      ...tiny.decoder!.manifest,
      selfTest: { ...selfTest, values: selfTest.values.map((v) => v + 1) },
    };
    await writeBundleFile(at("liar.safetensors"), { ...tiny, decoder: { ...tiny.decoder!, manifest } });
    const { status, stdout, stderr } = await bundle(
      "verify",
      "cut.safetensors",
      "liar.safetensors",
      "tiny.safetensors",
    );
    expect(status).toBe(1);
    expect(stderr.split("\n").map((line) => line.split(":")[0])).toEqual([
      "error SAFETENSORS_FORMAT",
      "error BUNDLE_SELF_TEST",
      "",
    ]);
    expect(stdout).toMatch(/^file +tiny\.safetensors\n/);
  });
});
