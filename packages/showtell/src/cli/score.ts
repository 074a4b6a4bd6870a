// `showtell score`: captions against references, one file or two that are compared. What is computed is node/score-files.ts.
import { type Command, InvalidArgumentError } from "commander";
import type { ScoreReport, SystemScores } from "../node/score-files.ts";
import { jsonOption, quietOption, wholeNumber } from "./options.ts";
import type { Shell } from "./shell.ts";
import type { Progress } from "./terminal.ts";
import { counted, fieldLines, oneLine, tableLines } from "./wording.ts";

interface ScoreCommandOptions {
  readonly hypotheses: readonly string[];
  readonly references: string;
  readonly subset?: true;
  readonly perImage?: string;
  readonly seed: number;
  readonly json?: true;
}

const notes = `
Captions: {id: caption} or COCO results ([{"image_id": …, "caption": …}]) as JSON, or JSON lines with "caption" and "id",
"image_id" or "image", as \`showtell caption --json\` prints them. References: {id: [captions]} or COCO annotations as JSON, or JSON
lines with "captions" and the id. JSON lines, in files named .jsonl, may be of any size.

Scores are those of the reference toolkit, to nine digits, computed without Java. The table shows them times 100, as papers do; JSON
has fractions. A signature says what a score may be compared with: print it too. METEOR has that name only with the paraphrase
table, which \`showtell metrics add-paraphrases\` fetches; without it, the score reads about one point lower.

Two files of captions, of the same images: the difference is the second less the first, with its 95 % interval and p-value from a
paired bootstrap of 1,000 samples.

Examples:
  showtell score --hypotheses captions.json --references references.json
  showtell score --hypotheses results.json --references captions_val2014.json --subset --json
  showtell score --hypotheses old.json --hypotheses new.json --references references.jsonl --per-image scores.jsonl`;

/** Adds `score` to the program. */
export function addScore(program: Command, shell: Shell): void {
  program
    .command("score")
    .summary("score captions against references")
    .description("Score captions against references: BLEU, METEOR, ROUGE-L and CIDEr, and how varied the captions are.")
    .requiredOption(
      "--hypotheses <file>",
      "the captions, one an image; a second time: another system's, compared",
      upToTwo,
    )
    .requiredOption("--references <file>", "the captions that they are scored against, several an image")
    .option("--subset", "leave out images that have references but no caption (CIDEr's document frequencies too)")
    .option("--per-image <file>", "also write the scores of each image, as JSON lines")
    .option("--seed <n>", "seed of the bootstrap", wholeNumber(0, 2 ** 32 - 1), 1)
    .addOption(jsonOption("print the scores as one JSON object, as fractions"))
    .addOption(quietOption())
    .addHelpText("after", notes)
    .action((options: ScoreCommandOptions) => score(options, shell));
}

function upToTwo(file: string, earlier: readonly string[] = []): readonly string[] {
  if (earlier.length === 2) throw new InvalidArgumentError("Two files can be compared, not more.");
  return [...earlier, file];
}

async function score(options: ScoreCommandOptions, { terminal, signal }: Shell): Promise<void> {
  const { hypotheses, references, subset, perImage, seed } = options;
  // Here, since they load the metrics and WordNet, which no other command needs.
  const [{ scoreFiles }, { meteorResources }] = await Promise.all([
    import("../node/score-files.ts"),
    import("../node/meteor-resources.ts"),
  ]);
  const bars = new Map<string, Progress>();
  const stopBars = (): void => bars.forEach((bar) => bar.stop());
  try {
    const report = await scoreFiles(
      {
        hypotheses,
        references,
        subset,
        perImage,
        seed,
        signal,
        onProgress({ task, done, total }) {
          if (!bars.has(task)) {
            stopBars();
            bars.set(task, terminal.progress(task, total, { unit: task === "scoring" ? "captions" : "samples" }));
          }
          bars.get(task)?.update(done);
        },
      },
      await meteorResources(),
    );
    stopBars();
    if (options.json) await terminal.print(JSON.stringify(jsonOf(report), undefined, 2));
    else await terminal.print(...linesOf(report));
  } finally {
    stopBars();
  }
}

/** One system's scores stand at the top, where whoever has one looks for them. */
function jsonOf({ images, systems, signatures, comparison, bootstrap }: ScoreReport): object {
  const [only] = systems;
  if (comparison === undefined) return { scores: only!.scores, signatures, images, diversity: only!.diversity };
  return { systems, signatures, images, comparison, bootstrap };
}

function linesOf(report: ScoreReport): readonly string[] {
  const { images, systems, signatures } = report;
  return [
    ...tableLines(report.comparison === undefined ? scoreRows(systems[0]!) : comparedRows(report)),
    "",
    ...tableLines(diversityRows(systems)),
    "",
    `${counted(images, "image")}; scores × 100. What they may be compared with:`,
    ...fieldLines(Object.entries(signatures)).map((line) => `  ${line}`),
  ];
}

function scoreRows({ scores }: SystemScores): string[][] {
  return [["metric", "score"], ...Object.entries(scores).map(([name, value]) => [name, hundredfold(value)])];
}

function comparedRows({ systems, comparison = {} }: ScoreReport): string[][] {
  const [first, second] = systems.map(({ scores }) => scores);
  const head = ["metric", ...systems.map(({ hypotheses }) => oneLine(hypotheses)), "difference", "95 % interval", "p"];
  const rows = Object.entries(comparison).map(
    ([
      name,
      {
        difference,
        interval: [low, high],
        pValue,
      },
    ]) => [
      name,
      hundredfold(first?.[name] ?? Number.NaN),
      hundredfold(second?.[name] ?? Number.NaN),
      signed(difference),
      `${signed(low)} … ${signed(high)}`,
      pValue.toFixed(3),
    ],
  );
  return [head, ...rows];
}

function diversityRows(systems: readonly SystemScores[]): string[][] {
  const row = (name: string, show: (diversity: SystemScores["diversity"]) => string): string[] => [
    name,
    ...systems.map(({ diversity }) => show(diversity)),
  ];
  return [
    ["captions", ...systems.map(({ hypotheses }) => oneLine(hypotheses))],
    row("distinct-1", ({ distinct1 }) => hundredfold(distinct1)),
    row("distinct-2", ({ distinct2 }) => hundredfold(distinct2)),
    row("words used", ({ vocabulary }) => vocabulary.toLocaleString("en")),
    row("words a caption", ({ meanLength }) => meanLength.toFixed(2)),
  ];
}

function hundredfold(value: number): string {
  return (100 * value).toFixed(2);
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${hundredfold(Math.abs(value))}`;
}
