// Where the models lie that ship with the package. Reads no file.
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the models that ship with the package. */
export const shippedModels: string = fileURLToPath(new URL("../../models/", import.meta.url));

/** The decoder that captions by default. */
export const defaultModel: string = join(shippedModels, "flickr8k.safetensors");

/** The encoder that ships: ResNet-50 with int8 weights. */
export const defaultEncoder: string = join(shippedModels, "resnet50-int8.safetensors");

/** What it is told to compute in integers. */
export const integerCalibration: string = join(shippedModels, "resnet50.integers.safetensors");
