// What maps of a photo say, in sentences. Knows neither how maps are made nor how they are drawn.

const heights = [
  "at the top",
  "near the top",
  "above the middle",
  "at middle height",
  "below the middle",
  "near the bottom",
  "at the bottom",
];
const breadths = [
  "far left",
  "left",
  "left of the centre",
  "in the centre",
  "right of the centre",
  "right",
  "far right",
];

/** Cells on a side of a square map. */
export function sideOf(map: readonly number[]): number {
  return Math.round(Math.sqrt(map.length));
}

/** Where the largest value of a map lies: "near the top, left". */
function placeOfMost(map: readonly number[]): string {
  const [side, place] = [sideOf(map), map.indexOf(Math.max(...map))];
  const band = (cell: number): number => Math.floor(((cell + 0.5) / side) * 7);
  return `${heights[band(Math.floor(place / side))]}, ${breadths[band(place % side)]}`;
}

const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

/** A factor for people: two digits that count, thousands apart. */
function timesWords(factor: number): string {
  return Number(factor.toPrecision(2)).toLocaleString("en");
}

/** Where the model looked for a word. */
export function lookedWords(word: string, map: readonly number[]): string {
  const [most, even] = [Math.max(...map), 1 / map.length];
  const seen = map.reduce((sum, share) => sum + share, 0);
  const rest = seen < 0.95 ? ` It went by the words before, too: the photo has ${percent(seen)} of its attention.` : "";
  if (most < 1.5 * even) return `For “${word}” it looked at the whole photo evenly.${rest}`;
  const times = timesWords(most / even);
  return `For “${word}” it looked most at the part ${placeOfMost(map)}: ${times} times as much as if it looked evenly.${rest}`;
}

/** Below this factor, hiding a part did nothing worth mentioning. */
export const leastFactor = 1.2;

/** What hiding parts did to a word. */
export function neededWords(word: string, drops: readonly number[]): string {
  const times = Math.exp(Math.max(...drops));
  if (times < leastFactor) return `No part of the photo matters much for “${word}”: the model says it from habit.`;
  return `Hiding the part ${placeOfMost(drops)}, makes “${word}” ${timesWords(times)} times less likely.`;
}

/** What a rank correlation is called, from the highest down. */
const degrees = [
  { from: 0.5, words: "largely agree" },
  { from: 0.2, words: "agree in part" },
  { from: -0.2, words: "have little to do with each other" },
  { from: -1, words: "contradict each other" },
] as const;

/** How well the two maps of a word agree. */
export function agreementWords(word: string, value: number | undefined): string {
  if (value === undefined) return `For “${word}” one of the maps is even: there is nothing to compare.`;
  return `For “${word}” the two ${degrees.find(({ from }) => value >= from)?.words ?? degrees.at(-1)!.words}`;
}

/** What follows from it for the whole caption. */
export function trustWords(mean: number | undefined): string {
  if (mean === undefined) return "";
  if (mean >= 0.5) return "What it looked at is what it needed: its attention explains this caption well.";
  if (mean >= 0.2) return "Its attention tells a part of the story: believe it where hiding bears it out.";
  return "Its attention does not explain this caption: go by what hiding shows.";
}
