// A matcher: what it learns of which sentences fit which pictures, alike with the same seed, and that sentences are matched as they were learnt.
import { ptbTokens } from "caption-metrics";
import { describe, expect, test } from "vitest";
import { decodeFloat16, encodeFloat16 } from "../../src/base/float16.ts";
import { tensor } from "../../src/base/tensor.ts";
import type { Matcher, NeighbourPicture } from "../../src/bundle/neighbour-table.ts";
import { openMatching } from "../../src/caption/matching.ts";
import { unitVectors } from "../../src/caption/nearest-pictures.ts";
import type { OpenSession } from "../../src/engine/session.ts";
import { matcherParameters, matcherTrainingGraph } from "../../src/models/matcher.ts";
import { adamFeeds, momentNames } from "../../src/nn/adam.ts";
import { openSession as openNodeSession } from "../../src/node/ort-session.ts";
import { trainMatcher } from "../../src/train/matcher.ts";
import type { MatcherTraining } from "../../src/train/matcher.ts";
import { drawn } from "../tensors.ts";

const openSession: OpenSession = (model, options) => openNodeSession(model, { ...options, threads: 1 });
const channels = 12;
const kinds = ["dog", "cat", "boat", "car"];
const colours = ["red", "blue", "green"];

/** Pictures of each kind in each colour, each twice: a vector is that of its kind, that of its colour, and some noise. */
function toyTable(): MatcherTraining["table"] {
  const [ofKind, ofColour] = [drawn([kinds.length, channels], "kinds"), drawn([colours.length, channels], "colours")];
  const noise = drawn([24, channels], "noise", 0.2);
  const pictures: NeighbourPicture[] = [];
  const data = new Float32Array(24 * channels);
  for (let row = 0; row < 24; row++) {
    const [kind, colour] = [row % 4, Math.floor(row / 4) % 3];
    for (let i = 0; i < channels; i++) {
      const own = ofKind.data[kind * channels + i]! + ofColour.data[colour * channels + i]!;
      data[row * channels + i] = own + noise.data[row * channels + i]!;
    }
    pictures.push({ image: `${row}`, captions: [`A ${colours[colour]} ${kinds[kind]}.`, `${kinds[kind]} once${row}`] });
  }
  return { pictures, vectors: tensor("float16", [24, channels], encodeFloat16(unitVectors(data, 24, channels).data)) };
}

const table = toyTable();

const learn = async (changes: Partial<MatcherTraining> = {}): Promise<Matcher> =>
  (await trainMatcher({ table, openSession, ...changes }))!;

/** New pictures of the kinds and colours of the first twelve rows. */
function newPictures() {
  const [ofKind, ofColour] = [drawn([kinds.length, channels], "kinds"), drawn([colours.length, channels], "colours")];
  const noise = drawn([12, channels], "other noise", 0.2);
  const data = noise.data.map((value, i) => {
    const [row, channel] = [Math.floor(i / channels), i % channels];
    return (
      value + ofKind.data[(row % 4) * channels + channel]! + ofColour.data[Math.floor(row / 4) * channels + channel]!
    );
  });
  return unitVectors(data, 12, channels);
}

describe("training a matcher", () => {
  test("teaches it which sentence fits a picture that it has never seen", async () => {
    const matcher = await learn();
    // A word that stands in one caption alone is not known.
    expect(matcher.words.toSorted()).toEqual([...kinds, ...colours, "a"].toSorted());
    const fits = await openMatching(matcher, openSession).fits(newPictures());
    const sentences = colours.flatMap((colour) => kinds.map((kind) => `a ${colour} ${kind}`.split(" ")));
    const best = fits.map((fit) => {
      const all = sentences.map(fit);
      return all.indexOf(Math.max(...all));
    });
    expect(best).toEqual(fits.map((_, row) => row));
    // What it does not know says nothing of a picture.
    expect(fits.map((fit) => fit(["zebra"]))).toEqual(fits.map(() => 0));
    expect(fits[0]!(["a", "red", "zebra", "dog"])).toBe(fits[0]!(["a", "red", "dog"]));
  });

  test("gives the same bits with the same seed, and others with another", async () => {
    const [once, again, other] = [await learn(), await learn(), await learn({ seed: 2 })];
    expect(again).toEqual(once);
    expect(other.words).toEqual(once.words);
    expect(other.weights).not.toEqual(once.weights);
  });

  test("tells how far it is, and can be cancelled", async () => {
    const signal = { aborted: false };
    const told: number[] = [];
    const onLearned = (done: number, total: number): void => {
      told.push(done / total);
      if (done === 3) signal.aborted = true;
    };
    await expect(learn({ signal, onLearned })).rejects.toMatchObject({ code: "CANCELLED" });
    expect(told).toEqual([1 / 200, 2 / 200, 3 / 200]);
  });

  test("learns nothing where hardly a word is said four times", async () => {
    const few = {
      vectors: table.vectors,
      pictures: table.pictures.map(({ image }) => ({ image, captions: [`${image} alone`] })),
    };
    expect((await learn({ table: few })).words).toEqual(["alone"]);
    const none = { ...few, pictures: few.pictures.map(({ image }) => ({ image, captions: [image] })) };
    expect(await trainMatcher({ table: none, openSession })).toBeUndefined();
  });
});

/** The logarithm of the share of one among all. */
function shareOf(own: number, all: readonly number[]): number {
  return own - Math.log(all.reduce((sum, one) => sum + Math.exp(one), 0));
}

test("the loss of a step is that of the fits as captions are matched by them, each way, in natural logarithms", async () => {
  const matcher = await learn();
  const pairs = 8;
  const spec = { channels, words: matcher.words.length };
  const said = table.pictures.slice(0, pairs).map(({ captions }) => ptbTokens(captions[0]!));
  const counts = Float32Array.from(
    said.flatMap((tokens) => matcher.words.map((word) => tokens.filter((token) => token === word).length)),
  );
  const pictures = unitVectors(drawn([pairs, channels], "features").data, pairs, channels);
  // The weights as they stand in the table, rounded to half precision.
  const state = Object.entries(matcherParameters(spec)).flatMap(([name, { shape }]) => [
    [name, tensor("float32", shape, decodeFloat16(matcher.weights[name]!.data))] as const,
    ...momentNames(name).map(
      (moment) => [moment, tensor("float32", shape, new Float32Array(shape.reduce((a, b) => a * b)))] as const,
    ),
  ]);
  const { model, masks } = matcherTrainingGraph(spec, pairs, {}, 0);
  expect(masks).toEqual([]);
  const session = await openSession(model);
  const { loss } = await session.run({
    ...Object.fromEntries(state),
    ...adamFeeds(1, 1e-3, {}),
    vectors: tensor("float32", [pairs, channels], pictures.data),
    counts: tensor("float32", [pairs, spec.words], counts),
  });
  await session.dispose();
  const fits = (await openMatching(matcher, openSession).fits(pictures)).map((fit) => said.map(fit));
  const wanted = fits.map((row, i) => {
    const column = fits.map((other) => other[i]!);
    return -(shareOf(row[i]!, row) + shareOf(row[i]!, column)) / 2;
  });
  expect((loss!.data as Float32Array)[0]).toBeCloseTo(wanted.reduce((sum, one) => sum + one, 0) / pairs, 4);
});
