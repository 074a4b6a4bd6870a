// The public entry for Node.js: caption, train, and read what they leave on disk.
export { ShowtellError } from "../base/errors.ts";
export type { ErrorCode } from "../base/errors.ts";
export { loadCaptioner } from "./captioner.ts";
export type { Captioner, CaptionOutcome, ImageSource, LoadOptions, NodeCaptionOptions } from "./captioner.ts";
export type { Timings } from "../caption/captioning-service.ts";
export type { CaptionResult } from "../caption/threaded-captioner.ts";
export type { Candidate, Captioned, PartialCaption } from "../caption/captioner.ts";
export { readBundleFile, writeBundleFile } from "./bundle-files.ts";
export { openDataset } from "./dataset-folder.ts";
export type { Dataset, OpenDatasetOptions } from "./dataset-folder.ts";
export { readImage } from "./image-reader.ts";
export { openSession } from "./ort-session.ts";
export { trainCaptioner } from "./training.ts";
export type { TrainingListener } from "./training.ts";
export { defaultTraining } from "./training-request.ts";
export type { SampleCaption, TrainingNews, TrainingOutcome, TrainingRequest } from "./training-request.ts";
export { defaultTrainingOptions } from "../train/options.ts";
export type { TrainingOptions } from "../train/options.ts";
