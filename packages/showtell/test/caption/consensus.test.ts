// Consensus: what each caption's CIDEr-D is expected to be, and captions ranked by it through the real engine.
import { bleu, ciderD, documentFrequencies } from "caption-metrics";
import type { Tokens } from "caption-metrics";
import { describe, expect, test } from "vitest";
import { decodeFloat16, encodeFloat16 } from "../../src/base/float16.ts";
import { tensor } from "../../src/base/tensor.ts";
import type { BundlePart } from "../../src/bundle/bundle.ts";
import type { DecoderManifest } from "../../src/bundle/manifest.ts";
import type { NeighbourTable } from "../../src/bundle/neighbour-table.ts";
import type { CaptionOptions, PartialCaption } from "../../src/caption/caption-options.ts";
import type { Captioned } from "../../src/caption/captioner.ts";
import { openEnsembleCaptioner, openFeatureCaptioner } from "../../src/caption/captioner.ts";
import { expectedScores, neighbourBleu, neighbourScores } from "../../src/caption/consensus.ts";
import { openMatching } from "../../src/caption/matching.ts";
import { unitVectors } from "../../src/caption/nearest-pictures.ts";
import { neighbourWords } from "../../src/caption/neighbour-words.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { remembered } from "../../src/search/fused.ts";
import { frequenciesOf, frequencyTable } from "../../src/text/frequency-table.ts";
import { encodeTokens, endId } from "../../src/text/vocabulary.ts";
import { drawnMatcher } from "../bundle/drawn-matcher.ts";
import { mixedWeights, tinyBundle, tinySpec } from "../bundle/tiny-decoder.ts";
import { drawn } from "../tensors.ts";

const references = ["a dog runs", "a cat on grass", "a dog on grass", "grass", "dog runs on grass", "a cat runs"].map(
  (caption) => [caption.split(" ")],
);
const frequencies = documentFrequencies(references);
const captions = ["a dog runs on grass", "a dog on grass", "a dog runs", "cat cat cat"].map((caption, i) => ({
  tokens: caption.split(" "),
  logProbability: -4 - i,
}));

describe("expected scores", () => {
  test("are the mean CIDEr-D against the others, each alone the truth", () => {
    const scores = expectedScores(captions, frequencies);
    for (const [own, { tokens }] of captions.entries()) {
      const others = captions.filter((_, i) => i !== own);
      const hypotheses = others.map(() => tokens);
      const { score } = ciderD(
        hypotheses,
        others.map((other) => [other.tokens]),
        { frequencies },
      );
      expect(scores[own]).toBeCloseTo(score, 10);
    }
    expect(Math.min(...scores)).toBe(scores[3]);
    expect(scores[0]).toBeGreaterThan(0.5);
  });

  test("count a vote by its probability where that is asked", () => {
    const [first] = captions;
    // Whoever agrees with the only probable one wins.
    const probable = captions.map((caption, i) => ({ ...caption, logProbability: i === 1 ? -2 : -60 }));
    const scores = expectedScores(probable, frequencies, "probability");
    const pair = expectedScores([first!, captions[1]!], frequencies);
    expect(scores[0]).toBeCloseTo(pair[0]!, 8);
    const uniform = expectedScores(probable, frequencies);
    expect(scores).not.toEqual(uniform);
    // None of the others counts for what is probable by far: then all alike but for their own distance.
    expect(scores.every(Number.isFinite)).toBe(true);
  });

  test("of one caption are 0, of equal ones 10", () => {
    expect(expectedScores(captions.slice(0, 1), frequencies)).toEqual([0]);
    expect(expectedScores([captions[0]!, captions[0]!], frequencies)).toEqual(
      [10, 10].map((ten) => expect.closeTo(ten, 8) as number),
    );
    const hopeless = [
      { ...captions[0]!, logProbability: 0 },
      { ...captions[1]!, logProbability: -1e6 },
    ];
    expect(expectedScores(hopeless, frequencies, "probability")[0]).toBe(0);
  });
});

const scoreAgainst = (caption: readonly string[], own: readonly (readonly string[])[]): number =>
  ciderD([caption], [own], { frequencies }).score;

