// What a plan's rows are told, read by the very options of `showtell train` and `showtell evaluate`: names, values, defaults. Runs nothing.
import { Command, CommanderError } from "commander";
import type { Option } from "commander";
import { ShowtellError } from "../base/errors.ts";
import { agreementOptionsOf } from "../caption/caption-options.ts";
import type { AgreementOptions } from "../caption/caption-options.ts";
import { planError } from "../compare/plan.ts";
import type { Plan } from "../compare/plan.ts";
import type { PlannedRun } from "../compare/planned-runs.ts";
import { plannedRuns } from "../compare/planned-runs.ts";
import type { ComparedRun, ComparisonRequest, RunTemplate } from "../node/comparison-request.ts";
import { beamOption } from "./evaluate.ts";
import { encoderOption } from "./options.ts";
import { addAgreementOptions } from "./search-options.ts";
import { addTrainingOptions } from "./train.ts";
import type { TrainCommandOptions } from "./training-options.ts";
import { requestOf } from "./training-options.ts";

/** Where runs read, the same for all. */
export type RunPlaces = Pick<ComparisonRequest, "data" | "images" | "threads">;

interface Reader {
  /** A command with the options that a row may have. */
  command(): Command;
  template(run: PlannedRun, given: (command: Command) => object, plan: Plan, places: RunPlaces): RunTemplate;
}

const readers: { readonly [Kind in PlannedRun["row"]["kind"]]: Reader } = {
  train: {
    command() {
      const command = new Command("train").addOption(encoderOption());
      addTrainingOptions(command);
      return command;
    },
    template({ seed }, given, _plan, { data, images, threads }) {
      const options = given(this.command()) as TrainCommandOptions;
      const request = requestOf({
        ...options,
        data,
        out: "",
        seed: seed!,
        ...(images !== undefined && { images }),
        ...(threads !== undefined && { threads }),
      });
      return { kind: "train", request };
    },
  },
  evaluate: {
    command: () =>
      addAgreementOptions(new Command("evaluate").requiredOption("-m, --model <files>").addOption(beamOption())),
    template(_run, given, { split }, places) {
      const options = given(this.command()) as { readonly model: string; readonly beam?: number } & AgreementOptions;
      const { model, beam } = options;
      return { kind: "evaluate", request: { ...places, split, model, beam, ...agreementOptionsOf(options) } };
    },
  },
};

/**
 * The runs of a plan with what each is told.
 * @param source What messages call the plan.
 * @throws ShowtellError `PLAN_FORMAT` naming the row and the option.
 */
export function comparedRuns(plan: Plan, source: string, places: RunPlaces): readonly ComparedRun[] {
  const runs = plannedRuns(plan, source).map((run) => {
    const { kind } = run.row;
    const given = (command: Command): object => parsedOptions(command, run, source);
    try {
      return { ...run, template: readers[kind].template(run, given, plan, places) };
    } catch (error) {
      if (error instanceof ShowtellError && error.code === "ARGUMENT")
        throw planError(source, run.field, error.message);
      throw error;
    }
  });
  return runs.map((run) => ({ ...run, template: withRest(run, runs) }));
}

/** Models that others trained were chosen by what these were. */
function withRest({ template, needs }: ComparedRun, runs: readonly ComparedRun[]): RunTemplate {
  if (template.kind === "train") return template;
  const chosen = needs.flatMap((need) => {
    const { template: own } = runs[need]!;
    return own.kind === "train" ? [own.request.training.selectFirst ?? 0] : [];
  });
  const restAfter = chosen.reduce((most, first) => Math.max(most, first), 0);
  return restAfter === 0 ? template : { ...template, request: { ...template.request, restAfter } };
}

/** Has a command read a row's options as if they stood on the command line. */
function parsedOptions(command: Command, { options, field }: PlannedRun, source: string): object {
  for (const name of Object.keys(options)) {
    const option = optionNamed(command, name);
    if (name === "seed") throw planError(source, `${field}.seed`, "is not a row's: the plan's seeds hold");
    if (option !== undefined) continue;
    const known = command.options.flatMap(({ long }) =>
      long === undefined || long === "--seed" ? [] : [long.slice(2)],
    );
    throw planError(source, `${field}.${name}`, `is no option of ${command.name()}: there are ${known.join(", ")}`);
  }
  for (const [name, value] of Object.entries(options)) {
    const wrong = flaw(command, name, value);
    if (wrong !== undefined) throw planError(source, `${field}.${name}`, `is ${JSON.stringify(value)}: ${wrong}`);
  }
  const words = Object.entries(options).flatMap(([name, value]) => wordsOf(optionNamed(command, name)!, value));
  command.exitOverride().configureOutput({ outputError: () => undefined, writeErr: () => undefined });
  try {
    return command.parse(words, { from: "user" }).opts();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const named = /option '[^']*--([\w-]+)/.exec(error.message)?.[1];
    const at = named === undefined || options[named] === undefined ? field : `${field}.${named}`;
    throw planError(source, at, `is wrong: ${error.message.replace(/^error: /, "")}`);
  }
}

function optionNamed(command: Command, name: string): Option | undefined {
  return command.options.find(({ long }) => long === `--${name}`);
}

/** What a value can't be, whatever it is for. */
function flaw(command: Command, name: string, value: PlannedRun["options"][string]): string | undefined {
  const option = optionNamed(command, name)!;
  const takesValue = option.required || option.optional;
  if (takesValue && typeof value === "boolean") return "it wants a value";
  if (!takesValue && value !== true) return "it is true or is not there";
  return undefined;
}

/** An option as it would stand on the command line. */
function wordsOf({ long, variadic }: Option, value: PlannedRun["options"][string]): readonly string[] {
  if (value === true) return [long!];
  const values = [value].flat().map(String);
  // With "=" a value that begins with a dash is still a value.
  return variadic ? [long!, ...values] : [`${long}=${values.join(",")}`];
}
