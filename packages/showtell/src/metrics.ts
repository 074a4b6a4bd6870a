// The metrics, re-exported for those who already have showtell.
export * from "caption-metrics";
