// POST /v1/feedback: what somebody thinks of a caption goes into the store before it is answered; the picture only with consent.
import type { Context } from "hono";
import { ShowtellError } from "../base/errors.ts";
import type { PictureFormat } from "../image/format.ts";
import { pictureFormat } from "../image/format.ts";
import { readImage } from "../node/image-reader.ts";
import type { FeedbackPicture } from "../store/feedback.ts";
import { saveFeedback } from "../store/feedback.ts";
import type { Store } from "../store/store.ts";
import type { Admission } from "./admission.ts";
import { readBody } from "./body.ts";
import type { SavedFeedback } from "./feedback-schemas.ts";
import { feedbackForm } from "./feedback-schemas.ts";
import { checked, onlyValue, parsedForm, valuesOf } from "./form.ts";
import type { ServiceLimits } from "./limits.ts";
import { Turns } from "./turns.ts";

/** What keeping feedback needs. */
export interface FeedbackKeeping {
  /** Undefined where none is kept. */
  readonly store: Store | undefined;
  /** Identity of the model that captions here. */
  readonly model: string;
  readonly admission: Admission;
  readonly limits: ServiceLimits;
  /** Turns at decoding pictures. */
  readonly decoding: Turns;
}

/** One picture is decoded at a time, since each may take hundreds of megabytes for a moment; a few wait, and keep their bytes meanwhile. */
export function decodingTurns(): Turns {
  return new Turns(1, 8);
}

const mediaTypes: { readonly [Format in PictureFormat]?: string } = {
  jpeg: "image/jpeg",
  png: "image/png",
  gif: "image/gif",
  webp: "image/webp",
  tiff: "image/tiff",
  heif: "image/avif",
};

/** Keeps feedback. @throws ShowtellError as `operations` lists. */
export async function saveFeedbackOf(
  context: Context,
  { store, model, admission, limits, decoding }: FeedbackKeeping,
): Promise<Response> {
  if (store === undefined)
    throw new ShowtellError("NOT_FOUND", "no feedback is kept here: start the service with --store FOLDER");
  const type = context.req.header("content-type") ?? "";
  if (!/^multipart\/form-data\b/i.test(type))
    throw new ShowtellError(
      "REQUEST_TYPE",
      `the body is "${type.slice(0, 100)}"; what is taken is multipart/form-data`,
    );
  const stay = admission.enter(context.req.raw, limits.maxBodyBytes);
  try {
    const form = await parsedForm(await readBody(context.req.raw, limits.maxBodyBytes, stay), type, 1);
    const { consent: _given, image, ...feedback } = checked(feedbackForm, fieldsOf(form), "the form");
    const picture = image && (await decoding.take(stay.signal, () => checkedPicture(image, limits)));
    const id = saveFeedback(store, { ...feedback, model }, picture);
    return context.json({ id, picture: picture !== undefined } satisfies SavedFeedback);
  } finally {
    stay.leave();
  }
}

function fieldsOf(form: FormData): Record<string, unknown> {
  return Object.fromEntries([...valuesOf(form)].map(([name, values]) => [name, onlyValue(name, values)]));
}

/** A picture that can be decoded, for nobody could learn from another. */
async function checkedPicture(file: File, { maxPixels }: ServiceLimits): Promise<FeedbackPicture> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  await readImage(bytes, { maxPixels });
  return { mediaType: mediaTypes[pictureFormat(bytes)!]!, bytes };
}
