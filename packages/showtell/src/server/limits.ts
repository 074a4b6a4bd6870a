// What the service takes and what it refuses: numbers, with their defaults. Knows nothing of how they are held.

/** The service's limits. */
export interface ServiceLimits {
  /** Most bytes of a request's body; default 32 MiB. */
  readonly maxBodyBytes: number;
  /** Most pictures of a request; default 16, and never more than may wait. */
  readonly maxPictures: number;
  /** Most pixels of a picture, checked in its header before anything is decoded; default 50 million. */
  readonly maxPixels: number;
  /** Most pictures that wait for the captioner; default 32. */
  readonly maxWaiting: number;
  /** Most bytes that have come of all requests that are being read, waiting or captioned; default 256 MiB. */
  readonly maxHeldBytes: number;
  /** Milliseconds that a request may take, from its first byte to its answer; default 30,000. */
  readonly deadlineMs: number;
}

/** The limits where nothing else is said. */
export const defaultLimits: ServiceLimits = {
  maxBodyBytes: 32 * 2 ** 20,
  maxPictures: 16,
  maxPixels: 50_000_000,
  maxWaiting: 32,
  maxHeldBytes: 256 * 2 ** 20,
  deadlineMs: 30_000,
};

/** The limits, some of them given. Where fewer pictures may wait than one request may have, no request may have more: it could never be taken. */
export function limitsWith(given: Partial<ServiceLimits> = {}): ServiceLimits {
  const limits = { ...defaultLimits, ...given };
  return { ...limits, maxPictures: Math.min(limits.maxPictures, limits.maxWaiting) };
}
