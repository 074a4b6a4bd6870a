// Sums of gradient contributions, written so that few large operations run instead of many small ones. Pure algebra: no rule of any operator.
import type { Node, Value } from "./graph.ts";
import { add } from "./operators/arithmetic.ts";
import { scatterAdd } from "./operators/indexing.ts";
import { gemm } from "./operators/matrix.ts";
import { concat, expand, reshape } from "./operators/reshaping.ts";

/** The node that made a value, if it is one of the named operator. */
function madeBy(value: Value, operator: string): Node | undefined {
  return value.source.kind === "node" && value.source.node.operator.name === operator ? value.source.node : undefined;
}

/** A value of zeros of the type and (fixed) shape of another. */
export function zerosLike(value: Value): Value {
  return expand(value.graph.scalar(0, value.dtype), value.shape);
}

function isZeros(value: Value): boolean {
  const origin = madeBy(value, "Expand")?.inputs[0] ?? value;
  if (origin.source.kind !== "constant") return false;
  const { data } = origin.source.tensor;
  return data.length === 1 && Number(data[0]) === 0;
}

/** If a value is zeros with updates added at indices along an axis: those. */
export function scatteredOnZeros(
  value: Value,
): { readonly indices: Value; readonly updates: Value; readonly axis: number } | undefined {
  const node = madeBy(value, "ScatterElements");
  if (node === undefined || !isZeros(node.inputs[0]!)) return undefined;
  return { indices: node.inputs[1]!, updates: node.inputs[2]!, axis: node.attributes["axis"] as number };
}

/** What a value was before it was reshaped, if it was. */
function unreshaped(value: Value): Value {
  return madeBy(value, "Reshape")?.inputs[0] ?? value;
}

type Factors = readonly [Value, Value];

/** The factors of a value of the form Aᵀ·G, which is what a weight gets wherever it is used. */
function factorsOf(value: Value): Factors | undefined {
  const node = madeBy(value, "Gemm");
  const plain = node?.inputs.length === 2 && node.attributes["transA"] === 1 && node.attributes["transB"] !== 1;
  return plain ? (node.inputs as unknown as Factors) : undefined;
}

/**
 * Sums Aᵢᵀ·Gᵢ as [A₁; …; Aₙ]ᵀ·[G₁; …; Gₙ] where the factors have the same columns, as they do where a weight is used once a
 * time step. The order is that in which the Aᵢ were made, so that equal concatenations are shared.
 */
function sumProducts(products: readonly Factors[]): readonly Value[] {
  const groups = new Map<string, Factors[]>();
  for (const factors of products) {
    const key = factors.map((factor) => factor.shape[1]).join();
    groups.set(key, [...(groups.get(key) ?? []), factors]);
  }
  return [...groups.values()].map((group) => {
    const ordered = group.sort(([a], [b]) => a.id - b.id);
    const [left, right] = [0, 1].map((side) =>
      concat(
        ordered.map((factors) => factors[side]!),
        0,
      ),
    );
    return gemm(left!, right!, { transposeA: true });
  });
}

/**
 * The sum of values of one shape. Products of weight gradients become one product over concatenated factors; what is
 * scattered onto zeros is scattered onto the sum of the rest instead.
 */
export function sumOf(terms: readonly Value[]): Value {
  if (terms.length === 1) return terms[0]!;
  const scattered: Value[] = [];
  const products: Factors[] = [];
  const others: Value[] = [];
  for (const term of terms) {
    const factors = factorsOf(term);
    if (factors !== undefined) products.push(factors);
    else (scatteredOnZeros(unreshaped(term)) === undefined ? others : scattered).push(term);
  }
  const dense = [...others, ...sumProducts(products)];
  const start = dense.length > 0 ? dense.reduce((sum, term) => add(sum, term)) : scattered.shift()!;
  return scattered.reduce((sum, term) => {
    const flat = unreshaped(term);
    const { indices, updates, axis } = scatteredOnZeros(flat)!;
    return reshape(scatterAdd(reshape(sum, flat.shape), indices, updates, axis), sum.shape);
  }, start);
}
