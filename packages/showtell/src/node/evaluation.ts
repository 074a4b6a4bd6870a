// Evaluating for Node.js: in a thread of its own, told about while it goes on.
import type { Evaluation } from "../evaluate/evaluation.ts";
import type { EvaluationNews, EvaluationRequest } from "./evaluation-request.ts";
import { startWorker } from "./worker-thread.ts";

/** What a caller may listen to. */
export interface EvaluationListener {
  readonly onNews?: (news: EvaluationNews) => void;
  /** Aborting stops between two batches. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Captions a split of a data set with models, and scores that beside what models must beat: one sentence for all pictures, the caption of
 * the nearest training picture, and what people write.
 * @throws ShowtellError `DATA_…` (`DATA_LEAK` if a model was trained on the pictures), `FILE_NOT_FOUND`, `BUNDLE_…`, `ENCODER_MISSING`,
 *   `ENSEMBLE_MISMATCH`, `ARGUMENT`, `CANCELLED`.
 * @example
 * const { rows } = await evaluateCaptioners({ ...defaultEvaluation, data: "flickr8k", split: "dev", models: ["best.safetensors"] });
 */
export async function evaluateCaptioners(
  request: EvaluationRequest,
  { onNews, signal }: EvaluationListener = {},
): Promise<Evaluation> {
  const worker = startWorker<EvaluationRequest, Evaluation, EvaluationNews>(
    new URL("./evaluation-worker.js", import.meta.url),
  );
  try {
    return await worker.request(request, { signal, ...(onNews && { onEvent: onNews }) });
  } finally {
    await worker.terminate();
  }
}
