// How captions are steered: the options that the page offers, as data. Knows neither who captions nor how they look.
import type { PictureCaptionOptions } from "showtell/web";

/** The options that the page sends. */
export type Steering = Omit<PictureCaptionOptions, "signal" | "onPartial">;

/** How captions are found: the most probable are searched, or some are drawn at random. */
export type Way = "searched" | "drawn";

/** What is set in the panel. Values of the other way stay, so that turning back does not lose them. */
export interface Settings {
  readonly way: Way;
  readonly values: Steering;
}

/** What is set when the page opens. */
export const firstSettings: Settings = { way: "searched", values: { candidates: 3 } };

/** Settings without a field, or with another value for it. */
export function settingsWith<Name extends keyof Steering>(
  { way, values }: Settings,
  name: Name,
  value: Steering[Name] | undefined,
): Settings {
  const { [name]: _, ...others } = values;
  return { way, values: value === undefined ? others : { ...values, [name]: value } };
}

interface ControlBase {
  readonly label: string;
  readonly hint: string;
  /** The way that it belongs to; both if missing. */
  readonly way?: Way;
}

interface NumberControl extends ControlBase {
  /** A number as it is, or a share that is set in percent. */
  readonly kind: "number" | "percent";
  readonly min: number;
  readonly max: number;
  readonly step?: number;
}

interface TextControl extends ControlBase {
  /** A text as it is, or words and phrases with commas between. */
  readonly kind: "text" | "list";
  readonly example: string;
}

/** A control of the panel. */
export type Control = NumberControl | TextControl;

/** The controls, in the order in which they stand. */
export const controls: Readonly<Partial<Record<keyof Steering, Control>>> = {
  must: {
    kind: "list",
    way: "searched",
    label: "Must say",
    hint: "words or phrases, with commas between",
    example: "dog, grass",
  },
  avoid: {
    kind: "list",
    way: "searched",
    label: "Must not say",
    hint: "words or phrases, with commas between",
    example: "man",
  },
  prefix: { kind: "text", way: "searched", label: "Begins with", hint: "the rest is the model's", example: "two dogs" },
  minLength: { kind: "number", way: "searched", label: "Fewest words", hint: "any, if empty", min: 1, max: 50 },
  maxLength: {
    kind: "number",
    way: "searched",
    label: "Most words",
    hint: "the model's own bound, if empty",
    min: 1,
    max: 50,
  },
  candidates: { kind: "number", label: "Captions a photo", hint: "the best first", min: 1, max: 10 },
  groups: {
    kind: "number",
    way: "searched",
    label: "Groups kept apart",
    hint: "for captions that differ more",
    min: 1,
    max: 10,
  },
  beam: {
    kind: "number",
    way: "searched",
    label: "Width of the search",
    hint: "the model's own, if empty",
    min: 1,
    max: 50,
  },
  abstainBelow: {
    kind: "percent",
    way: "searched",
    label: "Say nothing below",
    hint: "percent: how sure it must be, else it keeps silent",
    min: 0,
    max: 100,
    step: 5,
  },
  temperature: {
    kind: "number",
    way: "drawn",
    label: "Temperature",
    hint: "0.5 is tame, 1 as the model has it, 1.5 wild",
    min: 0.1,
    max: 5,
    step: 0.1,
  },
  topK: {
    kind: "number",
    way: "drawn",
    label: "Likeliest words only",
    hint: "draws from so many; from all, if empty",
    min: 1,
    max: 1000,
  },
  seed: {
    kind: "number",
    way: "drawn",
    label: "Seed",
    hint: "the same seed draws the same captions",
    min: 0,
    max: 4_294_967_295,
  },
};

/** Whether a control matters for a way. */
export function isOf(way: Way, control: Control): boolean {
  return control.way === undefined || control.way === way;
}

/** What the settings ask of a captioner: the values that their way takes. */
export function steeringOf({ way, values }: Settings): Steering {
  const taken = Object.entries(values).filter(([name]) => isOf(way, controls[name as keyof Steering]!));
  return { ...(way === "drawn" && { temperature: 1 }), ...Object.fromEntries(taken) };
}
