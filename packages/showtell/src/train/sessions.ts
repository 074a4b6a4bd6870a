// Compiled training shapes: at most eight at a time, the least recently used one disposed. Each keeps memory at its peak.
import type { OpenSession, Session, SessionOptions } from "../engine/session.ts";

/** A compiled graph with what belongs to it. */
export interface Compiled<Extra> {
  readonly session: Session;
  readonly extra: Extra;
}

/** A graph to be compiled, what belongs to it, and how its session is opened. */
export interface Compilable<Extra> {
  readonly model: Uint8Array;
  readonly extra: Extra;
  readonly options?: SessionOptions;
}

/** Sessions by key. */
export interface SessionCache<Extra> {
  get(key: string, build: () => Compilable<Extra>): Promise<Compiled<Extra>>;
  dispose(): Promise<void>;
}

/** Most shapes compiled at a time. */
export const compiledShapes = 8;

/** Lengths of training batches; the other compiled shapes are for scoring, so that neither evicts the other. */
export const trainingLengths = 6;

/** A cache of compiled graphs. */
export function createSessionCache<Extra>(
  openSession: OpenSession,
  limit: number = compiledShapes,
): SessionCache<Extra> {
  // A Map keeps the order of insertion: what is used again moves to the end.
  const compiled = new Map<string, Compiled<Extra>>();
  return {
    async get(key, build) {
      const known = compiled.get(key);
      compiled.delete(key);
      const oldest = [...compiled][0];
      if (known === undefined && compiled.size >= limit && oldest !== undefined) {
        compiled.delete(oldest[0]);
        await oldest[1].session.dispose();
      }
      const entry = known ?? (await open(openSession, build()));
      compiled.set(key, entry);
      return entry;
    },
    async dispose() {
      for (const { session } of compiled.values()) await session.dispose();
      compiled.clear();
    },
  };
}

async function open<Extra>(
  openSession: OpenSession,
  { model, extra, options }: Compilable<Extra>,
): Promise<Compiled<Extra>> {
  return { session: await openSession(model, options), extra };
}
