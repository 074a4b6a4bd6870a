// safetensors files on disk: the whole, or the header alone. Knows nothing of what the tensors mean.
import { ShowtellError } from "../base/errors.ts";
import { prefixBytes, readSafetensorsHeader, safetensorsDataStart } from "../safetensors/header.ts";
import type { SafetensorsHeader } from "../safetensors/header.ts";
import { readSafetensors } from "../safetensors/read.ts";
import type { Safetensors } from "../safetensors/read.ts";
import { readBytes, unreadable, withFile } from "./files.ts";

/**
 * Reads a safetensors file.
 * @throws ShowtellError `FILE_NOT_FOUND`, `FILE_TOO_LARGE` (2 GiB or more) or `SAFETENSORS_FORMAT`.
 */
export async function readSafetensorsFile(path: string): Promise<Safetensors> {
  return readSafetensors(await readBytes(path), { source: `"${path}"` });
}

/**
 * Reads and checks the header of a safetensors file of any size, and none of its tensors.
 * @throws ShowtellError `FILE_NOT_FOUND` or `SAFETENSORS_FORMAT`.
 */
export async function readSafetensorsFileHeader(path: string): Promise<SafetensorsHeader> {
  const options = { source: `"${path}"` };
  try {
    return await withFile(path, "r", async (file) => {
      const { size } = await file.stat();
      const prefix = await file.read(new Uint8Array(prefixBytes), 0, prefixBytes, 0);
      const dataStart = safetensorsDataStart(prefix.buffer.subarray(0, prefix.bytesRead), options);
      const start = await file.read(new Uint8Array(dataStart), 0, dataStart, 0);
      return readSafetensorsHeader(start.buffer.subarray(0, start.bytesRead), size, options);
    });
  } catch (cause) {
    throw cause instanceof ShowtellError ? cause : unreadable(path, cause);
  }
}
