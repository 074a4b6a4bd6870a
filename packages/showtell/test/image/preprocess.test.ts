// The rule from picture to encoder input: what it computes, and what it refuses.
import { describe, expect, it } from "vitest";
import { createPixels } from "../../src/image/pixels.ts";
import { type PreprocessRule, parsePreprocessRule, preprocess } from "../../src/image/preprocess.ts";

const rule: PreprocessRule = {
  resize: { kind: "squeeze", width: 2, height: 2, filter: "triangle" },
  channels: "BGR",
  layout: "NCHW",
  mean: [103.939, 116.779, 123.68],
  scale: [1, 1, 1],
};
const picture = createPixels(2, 2, Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]));
const float32 = (values: readonly number[]): number[] => [...Float32Array.from(values)];

describe("preprocess", () => {
  it("gives planes in the order of the rule's channels, each byte minus its mean", () => {
    const blue = [3, 6, 9, 12].map((byte) => byte - 103.939);
    const green = [2, 5, 8, 11].map((byte) => byte - 116.779);
    const red = [1, 4, 7, 10].map((byte) => byte - 123.68);
    expect([...preprocess(picture, rule)]).toEqual(float32([...blue, ...green, ...red]));
  });

  it("scales after the mean is taken off, channel by channel", () => {
    const scaled = preprocess(picture, { ...rule, channels: "RGB", mean: [1, 2, 3], scale: [1, 0.5, 2] });
    expect([...scaled]).toEqual([0, 3, 6, 9, 0, 1.5, 3, 4.5, 0, 6, 12, 18]);
  });

  it("squeezes the whole picture, whatever its shape", () => {
    const wide = createPixels(4, 1, Uint8Array.from([0, 0, 0, 0, 0, 0, 200, 200, 200, 200, 200, 200]));
    const plain: PreprocessRule = { ...rule, channels: "RGB", mean: [0, 0, 0] };
    // Triangle weights 3 3 1 at the borders, renormalised: 200 × 1/7 and 200 × 6/7.
    expect([...preprocess(wide, plain)].slice(0, 4)).toEqual([29, 171, 29, 171]);
  });

  it("writes into a place of a batch and leaves its neighbours alone", () => {
    const batch = new Float32Array(3 * 12).fill(-1);
    preprocess(picture, rule, batch.subarray(12, 24));
    expect(batch.subarray(0, 12).every((value) => value === -1)).toBe(true);
    expect(batch.subarray(12, 24)).toEqual(preprocess(picture, rule));
    expect(batch.subarray(24).every((value) => value === -1)).toBe(true);
  });

  it("refuses a place of another size", () => {
    const refusal = expect.objectContaining({ code: "ARGUMENT", message: expect.stringContaining("3×2×2 = 12") });
    expect(() => preprocess(picture, rule, new Float32Array(11))).toThrow(refusal);
  });
});

describe("parsePreprocessRule", () => {
  it("returns a rule as it was written to a file", () => {
    expect(parsePreprocessRule(JSON.parse(JSON.stringify(rule)))).toEqual(rule);
  });

  it.each([
    ["resize.kind", { ...rule, resize: { ...rule.resize, kind: "crop" } }],
    ["resize.filter", { ...rule, resize: { ...rule.resize, filter: "lanczos" } }],
    ["resize.width", { ...rule, resize: { ...rule.resize, width: 0 } }],
    ["resize.height", { ...rule, resize: { ...rule.resize, height: 1e9 } }],
    ["channels", { ...rule, channels: "CMYK" }],
    ["layout", { ...rule, layout: "NHWC" }],
    ["mean", { ...rule, mean: [1, 2] }],
    ["scale.1", { ...rule, scale: [1, "1", 1] }],
    ["mean.0", { ...rule, mean: [null, 2, 3] }],
  ])("refuses a rule whose %s it cannot follow, and names the field", (field, value) => {
    const message = expect.stringContaining(`encoder.safetensors: field "preprocessing.${field}"`);
    expect(() => parsePreprocessRule(value, "encoder.safetensors")).toThrow(
      expect.objectContaining({ code: "BUNDLE_FORMAT", message }),
    );
  });

  it.each([[undefined], [null], ["squeeze"], [[]]])("refuses %j, which is no rule", (value) => {
    expect(() => parsePreprocessRule(value)).toThrow(expect.objectContaining({ code: "BUNDLE_FORMAT" }));
  });

  it("refuses a field that it does not know, since that could change what the model sees", () => {
    expect(() => parsePreprocessRule({ ...rule, gamma: 2.2 })).toThrow(
      expect.objectContaining({ code: "BUNDLE_FORMAT", message: expect.stringContaining("gamma") }),
    );
  });
});
