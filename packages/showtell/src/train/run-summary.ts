// What is told of a training run, in short and whole: plain data, for the service, its page and their like. Reads nothing.

/** Where a run stands; "interrupted" is one that did not end and has no process, "damaged" one whose files can't be read. */
export type RunState = "running" | "finished" | "early stop" | "cancelled" | "interrupted" | "damaged";

/** A run in short. */
export interface RunSummary {
  /** Its folder's name. */
  readonly name: string;
  readonly state: RunState;
  /** The decoder's kind, the data set's name, and what is learned from. */
  readonly decoder?: string;
  readonly data?: string;
  readonly objective?: string;
  readonly epochs?: { readonly done: number; readonly planned: number };
  /** The best epoch so far. */
  readonly best?: { readonly epoch: number; readonly loss: number; readonly CIDEr?: number };
  /** Training steps that are left, if all epochs are needed, as long as they took lately. */
  readonly secondsLeft?: number;
  /** When something was last written, in ms since 1970. */
  readonly changedMs: number;
}

/** Under teacher forcing, or of drawn captions the mean reward. */
interface RunQuality {
  readonly loss: number;
  readonly accuracy: number;
  readonly reward?: number;
}

/** An epoch of a run's history. */
export interface RunEpoch {
  /** From 1. */
  readonly epoch: number;
  readonly train: RunQuality;
  readonly dev: RunQuality;
  /** Of dev captions, as fractions, where epochs are chosen by them. */
  readonly scores?: { readonly CIDEr: number; readonly "BLEU-4": number };
  /** Whether no earlier one was better. */
  readonly best: boolean;
  readonly learningRate: number;
  readonly captionsPerSecond: number;
  /** Spent on training steps. */
  readonly seconds: number;
  readonly residentBytes: number;
}

/** What a model in training says of a dev picture. */
export interface RunSample {
  readonly epoch: number;
  readonly image: string;
  readonly caption: string;
  readonly reference: string;
}

/** A run with its history. */
export interface RunRecord extends RunSummary {
  readonly history: readonly RunEpoch[];
  /** Of the newest epoch. */
  readonly samples: readonly RunSample[];
}
