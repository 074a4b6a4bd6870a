// What the study commands share: where the store is, and the links that raters open. Opens nothing.
import { InvalidArgumentError, Option } from "commander";
import type { StudySummary } from "../store/studies.ts";

/** `--store`, of the study commands. */
export function storeOption(): Option {
  return new Option("--store <folder>", "folder where studies are kept").default("showtell-store");
}

/** `--url`: where raters reach the service. */
export function studyUrlOption(): Option {
  return new Option("--url <address>", "address of the service as raters reach it, for the links")
    .default("http://127.0.0.1:8080/")
    .argParser((text) => {
      if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
      throw new InvalidArgumentError("It must be an address like http://192.168.1.5:8080/.");
    });
}

/** The link of each rater. The token stands behind the #, which browsers send to nobody. */
export function linksOf({ raters }: StudySummary, url: string): readonly string[] {
  const base = url.endsWith("/") ? url : `${url}/`;
  return raters.map(({ token }) => `${base}rate.html#${token}`);
}
