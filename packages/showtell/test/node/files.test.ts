// Reading and replacing whole files: a failure leaves the old file, and says what to do.
import { execFileSync } from "node:child_process";
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readFile,
  readdir,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  filesBelow,
  openReplacement,
  readBytes,
  requireOwnFile,
  requireWritable,
  writeFileAtomically,
} from "../../src/node/files.ts";
import { readSafetensorsFile, readSafetensorsFileHeader } from "../../src/node/safetensors-file.ts";
import { tensor } from "../../src/base/tensor.ts";
import { safetensorsParts, writeSafetensors } from "../../src/safetensors/write.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "showtell-files-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function* broken(): Iterable<Uint8Array> {
  yield new Uint8Array(100_000);
  throw new Error("no more memory");
}

describe("writing a file", () => {
  test("replaces it, from text, bytes or parts, and leaves nothing else in the folder", async () => {
    const path = join(folder, "a.txt");
    await writeFileAtomically(path, "old text, longer than the new");
    expect(await readFile(path, "utf8")).toBe("old text, longer than the new");
    await writeFileAtomically(path, new Uint8Array([104, 105]));
    expect(await readFile(path, "utf8")).toBe("hi");
    await writeFileAtomically(path, [new Uint8Array([1, 2]), new Uint8Array(0), new Uint8Array([3])]);
    expect([...(await readFile(path))]).toEqual([1, 2, 3]);
    expect(await readdir(folder)).toEqual(["a.txt"]);
  });

  test("that fails halfway leaves the old file whole, and no temporary one", async () => {
    const path = join(folder, "a.bin");
    await writeFileAtomically(path, "old");
    await expect(writeFileAtomically(path, broken())).rejects.toMatchObject({
      code: "FILE_WRITE",
      message: expect.stringContaining("no more memory"),
    });
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["a.bin"]);
  });

  test("keeps its permissions, whatever the umask, and nobody else may read the new one meanwhile", async () => {
    const path = join(folder, "a.txt");
    for (const mode of [0o600, 0o666]) {
      await writeFile(path, "old");
      await chmod(path, mode);
      const replacement = await openReplacement(path);
      const temporary = (await readdir(folder)).find((name) => name !== "a.txt")!;
      expect((await stat(join(folder, temporary))).mode & 0o777).toBe(mode);
      await replacement.write("new");
      await replacement.commit();
      expect([await readFile(path, "utf8"), (await stat(path)).mode & 0o777]).toEqual(["new", mode]);
    }
  });

  test("behind a link leaves the link, and writes in the file's own folder", async () => {
    await mkdir(join(folder, "elsewhere"));
    await writeFile(join(folder, "elsewhere", "a.txt"), "old");
    await symlink(join("elsewhere", "a.txt"), join(folder, "link"));
    await requireWritable(join(folder, "link"));
    await writeFileAtomically(join(folder, "link"), "new");
    expect((await lstat(join(folder, "link"))).isSymbolicLink()).toBe(true);
    expect(await readFile(join(folder, "elsewhere", "a.txt"), "utf8")).toBe("new");
    expect(await readdir(join(folder, "elsewhere"))).toEqual(["a.txt"]);
  });

  test("over what is read is refused, whatever link or spelling leads there", async () => {
    const path = join(folder, "a.txt");
    await writeFile(path, "read");
    await symlink("a.txt", join(folder, "link"));
    await symlink(".", join(folder, "here"));
    for (const other of [path, join(folder, "link"), `${folder}/./a.txt`, join(folder, "here", "a.txt")]) {
      await expect(requireOwnFile(other, [join(folder, "gone"), path], "the table")).rejects.toMatchObject({
        code: "ARGUMENT",
        message: `the table would be written over "${path}", which is read: name another place for it`,
      });
      await expect(requireOwnFile(path, [other], "the table")).rejects.toMatchObject({ code: "ARGUMENT" });
    }
    await requireOwnFile(path, [join(folder, "gone")], "the table");
    await requireOwnFile(join(folder, "gone"), [path, join(folder, "gone")], "the table");
  });

  test("says which folder is missing, or that a folder is in the way", async () => {
    await expect(writeFileAtomically(join(folder, "no", "a"), "x")).rejects.toMatchObject({
      code: "FILE_WRITE",
      message: expect.stringContaining(`its folder "${join(folder, "no")}" does not exist`),
    });
    await mkdir(join(folder, "b"));
    await expect(writeFileAtomically(join(folder, "b"), "x")).rejects.toMatchObject({ code: "FILE_WRITE" });
    expect(await readdir(folder)).toEqual(["b"]);
  });

  test("does not replace a pipe or a device by a file of its name", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    for (const writing of [writeFileAtomically(path, "x"), requireWritable(path)]) {
      await expect(writing).rejects.toMatchObject({
        code: "FILE_WRITE",
        message: expect.stringContaining("it is a device or a pipe") as string,
      });
    }
    expect((await lstat(path)).isFIFO()).toBe(true);
  });

  test("into a folder without permission is refused", async () => {
    await chmod(folder, 0o500);
    const writing = writeFileAtomically(join(folder, "a"), "x");
    // The superuser may write anywhere.
    if (process.getuid?.() === 0) await writing;
    else await expect(writing).rejects.toMatchObject({ code: "FILE_WRITE" });
    await chmod(folder, 0o700);
  });
});

