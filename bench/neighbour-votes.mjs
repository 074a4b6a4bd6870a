// What similar training pictures' votes on captions give, by how many captions are found, how many pictures vote, how fast a vote fades with
// similarity, and how much the model's own score counts; how much a matcher counts that learns which words fit which pictures; for several models
// that find captions each alone by how much their agreement and BLEU-4 count, too: CIDEr and BLEU-4 of dev's first 500 pictures, which chose the
// defaults, and of the others.
// Usage: node bench/neighbour-votes.mjs DATA [--model BUNDLE[,BUNDLE…]] [--neighbour-words W] [--beam N] [--threads N]   (DATA: a folder with the splits train and dev)
//   --neighbour-words  what neighbours said counts in the search, too, and in the score that counts
//   --beam             captions that are found at most; default: 40 of one model, 20 of each of several
import { parseArgs } from "node:util";
import { setup } from "../scripts/setup.mjs";
import { splitFeatures } from "./split-features.mjs";
import { usage } from "./usage.mjs";

usage(import.meta.url);
setup();

const dist = "../packages/showtell/dist";
const { documentFrequencies, ptbTokens, scoreCaptions } = await import("../packages/caption-metrics/dist/index.js");
const { openDecoderStepper } = await import(`${dist}/caption/decoder-stepper.js`);
const { neighbourWords } = await import(`${dist}/caption/neighbour-words.js`);
const { expectedScores, neighbourBleu, neighbourScores, votedRank, votingPictures } = await import(
  `${dist}/caption/consensus.js`
);
const { openTrainingNeighbours } = await import(`${dist}/caption/training-neighbours.js`);
const { openedInTurn } = await import(`${dist}/engine/session.js`);
const { defaultModel } = await import(`${dist}/node/shipped-models.js`);
const { readCaptionerFiles } = await import(`${dist}/node/captioner-files.js`);
const { openDataset } = await import(`${dist}/node/dataset-folder.js`);
const { neighbourTable, withMatcher } = await import(`${dist}/node/neighbours.js`);
const { sessionsWith } = await import(`${dist}/node/ort-session.js`);
const { beamSearch } = await import(`${dist}/search/beam.js`);
const { fused } = await import(`${dist}/search/fused.js`);
const { captionText } = await import(`${dist}/text/caption-text.js`);
const { decodeIds, endId, neverSaid, parseVocabulary } = await import(`${dist}/text/vocabulary.js`);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: "string", default: defaultModel },
    "neighbour-words": { type: "string", default: "0" },
    beam: { type: "string" },
    threads: { type: "string" },
  },
});
const [data] = positionals;
if (data === undefined) usage(import.meta.url, true);

const mostPictures = 60;
const first = 500;
const picturesAtOnce = 50;
const openSession = sessionsWith(values.threads === undefined ? undefined : Number(values.threads));

const { members, inputs } = await readCaptionerFiles(values.model);
const mostCaptions = Number(values.beam ?? (members.length > 1 ? 20 : 40));
const weight = Number(values["neighbour-words"]);
const [{ encoder, features }] = inputs;
const dataset = await openDataset(data);
const dev = await splitFeatures(dataset, "dev", { encoder, layer: features.layer, openSession });
const { records } = dev;
const started = performance.now();
const plain = await neighbourTable(dataset, "train", inputs[0], { openSession }, new Set(dev.hashes));
const read = performance.now();
const table = await withMatcher(plain, { openSession });
console.error(
  `the table took ${((read - started) / 1000).toFixed(0)} s, the matcher ${((performance.now() - read) / 1000).toFixed(0)} s`,
);
const frequencies = documentFrequencies(table.pictures.map(({ captions }) => captions.map(ptbTokens)));
const known = openTrainingNeighbours(
  table,
  inputs.map((input) => input.features),
  openSession,
);
const steppers = await openedInTurn(members, ({ decoder }) => openDecoderStepper(decoder, openSession));
const { vocabulary: written, decoding } = members[0].decoder.manifest;
const vocabulary = parseVocabulary(written);
const task = { end: endId, never: neverSaid, words: vocabulary.words.length, maximumLength: decoding.maximumLength };

/** What a search for each picture's captions finds, with the scores that rank them in it. */
async function searched(stepper, batch) {
  const found = await beamSearch(stepper, task, batch, {
    beam: mostCaptions,
    candidates: mostCaptions,
    alpha: decoding.lengthExponent,
  });
  return found.map((own) =>
    own.map(({ words, score }) => {
      const tokens = decodeIds(vocabulary, words);
      return { tokens, caption: captionText(tokens), score };
    }),
  );
}

const pictures = [];
for (let start = 0; start < records.length; start += picturesAtOnce) {
  const batch = await dev.read(start, start + picturesAtOnce);
  const near = await known.nearest([batch], mostPictures);
  const fits = await known.fits([batch]);
  const voters = near.map((own) =>
    own.map(({ similarity, captions }) => ({ similarity, captions: captions.map(ptbTokens) })),
  );
  const memories = weight > 0 && voters.map((own) => neighbourWords(own.slice(0, votingPictures), vocabulary));
  const found = [];
  for (const stepper of steppers)
    found.push(await searched(memories ? fused(stepper, memories, weight) : stepper, batch));
  for (const [i, own] of voters.entries()) {
    pictures.push({ lists: found.map((lists) => lists[i]), voters: own, fitOf: fits[i] });
  }
}
for (const stepper of steppers) await stepper.dispose();
await dev.close();

const printed = (value) => (100 * value).toFixed(1);

/**
 * Prints CIDEr of the first 500, of the others and of all, and BLEU-4 of the same, of the captions that a ranking puts first; gives each one's CIDEr.
 * `rankOf` gives a picture's candidates and their ranks.
 */
