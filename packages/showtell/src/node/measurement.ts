// Measuring a model for a record: in a thread of its own, told about while it goes on.
import type { EvaluationListener } from "./evaluation.ts";
import type { EvaluationNews } from "./evaluation-request.ts";
import type { Measurement, MeasurementRequest } from "./measurement-request.ts";
import { startWorker } from "./worker-thread.ts";

/**
 * Captions a split with a model, scores that, and measures all else that a record says of a model.
 * @throws ShowtellError as `evaluateCaptioners` does.
 */
export async function measureModel(
  request: MeasurementRequest,
  { onNews, signal }: EvaluationListener = {},
): Promise<Measurement> {
  const worker = startWorker<MeasurementRequest, Measurement, EvaluationNews>(
    new URL("./measurement-worker.js", import.meta.url),
  );
  try {
    return await worker.request(request, { signal, ...(onNews && { onEvent: onNews }) });
  } finally {
    await worker.terminate();
  }
}
