// Writes the part of docs/formats.md on decoders from the catalogue: the schema of each specification, and the tensors that follow from it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { root, setup } from "./setup.mjs";

setup(); // so that the built catalogue is the one in the sources

const models = "../packages/showtell/dist/models";
const { decoderKinds, decoderNamed } = await import(`${models}/catalogue.js`);
const { decoderChoices } = await import(`${models}/decoder-options.js`);

/** Sizes that no product of two others equals, so that a dimension tells what it is made of. */
const sizes = { E: 7, H: 22, A: 13, C: 17, "`vectorSize`": 19, V: 150, P: 192, F: 29, D: 37 };

function dimension(size) {
  const match = Object.entries(sizes)
    .flatMap(([name, unit]) => [1, 2, 3, 4, 5].map((factor) => ({ name, unit, factor })))
    .find(({ unit, factor }) => unit * factor === size);
  if (match === undefined) return String(size);
  return match.factor === 1 ? match.name : `${match.factor} ${match.name}`;
}

/** Every way to choose one of several values under several names. */
function combinations(choices) {
  return Object.entries(choices).reduce(
    (all, [name, values]) => all.flatMap((chosen) => values.map((value) => ({ ...chosen, [name]: value }))),
    [{}],
  );
}

/** The options of a decoder that decide which tensors it has: its choices, whether word vectors are projected, and whether it has attributes. */
function choicesOf({ takes }) {
  const own = Object.entries(decoderChoices).filter(([name]) => takes.includes(name));
  return { ...Object.fromEntries(own), vectorSize: ["E", "not E"], attributes: ["none", "some"] };
}

function shapesFor(decoder, { vectorSize, attributes, ...options }) {
  const embeddingSize = sizes.E;
  const spec = decoder.specOf(
    {
      features: decoder.layer === "pooled" ? [sizes.C] : [9, sizes.C],
      words: sizes.V,
      embeddingSize,
      vectorSize: vectorSize === "E" ? embeddingSize : sizes["`vectorSize`"],
      vectors: "random",
      ...(attributes === "some" && { attributes: Array.from({ length: sizes.D }, (_, i) => 4 + i) }),
    },
    {
      hiddenSize: sizes.H,
      attentionSize: sizes.A,
      forwardSize: sizes.F,
      layers: 1,
      heads: 2,
      dropout: decoder.recipe.dropout,
      ...options,
    },
  );
  return Object.entries(decoder.parameters(spec)).map(([name, { shape }]) => ({
    name: name.replace("layer1.", "layerN."),
    // The one shape in which a size is not what equals it here, but the size of the word vectors.
    shape: name === "words.vectors" ? "[V, `vectorSize`]" : `[${shape.map(dimension).join(", ")}]`,
  }));
}

/** When a tensor is there, from the choices that have it; those must be all combinations of some values of each. */
function condition(choices, having) {
  const parts = Object.entries(choices).flatMap(([name, all]) => {
    const values = all.filter((value) => having.some((chosen) => chosen[name] === value));
    return values.length === all.length ? [] : [{ name, values }];
  });
  const covered = combinations({ ...choices, ...Object.fromEntries(parts.map(({ name, values }) => [name, values])) });
  if (covered.length !== having.length) throw new Error("which choices have a tensor cannot be said in a row");
  return parts.map(({ name, values }) => `\`${name}\` ${values.join(", ")}`).join("; ");
}

function tensorTable(kind) {
  const decoder = decoderNamed(kind);
  const choices = choicesOf(decoder);
  const rows = new Map();
  for (const chosen of combinations(choices)) {
    for (const { name, shape } of shapesFor(decoder, chosen)) {
      const key = `\`${name}\` | ${shape}`;
      rows.set(key, [...(rows.get(key) ?? []), chosen]);
    }
  }
  const lines = [...rows].map(([key, having]) => `| ${key} | ${condition(choices, having)} |`);
  return ["| tensor | shape | only where |", "| --- | --- | --- |", ...lines].join("\n");
}

function schemaBlock(name, schema) {
  return `<!-- schema: ${name} -->\n\`\`\`json\n${JSON.stringify(schema, undefined, 2)}\n\`\`\``;
}

function specSchema(kind) {
  const { $schema: _, ...schema } = z.toJSONSchema(decoderNamed(kind).schema);
  return schema;
}

const text = [
  schemaBlock("decoder-kind", { enum: decoderKinds }),
  schemaBlock("decoder-spec", { oneOf: decoderKinds.map((kind) => ({ $ref: `#/$defs/${kind}` })) }),
  ...decoderKinds.flatMap((kind) => [
    `#### ${kind}`,
    `${decoderNamed(kind).title}.`,
    schemaBlock(kind, specSchema(kind)),
    tensorTable(kind),
  ]),
].join("\n\n");

const path = join(root, "docs", "formats.md");
const page = readFileSync(path, "utf8");
const [before, , after] = page.split(/(?<=<!-- decoders: .+ -->\n)([\s\S]*)(?=<!-- end of decoders -->)/);
if (after === undefined) throw new Error(`${path} has no place for decoders`);
writeFileSync(path, `${before}\n${text}\n\n${after}`);