function show(name, rankOf) {
  const chosen = pictures.map((picture, i) => {
    const { candidates, ranks } = rankOf(picture);
    return [records[i].image, candidates[ranks.indexOf(Math.max(...ranks))].caption];
  });
  const scored = (from, to) =>
    scoreCaptions(
      chosen.slice(from, to),
      records.slice(from, to).map(({ image, captions }) => [image, captions]),
    );
  const whole = scored();
  const [early, late, all] = [scored(0, first).scores, scored(first).scores, whole.scores];
  const columns = ["CIDEr", "BLEU-4"].flatMap((metric) => [early[metric], late[metric], all[metric]]);
  console.log(`${name.padEnd(56)} ${columns.map((column) => printed(column).padStart(8)).join("")}`);
  return whole.perImage["CIDEr"];
}

function voted({ captions, voters: count, scale, share }) {
  return show(
    `${captions} captions, ${count} pictures vote, scale ${scale}, score ${share}`,
    ({ lists: [list], voters }) => {
      const candidates = list.slice(0, captions);
      const tokens = candidates.map((candidate) => candidate.tokens);
      const votes = neighbourScores(tokens, voters.slice(0, count), frequencies, scale);
      const ranks = votes.map((vote, i) => votedRank({ votes: vote, score: candidates[i].score }, { score: share }));
      return { candidates, ranks };
    },
  );
}

/** What the members found, so many captions of each, all together, with what speaks for each caption. */
function gathered(captions) {
  return new Map(
    pictures.map((picture) => {
      const candidates = picture.lists.flatMap((list) => list.slice(0, captions)).toSorted((a, b) => b.score - a.score);
      const tokens = candidates.map((candidate) => candidate.tokens);
      const voters = picture.voters.slice(0, votingPictures);
      const votes = neighbourScores(tokens, voters, frequencies);
      const bleu = neighbourBleu(tokens, voters);
      const agreement = expectedScores(candidates, frequencies);
      const marks = candidates.map(({ score }, i) => ({
        votes: votes[i],
        score,
        agreement: agreement[i],
        bleu: bleu[i],
        fit: picture.fitOf(tokens[i]),
      }));
      return [picture, { candidates, marks }];
    }),
  );
}

/** Prints how captions are chosen among so many of each member, by how much each of what speaks for them counts. */
function showShares(captions, shares) {
  const all = gathered(captions);
  for (const counted of shares) {
    const name = Object.entries(counted).map(([mark, share]) => `${mark} ${share}`);
    show([`${captions} captions of each`, ...name].join(", "), (picture) => {
      const { candidates, marks } = all.get(picture);
      return { candidates, ranks: marks.map((own) => votedRank(own, counted)) };
    });
  }
}

/** Every choice of a value for each name. */
function everyChoice(options) {
  return Object.entries(options).reduce(
    (chosen, [name, some]) => chosen.flatMap((one) => some.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
}

const unmatched = { score: [0.2], fit: [0] };
const matched = { score: [0.2, 0.4, 0.6, 0.8, 1], fit: [0.1, 0.2, 0.3, 0.4] };
const atMost = (counts) => counts.filter((captions) => captions <= mostCaptions);

console.log(
  `${"CIDEr × 100, and BLEU-4 × 100".padEnd(56)} ${["first", "others", "all", "first", "others", "all"].map((c) => c.padStart(8)).join("")}`,
);
if (members.length > 1) {
  for (const captions of atMost([5, 10, 20])) {
    showShares(captions, everyChoice({ ...unmatched, agreement: [0, 0.05, 0.1, 0.15, 0.2], bleu: [0, 1, 2] }));
    showShares(captions, everyChoice({ ...matched, agreement: [0, 0.1], bleu: [1] }));
    showShares(captions, everyChoice({ score: [0.4], fit: [0.3], agreement: [0], bleu: [0, 2, 3] }));
  }
  process.exit();
}
const chosen = { captions: Math.min(20, mostCaptions), voters: votingPictures, scale: 0.04, share: 0.2 };
const likeliest = show("the likeliest caption", ({ lists: [candidates] }) => ({
  candidates,
  ranks: candidates.map(({ score }) => score),
}));
const best = voted(chosen);
for (const captions of atMost([3, 5, 10, 40])) voted({ ...chosen, captions });
for (const voters of [1, 5, 15, 60]) voted({ ...chosen, voters });
for (const scale of [0.02, 0.1, Number.POSITIVE_INFINITY]) voted({ ...chosen, scale });
for (const share of [0, 0.1, 0.4, 1]) voted({ ...chosen, share });
for (const captions of atMost([5, 20])) {
  showShares(captions, everyChoice({ ...matched, agreement: [0], bleu: [1] }));
  showShares(captions, everyChoice({ score: [0.4], fit: [0.3], agreement: [0], bleu: [0, 2, 3] }));
}

// Photos of one scene may be in both splits: how much of the gain do those give that look most like a training picture?
const gain = best.map((score, i) => score - likeliest[i]);
const places = [...pictures.keys()].sort((a, b) => pictures[a].voters[0].similarity - pictures[b].voters[0].similarity);
console.log("\nCIDEr × 100 gained by votes, by the similarity of the nearest training picture");
const ends = [0, 0.25, 0.5, 0.75, 0.95, 1].map((share) => Math.round(share * places.length));
for (const [i, start] of ends.slice(0, -1).entries()) {
  const some = places.slice(start, ends[i + 1]);
  const [least, most] = [some[0], some.at(-1)].map((place) => pictures[place].voters[0].similarity.toFixed(2));
  const mean = some.reduce((sum, place) => sum + gain[place], 0) / some.length;
  console.log(`${least} … ${most}, ${some.length} pictures`.padEnd(56), printed(mean).padStart(8));
}
