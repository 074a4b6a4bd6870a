// For each picture the one of many others that looks most like it, by the cosine of features; and which of its captions to take.
import { ciderScorer, ptbTokens } from "caption-metrics";
import type { DocumentFrequencies } from "caption-metrics";
import { tensor } from "../base/tensor.ts";
import type { OpenSession } from "../engine/session.ts";
import { exportModel } from "../graph/export.ts";
import { Graph } from "../graph/graph.ts";
import { gemm } from "../graph/operators/matrix.ts";

/** Features of some pictures, one vector each. */
export interface PictureVectors {
  readonly count: number;
  /** [count, size] */
  readonly data: Float32Array;
}

/** One vector a picture: features [pictures, positions, channels] are averaged over positions and scaled to length 1. */
export function unitVectors(features: Float32Array, pictures: number, channels: number): PictureVectors {
  const positions = features.length / (pictures * channels);
  const data = new Float32Array(pictures * channels);
  for (let picture = 0; picture < pictures; picture++) {
    const own = data.subarray(picture * channels, (picture + 1) * channels);
    for (let position = 0; position < positions; position++) {
      const start = (picture * positions + position) * channels;
      for (let i = 0; i < channels; i++) own[i] = own[i]! + features[start + i]!;
    }
    const length = Math.sqrt(own.reduce((sum, value) => sum + value ** 2, 0));
    if (length > 0) for (let i = 0; i < channels; i++) own[i] = own[i]! / length;
  }
  return { count: pictures, data };
}

/**
 * The place of the nearest candidate for each query; of equally near ones the first.
 * @param candidates Vectors of length 1 in pieces, so that not all have to be in memory; places count through them.
 * @throws ShowtellError `ENGINE`.
 */
export async function nearestPictures(
  queries: PictureVectors,
  candidates: AsyncIterable<PictureVectors>,
  openSession: OpenSession,
): Promise<Int32Array> {
  const size = queries.data.length / queries.count;
  const graph = new Graph();
  const cosines = gemm(graph.input("queries", ["queries", size]), graph.input("candidates", ["candidates", size]), {
    transposeB: true,
  });
  const session = await openSession(exportModel(graph, { cosines }, { parameters: "inputs", name: "nearest" }));
  const nearest = new Int32Array(queries.count).fill(-1);
  const best = new Float32Array(queries.count).fill(-Infinity);
  let before = 0;
  try {
    for await (const { count, data } of candidates) {
      const outputs = await session.run({
        queries: tensor("float32", [queries.count, size], queries.data),
        candidates: tensor("float32", [count, size], data),
      });
      const found = outputs["cosines"]!.data as Float32Array;
      found.forEach((cosine, i) => {
        const query = Math.floor(i / count);
        if (cosine <= best[query]!) return;
        best[query] = cosine;
        nearest[query] = before + (i % count);
      });
      before += count;
    }
  } finally {
    await session.dispose();
  }
  return nearest;
}

/**
 * Of a picture's captions the one that agrees best with the others, by CIDEr-D. (Each is compared with itself, too, which adds the same
 * to all.)
 */
export function mostAgreedCaption(captions: readonly string[], frequencies: DocumentFrequencies): string {
  const tokens = captions.map(ptbTokens);
  const scorer = ciderScorer([tokens], { frequencies });
  const scores = tokens.map((caption) => scorer.score(0, caption));
  return captions[scores.indexOf(Math.max(...scores))]!;
}
