// The public entry for Node.js: caption, train, and read what they leave on disk.
export { ShowtellError } from "../base/errors.ts";
export type { ErrorCode } from "../base/errors.ts";
export { loadCaptioner } from "./captioner.ts";
export type {
  Captioner,
  CaptionOutcome,
  ImageSource,
  LoadOptions,
  NamedPicture,
  NodeCaptionOptions,
} from "./captioner.ts";
export type { Timings } from "../caption/captioning-service.ts";
export type { CaptionResult } from "../caption/threaded-captioner.ts";
export type { Candidate, Captioned } from "../caption/captioner.ts";
export type { PartialCaption } from "../caption/caption-options.ts";
export { readBundleFile, writeBundleFile } from "./bundle-files.ts";
export { readCaptionerFiles } from "./captioner-files.ts";
export type { CaptionerFiles, ModelArgument } from "./captioner-files.ts";
export { buildNeighbours } from "./neighbours.ts";
export type { NeighboursRequest } from "./neighbours.ts";
export type { NeighbourTable } from "../bundle/neighbour-table.ts";
export type { TrainingNeighbour } from "../caption/training-neighbours.ts";
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
export { evaluateCaptioners } from "./evaluation.ts";
export type { EvaluationListener } from "./evaluation.ts";
export { defaultEvaluation } from "./evaluation-request.ts";
export type { EvaluationNews, EvaluationRequest } from "./evaluation-request.ts";
export type { Evaluation, Row, Score, Scores } from "../evaluate/evaluation.ts";
export { draftStudy } from "./study-draft.ts";
export type { StudyListener, StudyRequest } from "./study-draft.ts";