const bleuAgainst = (caption: Tokens, own: readonly Tokens[]): number => bleu([caption], [own])[3].score;

describe("scores from training pictures", () => {
  const tokens = captions.map((caption) => caption.tokens);
  const dogs = [["a", "dog", "runs"], "a dog on grass".split(" ")];
  const cats = ["a cat on grass".split(" "), "a cat runs".split(" ")];

  test("are the mean CIDEr-D against each one's captions, one e-th where it is less similar by 0.04", () => {
    const near = [
      { similarity: 0.66, captions: cats },
      { similarity: 0.7, captions: dogs },
    ];
    for (const [i, score] of neighbourScores(tokens, near, frequencies).entries()) {
      const [cat, dog] = [scoreAgainst(tokens[i]!, cats), scoreAgainst(tokens[i]!, dogs)];
      expect(score).toBeCloseTo((cat / Math.E + dog) / (1 / Math.E + 1), 10);
    }
  });

  test("of BLEU-4 have the same votes", () => {
    const five = "a dog runs on grass".split(" ");
    const near = [
      { similarity: 0.66, captions: [five.slice(1)] },
      { similarity: 0.7, captions: [five, ["a", "cat"]] },
    ];
    const scores = neighbourBleu([five, ["a", "cat"], five.slice(1)], near);
    for (const [i, caption] of [five, ["a", "cat"], five.slice(1)].entries()) {
      const [far, close] = near.map((one) => bleuAgainst(caption, one.captions));
      expect(scores[i]).toBeCloseTo((far! / Math.E + close!) / (1 / Math.E + 1), 9);
    }
    expect(scores[0]).toBeGreaterThan(0.7);
    expect(scores[1]).toBeLessThan(0.01); // two words have no four in a row
  });

  test("are decided by what looks most alike, however alike that is", () => {
    for (const [nearest, better] of [
      [dogs, 0],
      [cats, 1],
    ] as const) {
      const near = [
        { similarity: -0.2, captions: nearest },
        { similarity: -0.9, captions: nearest === dogs ? cats : dogs },
      ];
      const scores = neighbourScores([["a", "dog", "runs"], "a cat runs".split(" ")], near, frequencies);
      expect(scores[better]).toBeGreaterThan(3 * scores[1 - better]!);
    }
  });
});

/** Whether none is greater than the one before. */
const isSorted = (ranks: readonly number[]): boolean => ranks.every((rank, i) => i === 0 || ranks[i - 1]! >= rank);

/** Neighbours of a caption as they vote. */
function votersOf({ neighbours }: Captioned) {
  return neighbours!.map(({ similarity, captions: own }) => ({
    similarity,
    captions: own.map((caption) => caption.split(" ")),
  }));
}

