// The commands by name. Each module is loaded when its command is asked for, so that none waits for what others need. Does no work itself.
import type { Command } from "commander";
import type { Shell } from "./shell.ts";

/** Adds a command to the program, or to its group. */
type Add = (parent: Command, shell: Shell) => void;

/** Groups of commands and what they are about. */
const groups: Readonly<Record<string, string>> = {
  bundle: "model files: pack, verify",
  data: "data sets: check",
  features: "features of pictures: extract",
  feedback: "what people think of captions: list, export, remove",
  neighbours: "training pictures that captions are held against: build",
  study: "people judge captions: create, list, report",
  web: "the web page: build",
  metrics: "what the metrics need: add-paraphrases",
  weights: "published weights: list, fetch",
};

/** Names, with that of the group before it where there is one, in the order of the help. */
const commands: readonly (readonly [name: string, load: () => Promise<Add>])[] = [
  ["caption", async () => (await import("./caption.ts")).addCaption],
  ["train", async () => (await import("./train.ts")).addTrain],
  ["evaluate", async () => (await import("./evaluate.ts")).addEvaluate],
  ["compare", async () => (await import("./compare.ts")).addCompare],
  ["calibrate", async () => (await import("./calibrate.ts")).addCalibrate],
  ["inspect", async () => (await import("./inspect.ts")).addInspect],
  ["score", async () => (await import("./score.ts")).addScore],
  ["serve", async () => (await import("./serve.ts")).addServe],
  ["bundle pack", async () => (await import("./bundle-pack.ts")).addBundlePack],
  ["bundle verify", async () => (await import("./bundle-verify.ts")).addBundleVerify],
  ["data check", async () => (await import("./data-check.ts")).addDataCheck],
  ["features extract", async () => (await import("./features-extract.ts")).addFeaturesExtract],
  ["feedback list", async () => (await import("./feedback-list.ts")).addFeedbackList],
  ["feedback export", async () => (await import("./feedback-export.ts")).addFeedbackExport],
  ["feedback remove", async () => (await import("./feedback-remove.ts")).addFeedbackRemove],
  ["neighbours build", async () => (await import("./neighbours-build.ts")).addNeighboursBuild],
  ["study create", async () => (await import("./study-create.ts")).addStudyCreate],
  ["study list", async () => (await import("./study-list.ts")).addStudyList],
  ["study report", async () => (await import("./study-report.ts")).addStudyReport],
  ["web build", async () => (await import("./web-build.ts")).addWebBuild],
  ["metrics add-paraphrases", async () => (await import("./metrics-add-paraphrases.ts")).addMetricsAddParaphrases],
  ["weights list", async () => (await import("./weights-list.ts")).addWeightsList],
  ["weights fetch", async () => (await import("./weights-fetch.ts")).addWeightsFetch],
];

/**
 * Adds those commands to the program that its first argument may mean: a command, the commands of a group, or all if it names neither,
 * as for the help.
 */
export async function addCommands(program: Command, shell: Shell, first: string | undefined): Promise<void> {
  const meant = commands.filter(([name]) => name.split(" ")[0] === first);
  const parents = new Map<string, Command>();
  for (const [name, load] of meant.length > 0 ? meant : commands) {
    const [group] = name.split(" ");
    const add = await load();
    const summary = groups[group!];
    if (summary !== undefined && !parents.has(group!)) {
      parents.set(group!, program.command(group!).summary(summary).description(summary));
    }
    add(parents.get(group!) ?? program, shell);
  }
}
