// What a model argument names: one bundle or an ensemble of several, each encoder once.
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadCaptioner } from "showtell/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openEnsembleCaptioner } from "../../src/caption/captioner.ts";
import { openPictureEncoder } from "../../src/caption/picture-encoder.ts";
import { defaultEncoder } from "../../src/node/shipped-models.ts";
import { readCaptionerFiles } from "../../src/node/captioner-files.ts";
import { readImage } from "../../src/node/image-reader.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { photo } from "../cli/run.ts";
import { writeTinyModel } from "../cli/tiny-model.ts";

let folder: string;
let paths: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "showtell-captioner-files-"));
  paths = ["a", "b", "c"].map((name) => join(folder, `${name}.safetensors`));
  for (const [i, path] of paths.entries()) await writeTinyModel(path, undefined, i + 2);
});

afterAll(() => rm(folder, { recursive: true }));

describe("a model argument", () => {
  test("names one bundle, or several with commas between or as a list", async () => {
    const [a, b, c] = paths;
    const one = await readCaptionerFiles(a!);
    expect(one.members.map(({ source }) => source)).toEqual([a]);
    expect(one.identity).toBe(one.members[0]!.decoder.manifest.identity);
    const list = await readCaptionerFiles([a!, b!, c!]);
    for (const text of [`${a},${b},${c}`, ` ${a} , ${b},, ${c},`]) {
      const { identity, members } = await readCaptionerFiles(text);
      expect(members.map(({ source }) => source)).toEqual([a, b, c]);
      expect(identity).toBe(list.identity);
    }
    expect(list.identity).not.toBe(one.identity);
  });

  test("that is a file's own name is that file, commas or not", async () => {
    const odd = join(folder, "a,b.safetensors");
    await copyFile(paths[0]!, odd);
    for (const model of [odd, [odd]]) {
      expect((await readCaptionerFiles(model)).members.map(({ source }) => source)).toEqual([odd]);
    }
  });

  test("leads to the encoder that its members share", async () => {
    const { inputs, members } = await readCaptionerFiles(paths);
    expect(inputs).toHaveLength(1);
    expect(inputs[0]).toMatchObject({ source: defaultEncoder, features: members[0]!.decoder.manifest.encoder });
    expect(inputs[0]!.encoder.manifest.identity).toBe(members[0]!.decoder.manifest.encoder.identity);
  });

  test("is refused where a member is missing, has no decoder, or there is none at all", async () => {
    const missing = join(folder, "gone.safetensors");
    await expect(readCaptionerFiles(`${paths[0]},${missing}`)).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      message: expect.stringContaining("gone.safetensors") as string,
    });
    await expect(readCaptionerFiles([paths[0]!, defaultEncoder])).rejects.toMatchObject({ code: "BUNDLE_KIND" });
    for (const none of [",", []]) await expect(readCaptionerFiles(none)).rejects.toMatchObject({ code: "ARGUMENT" });
  });
});

test("an ensemble in its thread says what its members say together on this one", async () => {
  const files = await readCaptionerFiles(paths);
  const [input] = files.inputs;
  const encoder = await openPictureEncoder(input!.encoder, "pooled", openSession, { threads: 1 });
  const decoders = await openEnsembleCaptioner(files.members, openSession, { threads: 1 });
  const captioner = await loadCaptioner({ model: paths.join(","), threads: 1 });
  const alone = await loadCaptioner({ model: paths[0]!, threads: 1 });
  const picture = photo("coffee.webp");
  const data = await encoder.encode([await readImage(picture)]);
  const [expected] = await decoders.caption({ images: 1, data }, { beam: 4, candidates: 4 });
  const { timings: _, model, ...captioned } = await captioner.caption(picture, { beam: 4, candidates: 4 });
  expect(captioned).toEqual(expected);
  expect(model).toBe(files.identity);
  expect((await alone.caption(picture)).logProbability).not.toBe(captioned.logProbability);
  for (const opened of [captioner, alone, decoders, encoder]) await opened.dispose();
});