describe("captions by consensus", () => {
  const images = 4;
  const batch = { images, data: encodeFloat16(drawn([images, tinySpec.features[0]!], "pictures", 2).data) };
  const table = frequencyTable(references);

  /** Two models that say other things. */
  function tinyMembers() {
    return Promise.all(
      [3, 5].map(async (seed) => {
        const { decoder, references: part } = await tinyBundle({ references: table, tensors: mixedWeights(seed) });
        return { source: `member ${seed}`, decoder: decoder!, references: part! };
      }),
    );
  }

  test("are the most agreeing of those that search finds, and say how much", async () => {
    const captioner = await openFeatureCaptionerOf(2);
    let moved = 0;
    for (const options of [
      { consensus: 8 },
      { consensus: 8, must: ["dog"] },
      { consensus: 8, beam: 3 }, // as wide as it must be
      { consensus: 12, temperature: 1.5 },
    ] as const) {
      const chosen = await captioner.caption(batch, { ...options, candidates: 3 });
      const { consensus: count, beam: _beam, ...search } = { beam: undefined, ...options };
      const found = await captioner.caption(batch, { ...search, candidates: count });
      for (const [image, { candidates, ...best }] of chosen.entries()) {
        const all = found[image]!.candidates;
        const scores = expectedScores(all, frequenciesOf(table));
        expect(best.consensus).toBeCloseTo(Math.max(...scores), 10);
        for (const { caption, consensus, logProbability } of candidates) {
          const place = all.findIndex((other) => other.caption === caption);
          expect(consensus).toBeCloseTo(scores[place]!, 10);
          expect(logProbability).toBe(all[place]!.logProbability);
        }
        expect(new Set(candidates.map(({ caption }) => caption)).size).toBe(candidates.length);
        if (best.caption !== all[0]!.caption) moved++;
      }
    }
    expect(moved).toBeGreaterThan(3);
    await captioner.dispose();
  });

  test("settle nothing before they are chosen", async () => {
    const captioner = await openFeatureCaptionerOf(2);
    const told: PartialCaption[] = [];
    const onPartial = (partial: PartialCaption): unknown => told.push(partial);
    await captioner.caption(batch, { consensus: 8, onPartial });
    expect(told.some(({ caption }) => caption !== "")).toBe(true);
    expect(new Set(told.map(({ settled }) => settled))).toEqual(new Set([""]));
    told.length = 0;
    await captioner.caption(batch, { beam: 1, onPartial });
    expect(told.some(({ settled }) => settled !== "")).toBe(true);
    await captioner.dispose();
  });

  test.each(["uniform", "probability"] as const)(
    "of an ensemble's members are those that each finds alone, as probable as the ensemble holds them; votes: %s",
    async (consensusWeights) => {
      const members = await tinyMembers();
      const ensemble = await openEnsembleCaptioner(members, openSession, { threads: 1 });
      const asked = { consensus: 6, candidates: 4, consensusWeights } as const;
      const chosen = await ensemble.caption(batch, { ...asked, consensusFrom: "members" });
      const together = await ensemble.caption(batch, asked);
      const lists = [];
      for (const member of members) {
        const alone = await openEnsembleCaptioner([member], openSession, { threads: 1 });
        lists.push(await alone.caption(batch, { candidates: 6 }));
        await alone.dispose();
      }
      const size = tinySpec.features[0]!;
      let [twice, moved] = [0, 0];
      for (const [image, { candidates }] of chosen.entries()) {
        const own = { images: 1, data: batch.data.slice(image * size, (image + 1) * size) };
        const all = [];
        for (const found of lists.flatMap((list) => list[image]!.candidates)) {
          const weights = (await ensemble.weigh(own, found.tokens))[0]!.slice(0, found.tokenLogProbabilities.length);
          all.push({ ...found, weights, logProbability: weights.reduce((sum, each) => sum + each, 0) });
        }
        const scores = expectedScores(all, frequenciesOf(table), consensusWeights);
        twice += all.length - new Set(all.map(({ caption }) => caption)).size;
        expect(candidates[0]!.consensus).toBeCloseTo(Math.max(...scores), 5);
        for (const { caption, consensus, logProbability, tokenLogProbabilities } of candidates) {
          // Found by both, it votes twice: for itself, too.
          const place = all.findIndex((other) => other.caption === caption);
          expect(consensus).toBeCloseTo(scores[place]!, 5);
          for (const [i, weight] of tokenLogProbabilities.entries())
            expect(all[place]!.weights[i]).toBeCloseTo(weight, 4);
          expect(logProbability).toBeCloseTo(all[place]!.logProbability, 4);
        }
        if (candidates[0]!.caption !== together[image]!.caption) moved++;
      }
      expect(twice).toBeGreaterThan(0);
      expect(moved).toBeGreaterThan(0);
      await ensemble.dispose();
    },
  );

  test("agree with what stands at similar training pictures where these vote, unless the model holds that for unlikely", async () => {
    const { decoder, references: part } = await tinyBundle({ references: table, tensors: mixedWeights(2) });
    const member = { source: "tiny", decoder: decoder!, references: part! };
    const alone = await openFeatureCaptionerOf(2);
    const found = await alone.caption(batch, { candidates: 12 });
    await expect(alone.caption(batch, { consensus: 12, consensusVoters: "neighbours" })).rejects.toMatchObject({
      code: "ARGUMENT",
      message: expect.stringContaining("neighbours build") as string,
    });
    await alone.dispose();
    // Each picture is in the table twice itself: with words that say nothing, and with what the model would say last of all.
    const wantedOf = found.map(({ candidates }) => candidates.at(-1)!.caption);
    const neighbours = tableFor(
      decoder!,
      wantedOf.map((wanted) => ["nothing of this", wanted.toUpperCase()]),
    );
    const captioner = await openEnsembleCaptioner([member], openSession, { threads: 1, neighbours });
    const chosen = await captioner.caption(batch, { consensus: 12, candidates: 12, consensusVoters: "neighbours" });
    let last = 0;
    for (const [image, { candidates }] of chosen.entries()) {
      const ranks = candidates.map(({ consensus, score }) => consensus! + 0.2 * score);
      expect(ranks).toEqual(ranks.toSorted((a, b) => b - a));
      expect(candidates.map(({ caption }) => caption).toSorted()).toEqual(
        [...new Set(found[image]!.candidates.map(({ caption }) => caption))].toSorted(),
      );
      const wanted = wantedOf[image]!;
      // Half of the votes agree in all n-grams that there are, of at most four words.
      const { consensus, tokens } = candidates.find(({ caption }) => caption === wanted)!;
      expect(consensus).toBeCloseTo((5 * Math.min(4, tokens.length)) / 4, 2);
      if (candidates[0]!.caption === wanted) last++;
    }
    expect(last).toBeGreaterThanOrEqual(3);
    for (const asked of [{ consensusWeights: "uniform" }, { consensusWeights: "probability" }] as const) {
      const both = { consensus: 12, consensusVoters: "neighbours", ...asked } as const;
      await expect(captioner.caption(batch, both)).rejects.toMatchObject({
        code: "ARGUMENT",
        message: expect.stringContaining("consensusWeights") as string,
      });
    }
    await captioner.dispose();
  });

  test("of members that voters rank count a little what all of them found, and BLEU-4", async () => {
    const members = await tinyMembers();
    const lists = [];
    for (const member of members) {
      const alone = await openEnsembleCaptioner([member], openSession, { threads: 1 });
      lists.push(await alone.caption(batch, { candidates: 6 }));
      await alone.dispose();
    }
    const short = [["a dog runs"], ["dog dog a"], ["grass on a cat"], ["a cat"]];
    // Four words in a row that were found, too.
    const long = lists[0]!.map(({ candidates }) =>
      candidates.slice(1, 4).map(({ caption }) => `grass ${caption} a dog`),
    );
    const moved = { agreement: 0, bleu: 0 };
    for (const said of [short, long]) {
      const neighbours = tableFor(members[0]!.decoder, said);
      const ensemble = await openEnsembleCaptioner(members, openSession, { threads: 1, neighbours });
      const asked = { consensus: 6, candidates: 6, consensusFrom: "members", consensusVoters: "neighbours" } as const;
      for (const [image, found] of (await ensemble.caption(batch, { ...asked, neighbours: 4 })).entries()) {
        const all = lists.flatMap((list) => list[image]!.candidates).toSorted((a, b) => b.score - a.score);
        const tokens = all.map((one) => one.tokens);
        const agreement = expectedScores(all, frequenciesOf(table));
        const near = votersOf(found);
        const bleus = neighbourBleu(tokens, near);
        const rankOf = (shares: { readonly agreement: number; readonly bleu: number }) => (caption: string) => {
          const place = all.findIndex((one) => one.caption === caption);
          const { consensus } = found.candidates.find((one) => one.caption === caption)!;
          const more = shares.agreement * agreement[place]! + shares.bleu * bleus[place]!;
          return consensus! + 0.2 * all[place]!.score + more;
        };
        const ranked = found.candidates.map(({ caption }) => caption);
        expect(isSorted(ranked.map(rankOf({ agreement: 0.1, bleu: 1 })))).toBe(true);
        if (!isSorted(ranked.map(rankOf({ agreement: 0, bleu: 1 })))) moved.agreement++;
        if (!isSorted(ranked.map(rankOf({ agreement: 0.1, bleu: 0 })))) moved.bleu++;
      }
      await ensemble.dispose();
    }
    expect(moved.agreement).toBeGreaterThan(0);
    expect(moved.bleu).toBeGreaterThan(0);
  });

  test("of neighbours with a matcher count how well they fit the picture, too, and BLEU-4", async () => {
    const moved = { fit: 0, bleu: 0 };
    for (const seed of [2, 3, 4, 5]) {
      const { decoder, references: part } = await tinyBundle({ references: table, tensors: mixedWeights(seed) });
      const lone = await openFeatureCaptionerOf(seed);
      // Of what is found some has four words in a row with what was said, some has rare words.
      const said = (await lone.caption(batch, { candidates: 12 })).map(({ candidates }) => [
        ...candidates.slice(3, 6).map(({ caption }) => `grass ${caption} a dog`),
        "cat grass runs",
      ]);
      await lone.dispose();
      const neighbours = tableFor(decoder!, said);
      const [channels] = neighbours.vectors.shape.slice(1) as [number];
      const matcher = drawnMatcher(channels, ["dog", "cat", "grass"]);
      const captioner = await openEnsembleCaptioner(
        [{ source: "tiny", decoder: decoder!, references: part! }],
        openSession,
        { threads: 1, neighbours: { ...neighbours, matcher } },
      );
      const vectors = unitVectors(decodeFloat16(batch.data), batch.images, channels);
      const fits = await openMatching(matcher, openSession).fits(vectors);
      const asked = { consensus: 12, candidates: 12, consensusVoters: "neighbours-and-matcher" } as const;
      for (const [image, found] of (await captioner.caption(batch, { ...asked, neighbours: 16 })).entries()) {
        const near = votersOf(found);
        const rankedBy = (shares: { readonly fit: number; readonly bleu: number }): number[] =>
          found.candidates.map(({ consensus, score, tokens }) => {
            const [bleuVotes] = neighbourBleu([tokens], near) as [number];
            return consensus! + 0.4 * score + shares.fit * fits[image]!(tokens) + shares.bleu * bleuVotes;
          });
        expect(isSorted(rankedBy({ fit: 0.3, bleu: 1 }))).toBe(true);
        if (!isSorted(rankedBy({ fit: 0, bleu: 1 }))) moved.fit++;
        if (!isSorted(rankedBy({ fit: 0.3, bleu: 0 }))) moved.bleu++;
      }
      await captioner.dispose();
    }
    expect(moved.fit).toBeGreaterThan(0);
    expect(moved.bleu).toBeGreaterThan(0);
  });

  // The last of each: what counts of one model's captions, or of members' whose words nobody foretold.
  test.each([
    { neighbourWords: 0, shares: { score: 0.6, fit: 0.1 }, others: { score: 0.4, fit: 0.3 } },
    { neighbourWords: 0.5, shares: { score: 0.8, fit: 0.2 }, others: { score: 0.6, fit: 0.1 } },
  ])(
    "of members that voters with a matcher rank count more by their score and less by how they fit; words foretold: $neighbourWords",
    async ({ neighbourWords: weight, shares, others }) => {
      const members = await tinyMembers();
      const said = [["a dog runs"], ["dog dog a"], ["grass on a cat"], ["a cat"]];
      const [first] = members;
      const plain = tableFor(first!.decoder, said);
      const [channels] = plain.vectors.shape.slice(1) as [number];
      const matcher = drawnMatcher(channels, ["dog", "cat", "grass"]);
      const fits = await openMatching(matcher, openSession).fits(
        unitVectors(decodeFloat16(batch.data), batch.images, channels),
      );
      const options = { threads: 1, neighbours: { ...plain, matcher } };
      const lists = [];
      for (const member of members) {
        const alone = await openEnsembleCaptioner([member], openSession, options);
        lists.push(await alone.caption(batch, { candidates: 6, neighbourWords: weight }));
        await alone.dispose();
      }
      const ensemble = await openEnsembleCaptioner(members, openSession, options);
      const { lengthExponent } = first!.decoder.manifest.decoding;
      let moved = 0;
      const chosen = await ensemble.caption(batch, {
        consensus: 6,
        candidates: 6,
        consensusFrom: "members",
        consensusVoters: "neighbours-and-matcher",
        neighbours: 4,
        neighbourWords: weight,
      });
      for (const [image, found] of chosen.entries()) {
        const all = lists.flatMap((list) => list[image]!.candidates).toSorted((a, b) => b.score - a.score);
        const near = votersOf(found);
        const memory = neighbourWords(near, ensemble.vocabulary);
        const rankedBy = ({ score, fit }: { readonly score: number; readonly fit: number }): number[] =>
          found.candidates.map(({ caption, consensus, tokens }) => {
            const ids = [...encodeTokens(ensemble.vocabulary, tokens), endId];
            const foretold = ids.reduce(
              (sum, id, i) =>
                sum + Math.log((memory.foretell(ids.slice(Math.max(0, i - remembered), i)).get(id) ?? 0) + 0.001),
              0,
            );
            const own = all.find((one) => one.caption === caption)!.score;
            const ranking = own + (weight * foretold) / ids.length ** lengthExponent;
            const [bleuVotes] = neighbourBleu([tokens], near) as [number];
            return consensus! + score * ranking + fit * fits[image]!(tokens) + bleuVotes;
          });
        expect(isSorted(rankedBy(shares))).toBe(true);
        if (!isSorted(rankedBy(others))) moved++;
      }
      expect(moved).toBeGreaterThan(0);
      await ensemble.dispose();
    },
  );

  test("count no fit by a table that has no matcher", async () => {
    const { decoder, references: part } = await tinyBundle({ references: table, tensors: mixedWeights(2) });
    const member = { source: "tiny", decoder: decoder!, references: part! };
    const neighbours = tableFor(decoder!, [["a dog"], ["a cat"], ["a dog"], ["a cat"]]);
    const captioner = await openEnsembleCaptioner([member], openSession, { threads: 1, neighbours });
    const asked = { consensus: 12, consensusVoters: "neighbours-and-matcher" } as const;
    await expect(captioner.caption(batch, asked)).rejects.toMatchObject({
      code: "ARGUMENT",
      message: expect.stringContaining("has no matcher") as string,
    });
    await captioner.dispose();
  });

  test("are foretold in part by what was said of similar training pictures, whoever votes, and then have no confidence", async () => {
    const members = await tinyMembers();
    const said = ["a dog runs on grass", "a cat sits", "dog runs", "grass on a cat"];
    const neighbours = tableFor(
      members[0]!.decoder,
      said.map((one) => [one, one, one]),
    );
    for (const some of [members.slice(0, 1), members]) {
      const captioner = await openEnsembleCaptioner(some, openSession, { threads: 1, neighbours });
      const plain = await captioner.caption(batch, { beam: 6 });
      expect(await captioner.caption(batch, { beam: 6, neighbourWords: 0 })).toEqual(plain);
      const foundBy = (options: CaptionOptions): Promise<readonly Captioned[]> =>
        captioner.caption(batch, { neighbourWords: 10, ...options });
      const { words } = captioner.vocabulary;
      const known = said.map((one) => one.split(" ").every((word) => words.includes(word)));
      const wanted = said.filter((_, image) => known[image]);
      expect(wanted.length).toBeGreaterThan(2);
      for (const options of [{ beam: 6 }, { topK: 1 }] as const) {
        const all = (await foundBy(options)).map(({ caption }) => caption);
        expect(all.filter((_, image) => known[image])).toEqual(wanted);
      }
      for (const options of [{ consensus: 6 }, { consensus: 6, consensusFrom: "members" }] as const) {
        const found = await foundBy({ ...options, candidates: 6 });
        const lists = found.map(({ candidates }) => candidates.map(({ caption }) => caption));
        for (const one of wanted) expect(lists[said.indexOf(one)]).toContain(one);
      }
      const [steered] = await foundBy({ must: ["cat"] });
      expect(steered!.tokens).toContain("cat");
      expect(steered).not.toHaveProperty("steeringCost");
      // What is told of a caption is what the model itself holds of it.
      const [first] = await foundBy({ beam: 6 });
      const weights = await captioner.weigh(batch, first!.tokens);
      expect(first!.tokenLogProbabilities).toEqual(weights[0]!.map((weight) => expect.closeTo(weight, 4) as number));
      expect(plain.map(({ caption }) => caption)).not.toEqual(said);
      for (const wrong of [11, -0.1, Number.NaN]) {
        await expect(captioner.caption(batch, { neighbourWords: wrong })).rejects.toMatchObject({
          code: "ARGUMENT",
          message: `neighbourWords is ${wrong}; it must be a number from 0 to 10`,
        });
      }
      await expect(captioner.caption(batch, { neighbourWords: 0.5, abstainBelow: 0.5 })).rejects.toMatchObject({
        code: "ARGUMENT",
        message: expect.stringContaining("foretold by neighbours") as string,
      });
      await captioner.dispose();
    }
    const without = await openFeatureCaptionerOf(3);
    await expect(without.caption(batch, { neighbourWords: 11 })).rejects.toMatchObject({
      message: "neighbourWords is 11; it must be a number from 0 to 10",
    });
    await expect(without.caption(batch, { neighbourWords: 0.5 })).rejects.toMatchObject({
      code: "ARGUMENT",
      message: expect.stringContaining("neighbours build") as string,
    });
    await without.dispose();
  });

  test("say what belongs to a consensus only with one", async () => {
    const captioner = await openFeatureCaptionerOf(2);
    for (const lone of [
      { consensusFrom: "members" },
      { consensusWeights: "uniform" },
      { consensusVoters: "captions" },
      { consensusVoters: "neighbours" },
    ] as const) {
      await expect(captioner.caption(batch, lone)).rejects.toMatchObject({
        code: "ARGUMENT",
        message: expect.stringMatching(`^${Object.keys(lone)[0]!} .* give consensus, too`) as string,
      });
    }
    await captioner.dispose();
  });

  test("need document frequencies, of any member of an ensemble, and enough captions", async () => {
    const bare = (await tinyBundle()).decoder!;
    const without = await openFeatureCaptioner(bare, openSession, { threads: 1 });
    await expect(without.caption(batch, { consensus: 4 })).rejects.toMatchObject({
      code: "REFERENCES_MISSING",
      message: expect.stringContaining("bundle pack MODEL --references") as string,
    });
    await without.dispose();
    const { decoder, references: part } = await tinyBundle({ references: table, tensors: mixedWeights(3) });
    const members = [
      { source: "a", decoder: bare },
      { source: "b", decoder: decoder!, references: part! },
    ];
    const ensemble = await openEnsembleCaptioner(members, openSession, { threads: 1 });
    expect((await ensemble.caption(batch, { consensus: 4 }))[0]).toHaveProperty("consensus");
    for (const options of [
      { consensus: 1 },
      { consensus: 3, candidates: 4 },
      { consensus: 2.5 },
    ] satisfies CaptionOptions[]) {
      await expect(ensemble.caption(batch, options)).rejects.toMatchObject({
        code: "ARGUMENT",
        message: /^consensus is/,
      });
    }
    await ensemble.dispose();
  });

  /** A table in which each picture of the batch stands with its own features, once for each of the captions given. */
  function tableFor(
    { manifest }: BundlePart<DecoderManifest>,
    captionsOf: readonly (readonly string[])[],
  ): NeighbourTable {
    const { identity, name, layer } = manifest.encoder;
    const size = tinySpec.features[0]!;
    const rows = captionsOf.flatMap((own, picture) => own.map((caption) => ({ picture, caption })));
    const vectors = rows.flatMap(({ picture }) => {
      const own = decodeFloat16(batch.data.subarray(picture * size, (picture + 1) * size));
      return Array.from(own, (value) => value / Math.hypot(...own));
    });
    return {
      version: 1,
      writer: "showtell test",
      encoder: { identity, name },
      layer,
      data: { name: "itself", split: "train" },
      pictures: rows.map(({ picture, caption }) => ({ image: `${picture}.jpg`, captions: [caption] })),
      vectors: tensor("float16", [rows.length, size], encodeFloat16(Float32Array.from(vectors))),
    };
  }

  async function openFeatureCaptionerOf(seed: number) {
    const { decoder, references: part } = await tinyBundle({ references: table, tensors: mixedWeights(seed) });
    return openEnsembleCaptioner([{ source: "tiny", decoder: decoder!, references: part! }], openSession, {
      threads: 1,
    });
  }
});
