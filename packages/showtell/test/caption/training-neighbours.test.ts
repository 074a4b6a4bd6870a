// What captions have in common with training data: the nearest pictures by either kind of features, and sentences that stand there.
import { describe, expect, test } from "vitest";
import { encodeFloat16 } from "../../src/base/float16.ts";
import { tensor } from "../../src/base/tensor.ts";
import type { NeighbourTable } from "../../src/bundle/neighbour-table.ts";
import { openEnsembleCaptioner } from "../../src/caption/captioner.ts";
import { openTrainingNeighbours } from "../../src/caption/training-neighbours.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { tinyBundle, tinySpec } from "../bundle/tiny-decoder.ts";
import { drawn } from "../tensors.ts";

const encoder = { identity: "e".repeat(64), name: "resnet50" };
const table: NeighbourTable = {
  version: 1,
  writer: "showtell test",
  encoder,
  layer: "pooled",
  data: { name: "three", split: "train" },
  pictures: [
    { image: "right.jpg", captions: ["A dog runs .", "A dog's ball"] },
    { image: "up.jpg", captions: ["a dog runs"] },
    { image: "between.jpg", captions: ["a cat"] },
  ],
  vectors: tensor("float16", [3, 2], encodeFloat16(Float32Array.of(1, 0, 0, 1, Math.SQRT1_2, Math.SQRT1_2))),
};

describe("training neighbours", () => {
  test("are the pictures with the greatest cosine, nearest first, whatever the length of the features", async () => {
    const own = openTrainingNeighbours(table, [{ ...encoder, layer: "pooled" }], openSession);
    const data = encodeFloat16(Float32Array.of(20, 1, /**/ -1, 3));
    const [first, second] = await own.nearest([{ images: 2, data }], 2);
    expect(first!.map(({ image }) => image)).toEqual(["right.jpg", "between.jpg"]);
    expect(first![0]!.similarity).toBeCloseTo(20 / Math.hypot(20, 1), 3);
    expect(first![0]!.captions).toEqual(table.pictures[0]!.captions);
    expect(second!.map(({ image }) => image)).toEqual(["up.jpg", "between.jpg"]);
  });

  test("of a grid are those of its mean, and of several inputs the one that fits is taken", async () => {
    const other = { identity: "f".repeat(64), name: "another", layer: "grid" };
    const own = openTrainingNeighbours(table, [other, { ...encoder, layer: "grid" }], openSession);
    // Two positions, of which one alone would be nearest to "right".
    const grid = encodeFloat16(Float32Array.of(3, 0, 0, 9));
    const blank = { images: 1, data: new Uint16Array(8) };
    const [nearest] = (await own.nearest([blank, { images: 1, data: grid }], 1)).flat();
    expect(nearest!.image).toBe("up.jpg");
  });

  test("count the captions that are the same token by token", () => {
    const own = openTrainingNeighbours(table, [{ ...encoder, layer: "pooled" }], openSession);
    expect(
      ["a dog runs", "A dog runs.", "a dog 's ball", "a dog", "a dog runs far"].map((one) => own.copiesOf(one)),
    ).toEqual([2, 2, 1, 0, 0]);
  });

  test("are refused of features that the model does not read", () => {
    for (const input of [
      { ...encoder, layer: "conv4" },
      { ...encoder, identity: "f".repeat(64), layer: "pooled" },
    ]) {
      expect(() => openTrainingNeighbours(table, [input], openSession)).toThrow(
        expect.objectContaining({ code: "ENCODER_MISMATCH" }),
      );
    }
  });
});

test("a captioner tells of neighbours when it is asked, refuses without a table, and never tells unasked", async () => {
  const decoder = (await tinyBundle()).decoder!;
  const [size] = tinySpec.features as [number];
  const { identity, name, layer } = decoder.manifest.encoder;
  const member = { source: "tiny", decoder };
  const features = encodeFloat16(drawn([2, size], "pictures").data);
  const own: NeighbourTable = {
    ...table,
    encoder: { identity, name },
    layer,
    pictures: table.pictures.slice(0, 2),
    vectors: tensor("float16", [2, size], features),
  };
  const plain = await openEnsembleCaptioner([member], openSession);
  const [said] = await plain.caption({ images: 2, data: features });
  await expect(plain.caption({ images: 2, data: features }, { neighbours: 1 })).rejects.toMatchObject({
    code: "ARGUMENT",
    message: expect.stringContaining("neighbours build") as string,
  });
  await plain.dispose();

  const pictures = [{ image: "first.jpg", captions: [said!.caption, said!.caption.toUpperCase()] }, own.pictures[1]!];
  const captioner = await openEnsembleCaptioner([member], openSession, { neighbours: { ...own, pictures } });
  const [first, second] = await captioner.caption(
    { images: 2, data: features },
    { neighbours: 1, beam: 2, candidates: 2 },
  );
  expect(first).toMatchObject({ copies: 2, neighbours: [{ image: "first.jpg" }] });
  expect(first!.neighbours![0]!.similarity).toBeCloseTo(1, 2);
  expect(first!.candidates.map(({ copies }) => copies)).toEqual([2, 0]);
  expect(second!.neighbours!.map(({ image }) => image)).toEqual([pictures[1]!.image]);
  const [unasked] = await captioner.caption({ images: 2, data: features });
  expect(unasked).not.toHaveProperty("neighbours");
  expect(unasked).not.toHaveProperty("copies");
  for (const neighbours of [0, 21, 1.5]) {
    await expect(captioner.caption({ images: 2, data: features }, { neighbours })).rejects.toMatchObject({
      code: "ARGUMENT",
    });
  }
  await captioner.dispose();
});
