// `showtell study list`: the studies of a store, how far their raters are, and their links.
import type { Command } from "commander";
import type { StudySummary } from "../store/studies.ts";
import { jsonOption } from "./options.ts";
import type { Shell } from "./shell.ts";
import { linksOf, storeOption, studyUrlOption } from "./study-links.ts";
import { counted } from "./wording.ts";

interface StudyListOptions {
  readonly store: string;
  readonly url: string;
  readonly json?: true;
}

const notes = `
Examples:
  showtell study list
  showtell study list --store studies --url https://captions.example.org/ --json`;

/** Adds `study list` to the group. */
export function addStudyList(study: Command, shell: Shell): void {
  study
    .command("list")
    .summary("studies, how far raters are, their links")
    .description("List the studies of a store: what they compare, how far each rater is, and the raters' links.")
    .addOption(storeOption())
    .addOption(studyUrlOption())
    .addOption(jsonOption("print a JSON object a line"))
    .addHelpText("after", notes)
    .action((options: StudyListOptions) => list(options, shell));
}

async function list(options: StudyListOptions, { terminal }: Shell): Promise<void> {
  const [{ openExistingStore }, { listStudies }] = await Promise.all([
    import("../store/store.ts"),
    import("../store/studies.ts"),
  ]);
  const store = await openExistingStore(options.store);
  try {
    const studies = listStudies(store);
    if (studies.length === 0) terminal.note(`no study in "${options.store}": showtell study create makes one`);
    for (const study of studies) {
      if (options.json) await terminal.print(JSON.stringify(jsonOf(study, options.url)));
      else await terminal.print(...linesOf(study, options.url));
    }
  } finally {
    store.close();
  }
}

function jsonOf(study: StudySummary, url: string): object {
  const { id, created, plan, pictures, raters } = study;
  const links = linksOf(study, url);
  return {
    study: id,
    created,
    kind: plan.kind,
    systems: plan.systems.map(({ name }) => name),
    data: plan.data,
    pictures,
    raters: raters.map(({ tasks, answered }, i) => ({ tasks, answered, link: links[i]! })),
  };
}

function linesOf(study: StudySummary, url: string): readonly string[] {
  const { id, created, plan, pictures, raters } = study;
  const names = plan.systems.map(({ name }) => name).join(", ");
  const links = linksOf(study, url);
  return [
    `study ${id}, ${created.slice(0, 10)}: ${plan.kind} of ${names} on ${counted(pictures, "picture")} (${plan.data.name}, ${plan.data.split})`,
    ...raters.map(({ tasks, answered }, i) => `  rater ${i + 1}: ${answered} of ${tasks} done  ${links[i]!}`),
  ];
}
