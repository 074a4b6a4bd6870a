// Gradients of convolutional networks: none yet, the encoder is frozen.
import type { GradientRule } from "../gradients.ts";

export const visionGradients: Readonly<
  Record<"Conv" | "MaxPool" | "AveragePool" | "BatchNormalization", GradientRule | "none">
> = {
  Conv: "none",
  MaxPool: "none",
  AveragePool: "none",
  BatchNormalization: "none",
};
