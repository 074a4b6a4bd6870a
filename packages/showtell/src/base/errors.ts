// Coded errors: every user mistake has a code, a message that says what, where and what to do. Knows nothing of who throws them.

/** What each code means and what usually helps; `docs/errors.md` is generated from this table. */
export const errorCodes = {
  ARGUMENT: "An argument or option has a value that is not allowed. The message names it and what is allowed.",
  CANCELLED: "The caller cancelled the work (an abort signal, Ctrl-C). Nothing is wrong.",
  INTERNAL: "An invariant of showtell itself does not hold. Please report it with the message.",

  FILE_NOT_FOUND: "A file or folder that was named does not exist or cannot be read. Check the path.",
  FILE_WRITE: "A file could not be written (full disk, missing permission). The old file, if any, is whole.",
  FILE_TOO_LARGE: "A file that is read into memory at once is too large for that. The message says what to do.",
  LOCKED: "Another process is working in this folder. Wait for it, or remove the lock if that process is gone.",

  IMAGE_EMPTY: "The picture file has no bytes.",
  IMAGE_FORMAT: "The bytes are no picture in a format that can be decoded. Convert it to JPEG or PNG.",
  IMAGE_DECODE: "The picture is broken or cut off: its decoder gave up. Fetch or export it again.",
  IMAGE_TOO_LARGE:
    "The picture has more pixels, or its file more bytes, than the limit allows. Scale it down or raise the limit.",

  SAFETENSORS_FORMAT: "The file is not a valid safetensors file: cut off, changed, or something else altogether.",
  BUNDLE_FORMAT: "The file is a safetensors file but not a showtell bundle, or its manifest is damaged.",
  BUNDLE_VERSION: "The bundle was written by a release whose manifest version this one does not read. Update showtell.",
  BUNDLE_TENSORS:
    "The tensors of the bundle do not fit its architecture: one is missing, or has another shape or type.",
  BUNDLE_SELF_TEST: "The bundle loads but does not compute what it did when it was written: it is damaged.",
  BUNDLE_KIND: "The bundle holds another kind of model than was asked for (an encoder where a decoder is needed, say).",
  ENCODER_MISSING:
    "An encoder was not found: a decoder's own beside it, in the package or in the cache, or one that was named.",
  ENCODER_MISMATCH:
    "The encoder found is not the one that the decoder was trained on, or a table of neighbours is of another encoder's features.",
  ENSEMBLE_MISMATCH:
    "Models that were to caption together do not have the same vocabulary. The message names the one that differs.",

  GRAPH_SHAPE: "Shapes or types do not fit in an operator of a graph. The message names the operator and its inputs.",
  GRAPH_GRADIENT: "A gradient was asked for through an operator that has none.",
  ENGINE: "The inference engine failed. The message quotes it.",

  DATA_FORMAT: "A data set file cannot be read as what it should be. The message names file and line.",
  DATA_SPLIT: "The list of pictures for a split is missing. The message names the file that is looked for.",
  DATA_IDS:
    "Captions and references do not fit: an image is missing on one side, or stands there twice. The message names it.",
  DATA_LEAK: "A model was trained on pictures that it is to be scored on. Choose another split, or pass --allow-leak.",
  DATA_EMPTY: "A data set or split has no usable picture or caption.",
  VOCABULARY: "A vocabulary is inconsistent: a word twice, a special token missing, or a size that does not match.",
  REFERENCES_MISSING:
    "The model carries no document frequencies of its training references, which a consensus needs. Pack it with --references.",
  CALIBRATION_MISSING: "The model does not say how sure it may be of its captions. showtell calibrate teaches it.",
  WORD_UNKNOWN:
    "A word that captions must have is not in the model's vocabulary. The message names words spelt like it.",
  NEIGHBOURS_FORMAT:
    "A table of training neighbours is not what showtell neighbours build writes, or of another version. Build it again.",
  VECTORS_FORMAT: "A word-vector file cannot be read: the message names the line or word.",
  CACHE_FORMAT: "What lies in a cache is damaged. The message names it, and the command that makes it again.",

  DOWNLOAD: "A download failed or was refused. Check the npm configuration (registry, proxy), or name a local file.",
  INTEGRITY: "A downloaded or given file is not the one expected: its hash differs.",

  PLAN_FORMAT:
    "A plan of runs to compare cannot be read or contradicts itself. The message names the field, its value and what is allowed.",
  RECORD_FORMAT: "A record of a run, or the table of captions beside it, is damaged. The message names the file.",
  RECORD_MISMATCH:
    "Records that are to be compared are of other pictures, or there are none. The message says which and what to do.",
  RUN_UNFINISHED: "A record is made of a training run that has ended. Go on with it first: showtell train --resume.",

  RUN_FORMAT: "A training run folder is damaged or holds something else.",
  RUN_EXISTS: "The output folder already holds a training run. Pass --resume to continue it, or name another folder.",
  RUN_MISMATCH:
    "A run cannot be resumed with other options or data than it was started with. It knows them itself: --resume and --out are enough.",
  FORGOTTEN:
    "A model that learned on lost more CIDEr on its old data than it may. It is kept under another name; the message says how to forget less.",
  TRAINING_DIVERGED: "The loss is not a finite number any more. Lower the learning rate.",

  STORE: "The database of a store cannot be opened or written (full disk, missing permission, another program's lock).",
  STORE_FORMAT:
    "What lies in a store's folder is no database of showtell, is damaged, or was written by a newer release.",

  REQUEST_FORMAT:
    "The body of a request cannot be read as what its content type says. Status 400; the message says what is wrong with it.",
  REQUEST_TYPE:
    "The body of a request is of a type that the service does not take. Status 415; the message names those it does.",
  REQUEST_TOO_LARGE:
    "A request has more bytes, pictures or fields than the service takes. Status 413. Send less at a time.",
  NOT_FOUND: "The service has nothing at this address. Status 404; GET /openapi.json lists what there is.",
  METHOD: "The address exists, but not for this method. Status 405; the header Allow has those that it does.",
  UNAUTHORISED:
    "The service asks for a token, and none or another was sent. Status 401. Send: Authorization: Bearer TOKEN.",
  ORIGIN:
    "The request comes from a web page, or names a host, that the service does not serve. Status 403. See --cors and --host.",
  BUSY: "The service has as much work waiting as it takes. Status 429; try again after the seconds in the header Retry-After.",
  DEADLINE:
    "The service did not finish a request in the time that it gives one. Status 503; try again later, or with less.",
  SHUTTING_DOWN: "The service is being stopped and takes nothing new. Status 503; try again once it is back.",
  URL_REFUSED:
    "The service does not fetch this URL: fetching is off (see --allow-urls), or it leads to an address that is not public.",
  URL_FETCH: "A picture could not be fetched from its URL. The message says why.",
  LISTEN: "The service cannot listen at this host and port. Stop what listens there, or give another --port.",
} as const;

/** A code of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;

/** The one error class: `code` for machines, `message` for people (what, where, what to do). */
export class ShowtellError extends Error {
  override readonly name = "ShowtellError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}

/** The message of whatever was thrown, for wrapping foreign errors. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Names as a message lists them: any may have a comma in it. */
export function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}

/** An error as plain data, for the ways between threads and to other programs. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
}

/** An error as plain data; what is no ShowtellError is an internal one. */
export function plainError(thrown: unknown): PlainError {
  if (thrown instanceof ShowtellError) return { code: thrown.code, message: thrown.message };
  return { code: "INTERNAL", message: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) };
}
