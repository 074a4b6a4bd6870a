// Work of which only a few pieces may be under way at a time, because each holds much memory. Knows nothing of the work.

/** Runs a piece of work when its turn comes, and gives its result. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** A number of lanes: each runs its pieces one after the other. Pieces are dealt out to the lanes in turn. */
export function lanes(count: number): InTurn {
  const last: Promise<unknown>[] = Array.from({ length: count }, () => Promise.resolve());
  let pieces = 0;
  return (work) => {
    const lane = pieces++ % count;
    const done = last[lane]!.then(work);
    last[lane] = done.catch(() => undefined);
    return done;
  };
}
