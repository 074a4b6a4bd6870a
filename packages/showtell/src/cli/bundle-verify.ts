// `showtell bundle verify`: whether bundles are whole and still compute what they did when they were made.
import type { Command } from "commander";
import { checkDecoder, checkEncoder } from "../bundle/self-test.ts";
import type { OpenSession } from "../engine/session.ts";
import { readBundleFile } from "../node/bundle-files.ts";
import { plainError } from "../base/errors.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { bundleLines } from "./bundle-lines.ts";
import type { Shell } from "./shell.ts";

const notes = `
Verified are the file's format, its manifest, names and shapes of all tensors, the vocabulary, the identities (hashes over all
weights and what gives them their meaning), and the self-test: each part computes what it did when the bundle was made.

Exit status: 0 if all are whole, 1 if one is not (the reason is on standard error).

Examples:
  showtell bundle verify model.safetensors
  showtell bundle verify runs/*/best.safetensors`;

/** Adds `verify` to the group `bundle`. */
export function addBundleVerify(group: Command, shell: Shell): void {
  group
    .command("verify")
    .summary("check that bundles are whole and compute what they should")
    .description(
      "Check that bundles are whole and compute what they did when they were made; print what identifies their parts.",
    )
    .argument("<file...>", "bundles")
    .addHelpText("after", notes)
    .action((files: readonly string[]) => verify(files, shell));
}

async function verify(files: readonly string[], shell: Shell): Promise<void> {
  const { terminal, signal } = shell;
  const { openSession } = await import("../node/ort-session.ts");
  for (const file of files) {
    throwIfCancelled(signal);
    try {
      await terminal.print(...(await verified(file, openSession)));
    } catch (error) {
      terminal.error(plainError(error));
      shell.fail();
    }
  }
}

async function verified(file: string, openSession: OpenSession): Promise<readonly string[]> {
  const bundle = await readBundleFile(file);
  if (bundle.encoder !== undefined) await checkEncoder(bundle.encoder, openSession, file);
  if (bundle.decoder !== undefined) await checkDecoder(bundle.decoder, openSession, file);
  return bundleLines(bundle, [["state", "whole; passes its self-test"]]);
}
