// The public entry for browsers: caption pictures on the device that shows the page.
export { ShowtellError } from "../base/errors.ts";
export type { ErrorCode } from "../base/errors.ts";
export { loadCaptioner } from "./captioner.ts";
export type { WebCaptioner, WebLoadOptions } from "./captioner.ts";
export type { EngineDescription, EngineOptions, WebDevice, WebEngine } from "./engine.ts";
export { startEngine } from "./engine.ts";
export { readImage } from "./image-reader.ts";
export type { WebImageSource } from "./image-reader.ts";
export type { FetchProgress, ModelFile } from "./model-files.ts";
export { sessionsOf } from "./ort-session.ts";
export type { Timings } from "../caption/captioning-service.ts";
export type { CaptionOutcome, CaptionResult, PictureCaptionOptions } from "../caption/threaded-captioner.ts";
export type { TrainingNeighbour } from "../caption/training-neighbours.ts";
export type { PartialCaption } from "../caption/caption-options.ts";
export type { Candidate, Captioned } from "../caption/captioner.ts";
