// The shapes of feedback as it comes and is answered: they validate it, and the OpenAPI document is made of them.
import { z } from "zod";
import { named } from "./schemas.ts";

const sentence = z.string().trim().min(1).max(1000);

/** Feedback as a form. */
export interface FeedbackForm {
  readonly key: string;
  readonly caption: string;
  readonly thumb?: "up" | "down" | undefined;
  readonly edited?: string | undefined;
  readonly consent?: "true" | "false" | undefined;
  readonly image?: File | undefined;
}

/** What the answer says. */
export interface SavedFeedback {
  readonly id: number;
  readonly picture: boolean;
}

/** Feedback as a form. */
export const feedbackForm: z.ZodType<FeedbackForm> = named(
  "FeedbackForm",
  z
    .strictObject({
      key: z
        .string()
        .regex(/^[0-9a-f]{32}$/, "32 hex digits are wanted")
        .describe(
          "Drawn at random for each caption that is shown. Feedback with the same key takes the place of what was sent before.",
        ),
      caption: z.string().max(1000).describe("What the model said; it may have been nothing."),
      thumb: z.enum(["up", "down"]).optional().describe("Whether that is good."),
      edited: sentence.optional().describe("What it should have said. This or the thumb is wanted."),
      consent: z
        .enum(["true", "false"])
        .optional()
        .describe("That the picture may be kept. It must be there with a picture."),
      image: z.file().optional().describe("The picture's file. It is kept as it is sent."),
    })
    .refine(
      ({ thumb, edited }) => thumb !== undefined || edited !== undefined,
      'a "thumb" or what was "edited" is wanted',
    )
    .refine(
      ({ image, consent }) => image === undefined || consent === "true",
      'a picture is kept only with "consent" being true: ask for it, or send none',
    ),
);

/** The answer, once all is on disk. */
export const savedFeedback: z.ZodType<SavedFeedback> = named(
  "SavedFeedback",
  z.object({
    id: z.int().describe("Its number in `showtell feedback list`."),
    picture: z.boolean().describe("Whether the picture was kept with it."),
  }),
);
