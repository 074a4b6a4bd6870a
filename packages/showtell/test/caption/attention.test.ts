// Attention maps: a map a token and one for the end, each a distribution over the grid, and nothing from models that do not attend.
import { describe, expect, test } from "vitest";
import { encodeFloat16 } from "../../src/base/float16.ts";
import { attentionMaps } from "../../src/caption/attention.ts";
import type { AttentionMaps } from "../../src/caption/attention.ts";
import { openLearningStepper } from "../../src/caption/decoder-stepper.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { beamSearch } from "../../src/search/beam.ts";
import { ensembleOf } from "../../src/search/ensemble.ts";
import { endId } from "../../src/text/vocabulary.ts";
import { drawnFeatures, drawnParameters, tinyDecoders } from "../models/tiny-decoders.ts";
import { expectClose } from "../tensors.ts";

describe.each(tinyDecoders)("%s", (_, spec) => {
  test("tells of each caption what it tells when the caption is said alone, in an ensemble with itself too", async () => {
    const weights = drawnParameters(spec);
    const stepper = await openLearningStepper(spec, () => weights, openSession);
    const features = drawnFeatures(spec, 3);
    const data = encodeFloat16(features.data);
    const task = { end: endId, never: [], words: spec.words, maximumLength: 6 };
    const found = await beamSearch(stepper, task, { images: 3, data }, { beam: 3, candidates: 3 });
    // Pictures need not have as many captions each.
    const captions = found.map((own, image) => own.slice(0, 3 - image));
    const maps = await attentionMaps(stepper, { images: 3, data }, captions);
    if (spec.features.length === 1) {
      expect(maps).toBeUndefined();
    } else {
      const size = data.length / 3;
      expect(maps!.map((own) => own.length)).toEqual(captions.map((own) => own.length));
      for (const [image, place, caption] of captions.flatMap((own, i) => own.map((each, j) => [i, j, each] as const))) {
        const one = { images: 1, data: data.slice(image * size, (image + 1) * size) };
        const [[alone]] = (await attentionMaps(stepper, one, [[caption]])) as [[AttentionMaps]];
        expect(maps![image]![place]).toHaveLength(caption.wordLogProbabilities.length);
        for (const [token, map] of maps![image]![place]!.entries()) {
          expectClose(map, alone[token]!, 1e-5);
          const looked = map.reduce((sum, weight) => sum + weight, 0);
          // A sentinel takes what is not looked at.
          expect(looked).toBeGreaterThan(spec.kind === "adaptive-attention" ? 0 : 1 - 1e-5);
          expect(looked).toBeLessThan(1 + 1e-5);
          expect(map).toHaveLength(spec.features[0]!);
        }
      }
      // Different pictures are looked at differently.
      expect(maps![0]![0]![0]).not.toEqual(maps![1]![0]![0]);
      const both = ensembleOf([stepper, stepper]);
      const twice = await attentionMaps(
        both,
        [
          { images: 3, data },
          { images: 3, data },
        ],
        captions,
      );
      expectClose(twice!.flat(3), maps!.flat(3), 1e-6);
    }
    await stepper.dispose();
  });
});
