// `showtell study create`: pictures and captions for people to judge, and a link for each of them. How it is made: node/study-draft.ts.
import { type Command, Option } from "commander";
import { draftStudy, humanSystem } from "../node/study-draft.ts";
import type { StudyKind } from "../study/questions.ts";
import { studyKinds } from "../study/questions.ts";
import type { StudyDraft } from "../study/record.ts";
import { dataOption, imagesOption, jsonOption, quietOption, threadsOption, wholeNumber } from "./options.ts";
import type { Shell } from "./shell.ts";
import { linksOf, storeOption, studyUrlOption } from "./study-links.ts";
import { counted } from "./wording.ts";

interface StudyCreateOptions {
  readonly data: string;
  readonly images?: string;
  readonly split: string;
  readonly model: readonly string[];
  readonly kind: StudyKind;
  readonly sample: number;
  readonly raters: number;
  readonly checks?: number;
  readonly seed: number;
  readonly allowLeak?: true;
  readonly store: string;
  readonly url: string;
  readonly threads?: number;
  readonly json?: true;
}

const notes = `
Kinds: "side-by-side" asks which of two captions is better, or neither; "rating" asks for adequacy and fluency, 1 to 5; "expert" for the one
scale, 1 to 4, by which Flickr8k's captions were judged (Hodosh and others 2013).

Each --model is a bundle, or several with commas between that caption together, or "${humanSystem}": a caption that a person wrote, taken from
the references. Raters are not told whose caption they see; all captions are spelt alike, in the words that
metrics see. Each rater judges all of them, in an order of their own. A tenth of the tasks are attention checks: a caption of another
picture, which has to be found.

The study, its small pictures included, is kept in the store; the data set is not needed any more. Raters' links work while
"showtell serve --store FOLDER" runs; who has a link is that rater.

Exit status: 0 if the study was made, 1 if not (the reason is on standard error), 2 for wrong usage, 130 after Ctrl-C.

Examples:
  showtell study create --data flickr8k --split test --model a.safetensors --model b.safetensors --sample 100
  showtell study create --data flickr8k --split dev --model best.safetensors --model human --sample 50 --kind rating --raters 3
  showtell study create --data photos.jsonl --split all --model best.safetensors --sample 20 --kind expert --store studies`;

/** Adds `study create` to the group. */
export function addStudyCreate(study: Command, shell: Shell): void {
  study
    .command("create")
    .summary("let people judge captions, blind")
    .description("Draw pictures, caption them, and make a blind study of the captions with a link for each rater.")
    .addOption(dataOption())
    .addOption(imagesOption())
    .requiredOption("--split <name>", "which pictures: dev, test, … or all")
    .requiredOption(
      "-m, --model <files>",
      `bundle whose captions are judged, or "${humanSystem}"; may be repeated`,
      collect,
    )
    .addOption(new Option("--kind <kind>", "what raters are asked").choices(studyKinds).default("side-by-side"))
    .requiredOption("--sample <n>", "pictures to draw", wholeNumber(1, 10_000))
    .option("--raters <n>", "people who judge, a link each", wholeNumber(1, 1000), 2)
    .option("--checks <n>", "attention checks of each rater (default: a tenth of the tasks)", wholeNumber(0, 1000))
    .option("--seed <n>", "seed of the sample, the order and the sides", wholeNumber(0, 2 ** 32 - 1), 1)
    .option("--allow-leak", "take pictures that a model was trained on, too")
    .addOption(storeOption())
    .addOption(studyUrlOption())
    .addOption(threadsOption())
    .addOption(jsonOption("print the study's number and links as one JSON object"))
    .addOption(quietOption())
    .addHelpText("after", notes)
    .action((options: StudyCreateOptions) => create(options, shell));
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

async function create(options: StudyCreateOptions, { terminal, signal }: Shell): Promise<void> {
  const { kind, data, images, split, model, sample, raters, checks, seed, allowLeak, threads } = options;
  const [{ openStore }, { addStudy, listStudies }] = await Promise.all([
    import("../store/store.ts"),
    import("../store/studies.ts"),
  ]);
  const store = await openStore(options.store);
  const bar = terminal.progress("captioning", sample * model.filter((one) => one !== humanSystem).length, {
    unit: "pictures",
  });
  try {
    const draft = await draftStudy(
      { kind, data, images, split, models: model, sample, raters, checks, seed, allowLeak, threads },
      {
        signal,
        onProgress: (done) => bar.update(done),
        onBroken: (path, { message }) => terminal.note(`left out ${path}: ${message}`),
      },
    );
    bar.stop();
    const id = addStudy(store, draft);
    const links = linksOf(
      listStudies(store).find((one) => one.id === id)!,
      options.url,
    );
    if (options.json) await terminal.print(JSON.stringify({ study: id, ...countsOf(draft), links }));
    else await terminal.print(...linesOf(id, draft, links, options.store));
  } finally {
    bar.stop();
    store.close();
  }
}

function countsOf({ plan, pictures, tasks }: StudyDraft): { pictures: number; tasks: number; checks: number } {
  return { pictures: pictures.length, tasks: tasks[0]!.length, checks: plan.checks };
}

function linesOf(id: number, draft: StudyDraft, links: readonly string[], folder: string): readonly string[] {
  const { pictures, tasks, checks } = countsOf(draft);
  const { systems, kind } = draft.plan;
  return [
    `study ${id}: ${kind} of ${systems.map(({ name }) => name).join(", ")} on ${counted(pictures, "picture")}`,
    `${counted(tasks, "task")} for each rater, ${counted(checks, "attention check")} among them`,
    ...links.map((link, rater) => `rater ${rater + 1}: ${link}`),
    `the links work while this runs: showtell serve --store ${folder}`,
  ];
}
