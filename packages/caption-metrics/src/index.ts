// The public entry: tokeniser and metrics.
export {};
