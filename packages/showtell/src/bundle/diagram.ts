// What a bundle computes as blocks and arrows, from picture to caption. Draws nothing.
import type { PreprocessRule } from "../image/preprocess.ts";
import { decoderBlocks } from "../models/catalogue.ts";
import { encoderBlock } from "../models/encoder-block.ts";
import { featureShape } from "../models/encoder-graph.ts";
import type { Architecture, Block } from "../plot/architecture.ts";
import type { Manifest } from "./manifest.ts";

const picture: Block = { id: "picture", title: "Picture", lines: ["upright, sRGB, on white"], kind: "data" };

/** The blocks of a captioner, or of the encoder or decoder alone where a manifest has no more. */
export function describeCaptioner({ encoder, decoder }: Manifest): Architecture {
  const layer = decoder?.encoder.layer ?? "pooled";
  const shape = decoder?.spec.features ?? (encoder && featureShape(encoder.spec, layer)) ?? [];
  const features: Block = {
    id: "features",
    title: shape.length === 1 ? "Pooled features" : `Grid of features${layer === "grid" ? "" : ` (${layer})`}`,
    lines: [shape.join(" × "), "rounded to float16"],
    kind: "data",
  };
  const seeing: Architecture =
    encoder === undefined
      ? { nodes: [features], edges: [] }
      : {
          nodes: [picture, preprocessingBlock(encoder.preprocessing), encoderBlock(encoder.spec), features],
          edges: [
            { from: "picture", to: "preprocessing" },
            { from: "preprocessing", to: "encoder" },
            { from: "encoder", to: "features" },
          ],
        };
  if (decoder === undefined) return seeing;
  const telling = decoderBlocks(decoder.spec);
  return { nodes: [...seeing.nodes, ...telling.nodes], edges: [...seeing.edges, ...telling.edges] };
}

function preprocessingBlock({ resize, channels, mean }: PreprocessRule): Block {
  return {
    id: "preprocessing",
    title: "Preprocessing",
    lines: [
      `whole picture squeezed to ${resize.width} × ${resize.height}`,
      `${channels} minus ${mean.map((value) => value.toFixed(1)).join(", ")}`,
    ],
    kind: "operation",
  };
}
