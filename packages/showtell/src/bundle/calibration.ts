// How sure a captioner may be of its captions, as a bundle carries it: a logistic regression on what a search tells. Computes nothing.
import { z } from "zod";
import { hashListSchema } from "./hash-list.ts";

/** What a search tells of a caption that its quality is judged by, in the order in which people read it. */
export const confidenceFeatures = ["score", "meanLogProbability", "lowestLogProbability", "length"] as const;

/** A feature of {@link confidenceFeatures}. */
export type ConfidenceFeature = (typeof confidenceFeatures)[number];

/** Captions of like confidence, and how many of them were as good as that. */
export interface ReliabilityBin {
  /** Confidences from here to the next bin's start; the last one's end at 1. */
  readonly from: number;
  readonly captions: number;
  /** Mean confidence, and the share of captions better than the threshold; 0 where there is no caption. */
  readonly confidence: number;
  readonly share: number;
}

/** How well confidences are met. */
export interface CalibrationQuality {
  /** Share of the captions that are better than the threshold: what confidence is worth without knowing anything. */
  readonly share: number;
  /** Mean difference of confidence and share over the bins, weighted by captions. */
  readonly expectedCalibrationError: number;
  /** Mean squared error of the confidence; `share` alone would have share · (1 − share). */
  readonly brier: number;
  readonly bins: readonly ReliabilityBin[];
}

/** P(CIDEr-D of a caption > `threshold`) = 1 / (1 + exp(−(intercept + Σ weight · (feature − mean) / deviation))). */
export interface Calibration {
  /** The decoder that it was made for: it holds for no other. */
  readonly decoder: string;
  readonly metric: "CIDEr-D";
  /** CIDEr-D as papers have it divided by 100, document frequencies counted from the references of the pictures calibrated on. */
  readonly threshold: number;
  /** How captions were searched. */
  readonly beam: number;
  readonly data: {
    readonly name: string;
    readonly split: string;
    readonly pictures: number;
    /** A list of the pictures' hashes (hash-list.ts); calibrations of older releases have none. */
    readonly hashes?: string | undefined;
  };
  readonly intercept: number;
  readonly terms: readonly {
    readonly feature: ConfidenceFeature;
    readonly mean: number;
    readonly deviation: number;
    readonly weight: number;
  }[];
  /** Each caption judged by a regression that did not see it (cross-validation). */
  readonly quality: CalibrationQuality;
}

/** What confidences mean, for people. */
export interface CalibrationSummary extends Pick<Calibration, "metric" | "threshold"> {
  readonly data: Omit<Calibration["data"], "hashes">;
  /** Of the captions calibrated on, how many were better than the threshold. */
  readonly share: number;
}

/** A calibration in short. */
export function summaryOf(calibration: Calibration): CalibrationSummary {
  const { metric, threshold, data, quality } = withoutHashes(calibration);
  return { metric, threshold, share: quality.share, data };
}

/** A calibration for people, who don't read hashes. */
export function withoutHashes({ data: { name, split, pictures }, ...others }: Calibration): Calibration {
  return { ...others, data: { name, split, pictures } };
}

const share = z.number().min(0).max(1);

/** Loose, as the manifest is; a feature that this release does not know is refused. */
export const calibrationSchema: z.ZodType<Calibration> = z.looseObject({
  decoder: z.string(),
  metric: z.literal("CIDEr-D"),
  threshold: z.number().min(0).max(10),
  beam: z.int().min(1),
  data: z.looseObject({
    name: z.string(),
    split: z.string(),
    pictures: z.int().min(1),
    hashes: hashListSchema.optional(),
  }),
  intercept: z.number(),
  terms: z.array(
    z.looseObject({
      feature: z.enum(confidenceFeatures),
      mean: z.number(),
      deviation: z.number().positive(),
      weight: z.number(),
    }),
  ),
  quality: z.looseObject({
    share,
    expectedCalibrationError: share,
    brier: share,
    bins: z.array(z.looseObject({ from: share, captions: z.int().min(0), confidence: share, share })),
  }),
});
