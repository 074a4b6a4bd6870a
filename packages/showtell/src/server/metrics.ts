// What the service counts, for Prometheus. Knows no picture and no caption.
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { CaptionResult } from "../caption/threaded-captioner.ts";

/** The counters of a service. */
export interface ServiceMetrics {
  onRequest(this: void, operation: string, status: number, seconds: number): void;
  /** A picture's end: "ok" or an error's code. */
  onPicture(this: void, outcome: string): void;
  onTimings(this: void, timings: CaptionResult["timings"]): void;
  onBatch(this: void, pictures: number): void;
  /** All of them in Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Counters of their own for a service. @param now What there is at the time of asking: requests that are in, pictures that wait. */
export function createMetrics(now: () => { readonly open: number; readonly waiting: number }): ServiceMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Histogram({
    name: "showtell_request_seconds",
    help: "From a request's arrival to its answer.",
    labelNames: ["operation", "status"],
    buckets: secondsBuckets,
    registers,
  });
  const pictures = new Counter({
    name: "showtell_pictures_total",
    help: "Pictures by what became of them: ok, or an error code.",
    labelNames: ["outcome"],
    registers,
  });
  const stages = new Histogram({
    name: "showtell_stage_seconds",
    help: "Time of a picture in each stage.",
    labelNames: ["stage"],
    buckets: secondsBuckets,
    registers,
  });
  const batches = new Histogram({
    name: "showtell_batch_pictures",
    help: "Pictures that went through the encoder together.",
    buckets: [1, 2, 3, 4, 5, 6, 7, 8],
    registers,
  });
  const observedAtScrape = (name: string, help: string, value: () => number): Gauge =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  observedAtScrape("showtell_waiting_pictures", "Pictures that wait for the captioner.", () => now().waiting);
  observedAtScrape("showtell_open_requests", "Caption requests that are being answered.", () => now().open);
  observedAtScrape("process_resident_memory_bytes", "Resident memory.", () => process.memoryUsage.rss());
  return {
    onRequest: (operation, status, seconds) => requests.observe({ operation, status }, seconds),
    onPicture: (outcome) => pictures.inc({ outcome }),
    onTimings({ decodeMs, encodeMs, searchMs }) {
      for (const [stage, ms] of Object.entries({ decode: decodeMs, encode: encodeMs, search: searchMs })) {
        stages.observe({ stage }, ms / 1000);
      }
    },
    onBatch: (count) => batches.observe(count),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
