// The order of a batch's tokens: in time, picture by picture, and which captions go on at a step.
import { describe, expect, it } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import { declareNoise } from "../../src/nn/noise.ts";
import { inSteps, joinSteps, pictureByPicture, stillGoing, tokenOrder } from "../../src/nn/token-order.ts";
import type { TokenOrder } from "../../src/nn/token-order.ts";
import { runGraph } from "../graph/run.ts";
import { floats, numbersOf } from "../tensors.ts";

const order = tokenOrder({ images: 2, lengths: [3, 2, 2] });

/** Step, image and place of a token as one number: the token of step 2 of the caption in place 1 of image 0 is 201. */
const named = (step: number, image: number, place: number): number => 100 * step + 10 * image + place;

/** The names of all tokens, in time. */
function namesOf({ images, lengths, size, at }: TokenOrder): number[] {
  const names = Array<number>(size).fill(-1);
  for (let image = 0; image < images; image++)
    for (const [place, length] of lengths.entries())
      for (let step = 0; step < length; step++) names[at(step, image, place)] = named(step, image, place);
  return names;
}

/** Tokens picture by picture, of each picture step by step. */
const byPicture = [0, 1].flatMap((image) =>
  [
    [0, 0],
    [0, 1],
    [0, 2],
    [1, 0],
    [1, 1],
    [1, 2],
    [2, 0],
  ].map(([step, place]) => named(step!, image, place!)),
);

describe("tokens in time", () => {
  it("follow each other by step, then by picture, and those of captions that have ended are left out", () => {
    expect(order).toMatchObject({ group: 3, rows: 6, active: [3, 3, 1], perPicture: 7, size: 14 });
    expect(namesOf(order)).toEqual([0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112, 200, 210]);
  });

  it("come apart by steps, and lie together by pictures", async () => {
    const graph = new Graph();
    const tokens = graph.input("tokens", [order.size, 1]);
    const steps = inSteps(order, tokens);
    expect(steps.map(({ shape }) => shape)).toEqual([
      [6, 1],
      [6, 1],
      [2, 1],
    ]);
    const outputs = {
      joined: joinSteps(order, steps),
      same: pictureByPicture(order, tokens),
      going: stillGoing(order, steps[1]!, 1),
    };
    const found = await runGraph(graph, outputs, { tokens: floats([order.size, 1], namesOf(order)) });
    expect(numbersOf(found["joined"])).toEqual(byPicture);
    expect(numbersOf(found["same"])).toEqual(byPicture);
    const ofOnePicture = byPicture.slice(0, 7);
    expect(order.places).toEqual(ofOnePicture.map((name) => name % 10));
    expect(order.steps).toEqual(ofOnePicture.map((name) => Math.floor(name / 100)));
    expect(numbersOf(found["going"])).toEqual([100, 110]);
    expect(stillGoing(order, steps[1]!, 3)).toBe(steps[1]);
  });
});

/** Names without the step, which are those of sentences. */
const sentences = (names: readonly number[]): number[] => names.map((name) => name % 100);

describe("a mask that belongs to a sentence", () => {
  it("meets all its tokens and no others, in time, at one step, and picture by picture", async () => {
    const graph = new Graph();
    const noise = declareNoise(order, "sentence");
    const tokens = graph.input("tokens", [order.size, 1]);
    const [, , last] = inSteps(order, tokens);
    const outputs = {
      inTime: noise.inTime.dropout("mask", tokens, 0.5),
      last: noise.inTime.dropout("mask", last!, 0.5),
      byPicture: noise.byPicture.dropout("mask", pictureByPicture(order, tokens), 0.5),
    };
    expect(noise.masks).toEqual([{ name: "mask.mask", shape: [6, 1], rate: 0.5 }]);
    // Each sentence's mask is its name.
    const mask = floats([6, 1], [0, 1, 2, 10, 11, 12]);
    const ones = floats([order.size, 1], Array<number>(order.size).fill(1));
    const found = await runGraph(graph, outputs, { tokens: ones, "mask.mask": mask });
    expect(numbersOf(found["inTime"])).toEqual(sentences(namesOf(order)));
    expect(numbersOf(found["last"])).toEqual([0, 10]);
    expect(numbersOf(found["byPicture"])).toEqual(sentences(byPicture));
  });
});
