// Confidence: by the calibration of a lone decoder, for captions that beam search ranked; and abstaining where it is too low.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeFloat16 } from "../../src/base/float16.ts";
import type { CaptionOptions } from "../../src/caption/caption-options.ts";
import type { FeatureCaptioner } from "../../src/caption/captioner.ts";
import { openEnsembleCaptioner } from "../../src/caption/captioner.ts";
import { confidenceOf } from "../../src/caption/confidence.ts";
import type { EnsembleMember } from "../../src/caption/ensemble.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { tinyBundle, tinyCalibration, tinySpec } from "../bundle/tiny-decoder.ts";
import { drawn } from "../tensors.ts";

const images = 6;
const batch = { images, data: encodeFloat16(drawn([images, tinySpec.features[0]!], "pictures", 2).data) };

let member: EnsembleMember;
let captioner: FeatureCaptioner;

beforeAll(async () => {
  const { decoder } = await tinyBundle();
  const identity = decoder!.manifest.identity;
  member = { source: "tiny", decoder: decoder!, manifest: { calibration: { ...tinyCalibration, decoder: identity } } };
  captioner = await openEnsembleCaptioner([member], openSession, { threads: 1 });
});

afterAll(() => captioner.dispose());

async function refused(members: readonly EnsembleMember[], options: CaptionOptions, code: string, message: RegExp) {
  const opened = await openEnsembleCaptioner(members, openSession, { threads: 1 });
  const caption = opened.caption(batch, options);
  await expect(caption).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
  await opened.dispose();
}

test("confidence is the logistic function of what the search tells", () => {
  const caption = { score: -1, tokenLogProbabilities: [-0.5, -2, -0.25, -0.25] };
  for (const [feature, value] of [
    ["score", -1],
    ["meanLogProbability", -0.75],
    ["lowestLogProbability", -2],
    ["length", 4],
  ] as const) {
    const terms = [{ feature, mean: 1, deviation: 2, weight: 3 }];
    const expected = 1 / (1 + Math.exp(-(0.1 + (3 * (value - 1)) / 2)));
    expect(confidenceOf({ intercept: 0.1, terms }, caption)).toBeCloseTo(expected, 12);
  }
});

describe("captions", () => {
  test("tell their confidence, and which of them fall below what is asked; they are the same captions", async () => {
    const found = await captioner.caption(batch);
    const confidences = found.map(({ confidence }) => confidence!);
    for (const [i, caption] of found.entries()) {
      expect(caption.confidence).toBe(confidenceOf(member.manifest!.calibration!, found[i]!));
      expect(caption).not.toHaveProperty("abstained");
    }
    const bound = [...confidences].sort((a, b) => a - b)[3]!;
    const judged = await captioner.caption(batch, { abstainBelow: bound });
    expect(judged.map(({ abstained }) => abstained === true)).toEqual(confidences.map((value) => value < bound));
    expect(judged.filter(({ abstained }) => abstained).length).toBeGreaterThan(0);
    expect(judged.map(({ caption }) => caption)).toEqual(found.map(({ caption }) => caption));
  });

  test("that are drawn or steered have none", async () => {
    for (const options of [{ temperature: 1 }, { must: ["dog"] }]) {
      for (const caption of await captioner.caption(batch, options)) expect(caption).not.toHaveProperty("confidence");
      await refused([member], { ...options, abstainBelow: 0.5 }, "ARGUMENT", /no calibrated confidence/);
    }
  });

  test("of an ensemble, of a bundle without calibration or with that of another decoder have none", async () => {
    const { manifest: _manifest, ...bare } = member;
    const foreign = { ...bare, manifest: { calibration: { ...tinyCalibration, decoder: "ab".repeat(32) } } };
    for (const members of [[bare], [foreign]]) {
      await refused(
        members,
        { abstainBelow: 0.5 },
        "CALIBRATION_MISSING",
        /"tiny" has no calibration.*showtell calibrate/,
      );
    }
    await refused([member, member], { abstainBelow: 0.5 }, "CALIBRATION_MISSING", /ensemble/);
    await refused([member], { abstainBelow: 1.5 }, "ARGUMENT", /^abstainBelow is 1.5/);
  });
});