describe("the files below a folder", () => {
  test("are found through links to folders, too, each folder once, by its own name where it has one", async () => {
    await mkdir(join(folder, "real", "deeper"), { recursive: true });
    await mkdir(join(folder, "elsewhere"));
    await writeFile(join(folder, "real", "a"), "");
    await writeFile(join(folder, "real", "deeper", "b"), "");
    await writeFile(join(folder, "elsewhere", "c"), "");
    await symlink("..", join(folder, "real", "deeper", "up")); // a ring
    await symlink("deeper", join(folder, "real", "again"));
    await symlink("../elsewhere", join(folder, "real", "linked"));
    await symlink("nowhere", join(folder, "real", "broken"));
    expect(await filesBelow(join(folder, "real"))).toEqual(["a", "broken", "deeper/b", "linked/c"]);
    await expect(filesBelow(join(folder, "gone"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });
});

describe("reading a file", () => {
  test("gives its bytes, aligned for every element type", async () => {
    await writeFile(join(folder, "a"), new Uint8Array([1, 2, 3]));
    const bytes = await readBytes(join(folder, "a"));
    expect(bytes).toEqual(new Uint8Array([1, 2, 3]));
    expect(Buffer.isBuffer(bytes)).toBe(false);
    expect(bytes.byteOffset % 8).toBe(0);
  });

  test("that does not exist, or is a folder, names the path and the reason", async () => {
    await expect(readBytes(join(folder, "none"))).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      message: `can't read "${join(folder, "none")}": there is no such file or folder`,
    });
    await expect(readBytes(folder)).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      message: expect.stringContaining("it is a folder"),
    });
  });

  test("of 2 GiB or more is refused before anything is read", async () => {
    const path = join(folder, "large");
    await (await open(path, "w")).close();
    await truncate(path, 2 ** 31); // sparse: takes no space on the disk
    await expect(readBytes(path)).rejects.toMatchObject({
      code: "FILE_TOO_LARGE",
      message: `"${path}" has 2.0 GiB; files below 2 GiB can be read at once`,
    });
  });
});

describe("safetensors files", () => {
  const tensors = new Map([["w", tensor("float32", [2, 2], new Float32Array([1, 2, 3, 4]))]]);

  test("are written in parts and read back", async () => {
    const path = join(folder, "a.safetensors");
    await writeFileAtomically(path, safetensorsParts(tensors, { a: "b" }));
    expect(await readSafetensorsFile(path)).toEqual({ tensors, metadata: { a: "b" } });
  });

  test("have a header that is read without the tensors, and is checked against the file's size", async () => {
    const path = join(folder, "large.safetensors");
    const header = { dtype: "F32", shape: [2 ** 30], data_offsets: [0, 2 ** 32] };
    const text = JSON.stringify({ w: header });
    const prefix = Buffer.alloc(8);
    prefix.writeBigUInt64LE(BigInt(text.length));
    await writeFile(path, Buffer.concat([prefix, Buffer.from(text)]));
    await truncate(path, 8 + text.length + 2 ** 32); // 4 GiB, sparse
    const { entries } = await readSafetensorsFileHeader(path);
    expect(entries.get("w")).toEqual({ dtype: "float32", shape: [2 ** 30], begin: 0, end: 2 ** 32 });
    await truncate(path, 8 + text.length + 2 ** 32 - 1);
    await expect(readSafetensorsFileHeader(path)).rejects.toMatchObject({
      code: "SAFETENSORS_FORMAT",
      message: expect.stringContaining(`"${path}" is not a valid safetensors file: it is cut off`),
    });
  });

  test("that are cut off within the header, or missing, are refused by name", async () => {
    const path = join(folder, "cut.safetensors");
    for (const length of [0, 5, 8, 20]) {
      await writeFile(path, writeSafetensors(tensors).subarray(0, length));
      await expect(readSafetensorsFileHeader(path)).rejects.toMatchObject({ code: "SAFETENSORS_FORMAT" });
      await expect(readSafetensorsFile(path)).rejects.toMatchObject({ code: "SAFETENSORS_FORMAT" });
    }
    await expect(readSafetensorsFileHeader(join(folder, "none"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });
});
