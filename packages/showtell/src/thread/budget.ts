// Work of which only so much may be under way at a time, by what each piece costs. Knows nothing of the work.

/** Runs a piece of work once there is room for what it costs, and gives its result. */
export type WithinBudget = <T>(cost: number, work: () => Promise<T>) => Promise<T>;

/** A budget: pieces begin in the order in which they come. One that costs more than all of it runs alone. */
export function budget(most: number): WithinBudget {
  let spent = 0;
  const line: { readonly cost: number; begin(this: void): void }[] = [];
  const admit = (): void => {
    while (line.length > 0 && spent + line[0]!.cost <= most) {
      const { cost, begin } = line.shift()!;
      spent += cost;
      begin();
    }
  };
  return async (asked, work) => {
    const cost = Math.min(asked, most);
    await new Promise<void>((begin) => {
      line.push({ cost, begin });
      admit();
    });
    try {
      return await work();
    } finally {
      spent -= cost;
      admit();
    }
  };
}
