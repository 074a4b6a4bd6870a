// Attention over HTTP on the model that ships: maps of every candidate, over the grid that it looks at, and different for different photos.
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadCaptioner } from "showtell/node";
import type { Captioner } from "showtell/node";
import { createService, describeModel } from "showtell/server";
import type { PictureResult } from "showtell/server";
import { captionAnswer } from "../../src/server/schemas.ts";
import { formRequest, photoBytes, pictureRequest } from "./service-fixture.ts";

type Captioned = Extract<PictureResult, { caption: string }>;

const cat = photoBytes("chelsea-exif6.jpg");
const cup = photoBytes("coffee.webp");

let captioner: Captioner;
beforeAll(async () => {
  captioner = await loadCaptioner({ threads: 1 });
});
afterAll(() => captioner.dispose());

const resultsOf = async (request: Request): Promise<readonly Captioned[]> => {
  const service = createService({ captioner, model: await describeModel(), limits: { deadlineMs: 300_000 } });
  const response = await service.fetch(request);
  return captionAnswer.parse(await response.json()).results as readonly Captioned[];
};

test("each candidate has a map of 7 × 7 for each token and the end, and the best one's is the picture's", async () => {
  const files = [
    ["cat.jpg", cat],
    ["cup.webp", cup],
  ] as const;
  const [first, second] = await resultsOf(formRequest(files, { attention: "true", candidates: "3" }));
  for (const { candidates, attention } of [first!, second!]) {
    expect(candidates).toHaveLength(3);
    expect(attention).toEqual(candidates[0]!.attention);
    for (const one of candidates) {
      expect(one.attention).toHaveLength(one.tokenLogProbabilities.length);
      for (const map of one.attention!) {
        expect(map).toHaveLength(49);
        expect(Math.min(...map)).toBeGreaterThanOrEqual(0);
        expect(map.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 4);
      }
    }
  }
  // Before the first word nothing has been said: what differs is the photo. Later words look elsewhere than the first.
  expect(first!.attention![0]).not.toEqual(second!.attention![0]);
  expect(first!.attention![1]).not.toEqual(first!.attention![0]);
  // Looking changes nothing of what is said.
  const [plain] = await resultsOf(pictureRequest(cat, { query: "?candidates=3" }));
  expect(plain!.candidates.map(({ caption }) => caption)).toEqual(first!.candidates.map(({ caption }) => caption));
  expect(plain!.attention).toBeUndefined();
});
