// A small study for tests of what keeps it and what serves it: two pictures that two raters judge in turn.
import type { StudyDraft } from "../../src/study/record.ts";

const tasks = [0, 1].map((picture) => ({
  picture,
  shown: [{ caption: `c${picture}`, origin: { kind: "systems", systems: [0] } }] as const,
}));
/** Captions of one system, judged on the scale of experts. */
export const studyDraft: StudyDraft = {
  plan: {
    kind: "expert",
    systems: [{ name: "A", kind: "model", identity: "abc" }],
    data: { name: "data", split: "dev" },
    seed: 7,
    checks: 0,
    writer: "test",
  },
  pictures: [0, 1].map((i) => ({
    image: `${i}.jpg`,
    references: [`reference ${i}`],
    captions: [`c${i}`],
    file: { mediaType: "image/webp", bytes: Uint8Array.of(i, 255) },
  })),
  tasks: [tasks, tasks.toReversed()],
};
