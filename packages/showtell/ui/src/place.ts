// Where the page is: what `page.json` beside it says of the service and of the model for captions on the device.
import { createContext } from "preact";
import type { Context } from "preact";
import type { ModelFile } from "showtell/web";

/** A file with its size, for people to be told before it is fetched. */
export interface SizedFile extends ModelFile {
  readonly bytes: number;
}

/** What captions on the device need. */
export interface DeviceModel {
  readonly name: string;
  readonly model: SizedFile;
  /** Missing where the model's own file has its encoder. */
  readonly encoder?: SizedFile;
  /** A table of training neighbours, where captions are held against it. */
  readonly neighbours?: SizedFile;
  /** Folder of the engine's files. */
  readonly engine: string;
}

/** What is fetched onto the device before its first caption. */
export function deviceBytes({ model, encoder, neighbours }: DeviceModel): number {
  return [model, encoder, neighbours].reduce((sum, file) => sum + (file?.bytes ?? 0), 0);
}

/** What a caption's confidence means: the probability that it scores above a threshold. */
export interface PlaceCalibration {
  readonly metric: string;
  readonly threshold: number;
  /** Of the captions that it was calibrated on, how many do. */
  readonly share: number;
  readonly data: { readonly name: string; readonly split: string; readonly pictures: number };
}

/** What the page may use. */
export interface Place {
  /** Whether there is a service at `v1/captions` beside the page. */
  readonly service: boolean;
  /** Whether that service tells which training pictures a photo looks like. */
  readonly neighbours?: boolean;
  /** Whether that service shows training runs. */
  readonly runs?: boolean;
  /** What the model's confidence means; missing for a model without. */
  readonly calibration?: PlaceCalibration;
  /** Whether that service keeps feedback. */
  readonly feedback?: boolean;
  /** Missing where the model can't run on the device (an ensemble). */
  readonly device?: DeviceModel;
}

/** What the page may use, for whoever draws a part of it. */
export const PlaceContext: Context<Place> = createContext<Place>({ service: false });

/** Reads `page.json`. A service that does not tell has it nowhere: it captions, and the device can't. */
export async function readPlace(): Promise<Place> {
  const response = await fetch("page.json");
  return response.ok ? ((await response.json()) as Place) : { service: true };
}
