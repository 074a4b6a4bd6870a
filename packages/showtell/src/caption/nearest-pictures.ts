// For each picture those of many others that look most like it, by the cosine of features. Knows no captions.
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

/** A candidate that is near. */
export interface NearPicture {
  /** Its place among the candidates. */
  readonly place: number;
  /** Of the angle between the vectors; 1 for the same direction. */
  readonly cosine: number;
}

/**
 * The nearest candidates for each query, nearest first, `count` or as many as there are; of equally near ones the first.
 * @param candidates Vectors of length 1 in pieces, so that not all have to be in memory; places count through them.
 * @throws ShowtellError `ENGINE`.
 */
export async function nearestPictures(
  queries: PictureVectors,
  candidates: AsyncIterable<PictureVectors> | Iterable<PictureVectors>,
  openSession: OpenSession,
  count: number,
): Promise<readonly (readonly NearPicture[])[]> {
  const size = queries.data.length / queries.count;
  const graph = new Graph();
  const cosines = gemm(graph.input("queries", ["queries", size]), graph.input("candidates", ["candidates", size]), {
    transposeB: true,
  });
  const session = await openSession(exportModel(graph, { cosines }, { parameters: "inputs", name: "nearest" }));
  const nearest = Array.from({ length: queries.count }, (): NearPicture[] => []);
  let before = 0;
  try {
    for await (const piece of candidates) {
      const outputs = await session.run({
        queries: tensor("float32", [queries.count, size], queries.data),
        candidates: tensor("float32", [piece.count, size], piece.data),
      });
      const found = outputs["cosines"]!.data as Float32Array;
      for (const [query, own] of nearest.entries()) {
        const row = found.subarray(query * piece.count, (query + 1) * piece.count);
        row.forEach((cosine, i) => insert(own, { place: before + i, cosine }, count));
      }
      before += piece.count;
    }
  } finally {
    await session.dispose();
  }
  return nearest;
}

/** Puts a candidate among the nearest if it is one of them. */
function insert(nearest: NearPicture[], candidate: NearPicture, count: number): void {
  if (nearest.length === count && candidate.cosine <= nearest[count - 1]!.cosine) return;
  const after = nearest.findIndex(({ cosine }) => cosine < candidate.cosine);
  nearest.splice(after < 0 ? nearest.length : after, 0, candidate);
  if (nearest.length > count) nearest.pop();
}
