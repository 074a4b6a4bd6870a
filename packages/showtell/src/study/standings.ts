// Which system people find better: strengths from comparisons, means from ratings. Knows no rater and no metric.
import { bradleyTerry } from "./bradley-terry.ts";
import type { JudgedGroup, JudgedGroups } from "./judged-groups.ts";
import type { Judgments } from "./judgments.ts";
import { preference } from "./judgments.ts";
import { bootstrapEstimates, named } from "./resampling.ts";
import type { Estimate, ResamplingOptions } from "./resampling.ts";

/** A system's standing. */
export interface SystemStanding {
  readonly name: string;
  /** Log-strength by Bradley and Terry, with mean 0 over the systems; where captions were compared. */
  readonly strength?: Estimate;
  /** Comparisons won, tied and lost. */
  readonly games?: { readonly won: number; readonly tied: number; readonly lost: number };
  /** Mean of each scale; where captions were rated. */
  readonly means?: Readonly<Record<string, Estimate>>;
}

/** One imagined tie, half a game won and half lost, so that a system that always wins has an end. */
const prior = 1;

/** The standing of each system, in their order. */
export function standings(
  { kind, systems, scales }: Judgments,
  judged: JudgedGroups,
  options: ResamplingOptions,
): Promise<readonly SystemStanding[]> {
  return kind === "side-by-side" ? strengths(systems, judged, options) : means(systems, scales, judged, options);
}

async function strengths(
  systems: readonly string[],
  { groups, pictures }: JudgedGroups,
  options: ResamplingOptions,
): Promise<readonly SystemStanding[]> {
  const wins = winsByPicture(groups, systems, pictures);
  const estimates = await bootstrapEstimates(
    pictures,
    (times) => {
      const sum = (i: number, j: number): number => wins.reduce((all, own, p) => all + times[p]! * own[i]![j]!, 0);
      return bradleyTerry(
        systems.map((_, i) => systems.map((__, j) => sum(i, j))),
        prior,
      );
    },
    options,
  );
  return systems.map((name, i) => ({ name, strength: estimates[i]!, games: gamesOf(name, groups) }));
}

function gamesOf(name: string, groups: readonly JudgedGroup[]): NonNullable<SystemStanding["games"]> {
  const games = { won: 0, tied: 0, lost: 0 };
  for (const { item, values } of groups) {
    const side = item.captions.findIndex((caption) => caption.systems.includes(name));
    if (side < 0) continue;
    for (const value of values[preference] ?? []) {
      const own = side === 0 ? value : -value;
      games[own > 0 ? "won" : own < 0 ? "lost" : "tied"]++;
    }
  }
  return games;
}

/** Of each picture `wins[i][j]`; a tie is half a win for each. Captions of several systems count for each of them. */
function winsByPicture(groups: readonly JudgedGroup[], systems: readonly string[], pictures: number): number[][][] {
  const all = Array.from({ length: pictures }, () => systems.map(() => systems.map(() => 0)));
  for (const { item, picture, values } of groups) {
    const wins = all[picture]!;
    const [first, second] = item.captions.map((caption) => caption.systems.map((name) => systems.indexOf(name)));
    for (const value of values[preference] ?? []) {
      for (const [i, j] of first!.flatMap((one) => second!.map((other) => [one, other] as const))) {
        wins[i]![j]! += (1 + value) / 2;
        wins[j]![i]! += (1 - value) / 2;
      }
    }
  }
  return all;
}

async function means(
  systems: readonly string[],
  scales: readonly string[],
  { groups, pictures }: JudgedGroups,
  options: ResamplingOptions,
): Promise<readonly SystemStanding[]> {
  const found: SystemStanding[] = [];
  for (const name of systems) {
    const own = groups.filter(({ item }) => item.captions[0]!.systems.includes(name));
    const estimates = await bootstrapEstimates(
      pictures,
      (times) =>
        scales.map((scale) => {
          let [sum, count] = [0, 0];
          for (const { picture, values } of own) {
            for (const value of values[scale] ?? []) sum += times[picture]! * value;
            count += times[picture]! * (values[scale]?.length ?? 0);
          }
          return count === 0 ? undefined : sum / count;
        }),
      options,
    );
    found.push({ name, means: named(scales, estimates) });
  }
  return found;
}
