// The decoders that there are, a line each. Adding one is its file and its line here: see docs/add-a-decoder.md.
export { adaptiveAttention } from "./adaptive-attention.ts";
export { parallelAttention } from "./parallel-attention.ts";
export { showAndTell } from "./show-and-tell.ts";
export { softAttention } from "./soft-attention.ts";
export { topDown } from "./top-down.ts";
export { transformer } from "./transformer.ts";
