// Bradley and Terry's model: strengths of systems from who beats whom (1952), fitted by minorisation (Hunter 2004). Knows no captions.

/** Rounds after which fitting stops in any case, and the change at which it stops before. */
const mostRounds = 10_000;
const smallestChange = 1e-10;

/**
 * The log-strengths of systems, with mean 0: one beats another with probability 1 / (1 + e^(its strength less the other's, negated)).
 * @param wins `wins[i][j]`: how often i beat j; a tie is half a win for each.
 * @param prior Imagined ties of each system against one whose log-strength is the mean of theirs. Without any (0), strengths of systems that
 *   always win or lose have no end.
 */
export function bradleyTerry(wins: readonly (readonly number[])[], prior: number): readonly number[] {
  let strengths = wins.map(() => 1);
  for (let round = 0; round < mostRounds; round++) {
    const next = centred(strengths.map((_, i) => improved(i, strengths, wins, prior)));
    const change = Math.max(...next.map((strength, i) => Math.abs(Math.log(strength / strengths[i]!))));
    strengths = next;
    if (change < smallestChange) break;
  }
  return strengths.map(Math.log);
}

/**
 * Hunter's update: wins over the sum of games divided by the sum of both strengths. The imagined system is no other player but the mean,
 * which moves with each of them: of its wins each system has an equal part, and of its games, where the geometric mean of strengths (1) is
 * bounded by the arithmetic mean of their changes.
 */
function improved(
  i: number,
  strengths: readonly number[],
  wins: readonly (readonly number[])[],
  prior: number,
): number {
  const own = strengths[i]!;
  const imagined = strengths.map((strength) => prior / (strength + 1));
  const meanGames = imagined.reduce((sum, games) => sum + games, 0) / imagined.length;
  let won = prior;
  let weight = imagined[i]! + meanGames / own;
  for (const [j, strength] of strengths.entries()) {
    if (j === i) continue;
    won += wins[i]![j]!;
    weight += (wins[i]![j]! + wins[j]![i]!) / (own + strength);
  }
  return weight === 0 ? 1 : Math.max(won / weight, Number.MIN_VALUE);
}

/** Divided by their geometric mean. */
function centred(strengths: readonly number[]): number[] {
  const meanLog = strengths.reduce((sum, strength) => sum + Math.log(strength), 0) / strengths.length;
  return strengths.map((strength) => strength / Math.exp(meanLog));
}
