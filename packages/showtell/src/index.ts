// The browser-safe public entry: what runs on any platform, given an engine, pixels and bytes.
export { ShowtellError, errorCodes } from "./base/errors.ts";
export type { ErrorCode } from "./base/errors.ts";
export type { CancelSignal } from "./base/cancel.ts";
export { tensor } from "./base/tensor.ts";
export type { DType, Tensor } from "./base/tensor.ts";
export type { OpenSession, Session, SessionOptions, Tensors } from "./engine/session.ts";
export { createPixels } from "./image/pixels.ts";
export type { Pixels } from "./image/pixels.ts";
export { bundleParts, readBundle } from "./bundle/bundle.ts";
export type { Bundle, BundlePart } from "./bundle/bundle.ts";
export type { DecoderManifest, EncoderManifest, Licence, Manifest, TrainingRecord } from "./bundle/manifest.ts";
export { openEnsembleCaptioner, openFeatureCaptioner } from "./caption/captioner.ts";
export type {
  CaptionOptions,
  ConsensusOptions,
  DrawingOptions,
  PartialCaption,
  SteeringOptions,
} from "./caption/caption-options.ts";
export type { Candidate, Captioned, FeatureCaptioner } from "./caption/captioner.ts";
export type { AttentionMaps } from "./caption/attention.ts";
export { agreement, captionAgreement } from "./explain/agreement.ts";
export type { CaptionAgreement } from "./explain/agreement.ts";
export { occlude } from "./explain/occlusion.ts";
export type { Occlusion, OcclusionOptions, Weigher } from "./explain/occlusion.ts";
export type { Region } from "./image/region.ts";
export type { FeatureBatch } from "./caption/decoder-stepper.ts";
export type { EnsembleMember, FeatureSource } from "./caption/ensemble.ts";
export { openPictureEncoder } from "./caption/picture-encoder.ts";
export type { PictureEncoder } from "./caption/picture-encoder.ts";
export { altText, htmlImage, longestAltText, markdownImage } from "./text/alt-text.ts";
export type { FeatureLayer } from "./models/encoder.ts";
export type { RaterPage, RaterTask } from "./study/rater-page.ts";
export type { Answer, Choice, Scale, ScalePoint, StudyKind } from "./study/questions.ts";
export type { RunEpoch, RunRecord, RunSample, RunState, RunSummary } from "./train/run-summary.ts";
