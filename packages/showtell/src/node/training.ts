// Training for Node.js: a run in a thread of its own, told about while it goes on.
import type { TrainingNews, TrainingOutcome, TrainingRequest } from "./training-request.ts";
import { startWorker } from "./worker-thread.ts";

/** What a caller may listen to. */
export interface TrainingListener {
  readonly onNews?: (news: TrainingNews) => void;
  /** Aborting finishes the step, writes a checkpoint and ends the run as "cancelled". */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Trains a captioner in a thread of its own; the run's folder then holds a bundle, curves, history and samples.
 * @throws ShowtellError `DATA_…`, `RUN_…`, `LOCKED`, `TRAINING_DIVERGED`, and what reading files throws.
 */
export async function trainCaptioner(
  request: TrainingRequest,
  { onNews, signal }: TrainingListener = {},
): Promise<TrainingOutcome> {
  const worker = startWorker<TrainingRequest, TrainingOutcome, TrainingNews>(
    new URL("./training-worker.js", import.meta.url),
  );
  try {
    return await worker.request(request, { signal, ...(onNews && { onEvent: onNews }) });
  } finally {
    await worker.terminate();
  }
}
