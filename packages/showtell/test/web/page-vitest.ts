// What the suites that run inside of a page use of vitest: its own `expect`, and tests that are listed and run by name.
import { JestAsymmetricMatchers, JestChaiExpect, JestExtend, chai } from "@vitest/expect";

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

type Body = (...values: never[]) => void | Promise<void>;

const tests = new Map<string, () => Promise<void>>();
const afterwards: (() => void | Promise<void>)[] = [];

export const expect = chai.expect;

export function afterEach(body: () => void | Promise<void>): void {
  afterwards.push(body);
}

export function describe(_name: string, register: () => void): void {
  register();
}

export function it(name: string, body: () => void | Promise<void>): void {
  tests.set(name, async () => {
    try {
      await body();
    } finally {
      for (const after of afterwards) await after();
    }
  });
}

/** A test for each row; the name's `%s` is the row's first value. */
it.each = (rows: readonly unknown[]) => (name: string, body: Body) => {
  for (const row of rows) {
    const values = (Array.isArray(row) ? row : [row]) as never[];
    it(name.replace("%s", String(values[0])), () => body(...values));
  }
};

/** Names of all tests. */
export function testNames(): readonly string[] {
  return [...tests.keys()];
}

/** Runs a test; gives what went wrong, or undefined. */
export async function runTest(name: string): Promise<string | undefined> {
  try {
    await tests.get(name)!();
    return undefined;
  } catch (error) {
    return error instanceof Error ? `${error.message}\n${error.stack ?? ""}` : String(error);
  }
}
