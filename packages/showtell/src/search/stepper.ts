// The stepper: all that a search sees of a model. Knows nothing of engines, images or words: only rows, columns and ids.

/** What one step gives: the state after it, and what may come next. */
export interface Step<State> {
  /** Opaque and immutable: a search may go on from any state it was given, any number of times, or drop it. */
  readonly state: State;
  /** Natural log-probabilities of the next word, `[rows, width]` row-major. The stepper leaves them alone afterwards. */
  readonly logProbabilities: Float32Array;
  /** How much each row looked at each of the places that a model can look at, `[rows, places]`; searches have no use for it. */
  readonly attention?: Float32Array;
}

/**
 * A model that is asked word by word.
 *
 * Rows are images × group, image-major, and the group is the same for every image; after `start` it is 1. A hypothesis that has ended
 * keeps its place: its row is padded with the end word and any row of the same image as parent, and what comes back for it is ignored.
 */
export interface Stepper<Images, State> {
  /** Columns of `logProbabilities`; the vocabulary, or more where its matrix is padded. */
  readonly width: number;
  /** Looks at the images, whatever they are to this stepper: one row an image. */
  start(images: Images): Promise<Step<State>>;
  /**
   * Appends `words[r]` to the row `parents[r]` of `state`, for every row r of the new state. Both arrays have as many elements as the
   * new state has rows, are read and not written, and may change once the promise has resolved.
   */
  next(state: State, parents: Int32Array, words: Int32Array): Promise<Step<State>>;
}
