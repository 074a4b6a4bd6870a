// Trains a detector of the words that are said of pictures, and keeps it as it was when its mean average precision on dev was best. Touches no file.
import { throwIfCancelled } from "../base/cancel.ts";
import { seededRandom } from "../base/random.ts";
import type { Tensor } from "../base/tensor.ts";
import { tensor, zeros } from "../base/tensor.ts";
import { openedInTurn, type Session } from "../engine/session.ts";
import { meanAveragePrecision } from "../evaluate/average-precision.ts";
import { detectingGraph, detectorParameters, detectorTrainingGraph } from "../models/attribute-detector.ts";
import type { DetectorSpec } from "../models/attribute-detector.ts";
import { nextState } from "../models/inference-graphs.ts";
import { adamFeeds, firstState } from "../nn/adam.ts";
import type { AdamOptions } from "../nn/adam.ts";
import { drawMasks } from "../nn/noise.ts";
import type { MaskInput } from "../nn/noise.ts";
import { lookAt, rowsOf } from "./attribute-sight.ts";
import type { LookingContext, Sight } from "./attribute-sight.ts";
import type { LearnerState } from "./learner.ts";
import type { TrainingSet } from "./lessons.ts";
import { drawViews } from "./views.ts";

/** How it is trained. */
const learningRate = 1e-3;
const dropout = 0.5;
const adam: AdamOptions = {};
/** Pictures a step. */
const batchSize = 100;
/** A pass goes over all pictures, and over a few so often that it has this many steps. */
const leastSteps = 50;
/** Passes at the most, and passes without a better one after which it stops. */
const mostPasses = 60;
const patience = 3;

/** What a detector learns from. */
export interface DetectorTraining extends LookingContext {
  /** Shape of one picture's features. */
  readonly features: readonly number[];
  /** Ids of the words that it looks for. */
  readonly words: readonly number[];
  readonly train: TrainingSet;
  /** What it is judged by. */
  readonly dev: TrainingSet;
  readonly seed: number;
  /** Told after each pass; the last one may come before the total. */
  readonly onLearned?: ((done: number, total: number, averagePrecision: number) => void) | undefined;
}

/** A detector that was trained. */
export interface TrainedDetector {
  /** `attributes.weight` and `attributes.bias`. */
  readonly weights: LearnerState;
  /** The pass after which it was best, and its mean average precision on dev then. */
  readonly pass: number;
  readonly averagePrecision: number;
}

/** Weights and moments by name. */
type DetectorState = Readonly<Record<string, Tensor<"float32">>>;

/** A compiled step. */
interface Learning {
  readonly session: Session;
  readonly masks: readonly MaskInput[];
}

/**
 * Trains a detector. With the same seed, data and machine it gives the same bits.
 * @throws ShowtellError `DATA_EMPTY`, `CANCELLED`, `ENGINE`.
 */
export async function trainDetector(training: DetectorTraining): Promise<TrainedDetector> {
  const { features, words, train, dev, seed, openSession, onLearned } = training;
  const spec: DetectorSpec = { features, words: words.length };
  const [own, judged] = [await lookAt(train, spec, words, training), await lookAt(dev, spec, words, training)];
  const images = Math.min(batchSize, own.pictures.length);
  const { model, masks } = detectorTrainingGraph(spec, images, adam, dropout);
  const opened = await openedInTurn([model, detectingGraph(spec)], (graph) => openSession(graph));
  const [session, detecting] = opened as [Session, Session];
  try {
    let state = detectorStart(spec, own);
    let best: TrainedDetector | undefined;
    for (let pass = 1; pass <= mostPasses && pass - (best?.pass ?? pass) <= patience; pass++) {
      const batches = batchesOf(spec, own, train, { images, seed, pass });
      state = await learnPass({ session, masks }, state, batches, pass, training);
      const averagePrecision = await judge(detecting, state, spec, judged);
      if (best === undefined || averagePrecision > best.averagePrecision)
        best = { weights: weightsOf(state, spec), pass, averagePrecision };
      onLearned?.(pass, mostPasses, averagePrecision);
    }
    return best!;
  } finally {
    await session.dispose();
    await detecting.dispose();
  }
}

/** The state after one more pass. */
async function learnPass(
  { session, masks }: Learning,
  first: DetectorState,
  batches: readonly Batch[],
  pass: number,
  { seed, signal }: DetectorTraining,
): Promise<DetectorState> {
  let state = first;
  let step = (pass - 1) * batches.length;
  for (const batch of batches) {
    throwIfCancelled(signal);
    step++;
    const drawn = drawMasks(masks, (name) => seededRandom(seed, `detector ${name} ${step}`));
    const feeds = { ...state, ...batch(), ...adamFeeds(step, learningRate, adam), ...drawn };
    state = nextState(await session.run(feeds)) as DetectorState;
  }
  return state;
}

/** First weights and moments. A word is held as likely as it is among the training pictures, so that none has to be unlearnt. */
function detectorStart(spec: DetectorSpec, { pictures, targets }: Sight): DetectorState {
  const state = firstState(detectorParameters(spec), (_, { shape }) => zeros("float32", shape));
  const bias = state["attributes.bias"]!.data;
  for (let word = 0; word < spec.words; word++) {
    const said = pictures.reduce((sum, row) => sum + targets[row * spec.words + word]!, 0);
    bias[word] = Math.log((said + 0.5) / (pictures.length - said + 0.5));
  }
  return state;
}

/** What a step is fed of some pictures, each seen in the view that its pass has drawn; made when its turn comes. */
type Batch = () => Record<string, Tensor>;

/** The batches of a pass, in an order of its own; a rest that fills none is left to other passes. */
function batchesOf(
  { features, words }: DetectorSpec,
  { pictures, seen, targets }: Sight,
  { views }: TrainingSet,
  { images, seed, pass }: { readonly images: number; readonly seed: number; readonly pass: number },
): readonly Batch[] {
  const random = seededRandom(seed, `detector order ${pass}`);
  const drawn = views && drawViews(views, seed, pass);
  const channels = features.at(-1)!;
  const full = Math.floor(pictures.length / images);
  return Array.from({ length: Math.ceil(leastSteps / full) }, () => {
    const order = random.shuffle([...pictures]);
    return Array.from({ length: full }, (_, i) => {
      const rows = order.slice(i * images, (i + 1) * images);
      const looked = drawn === undefined ? rows : rows.map((row) => drawn[row]!);
      return () => ({
        seen: tensor("float32", [images, channels], rowsOf(seen, channels, looked)),
        targets: tensor("float32", [images, words], rowsOf(targets, words, rows)),
      });
    });
  }).flat();
}

function weightsOf(state: DetectorState, spec: DetectorSpec): LearnerState {
  return Object.fromEntries(Object.keys(detectorParameters(spec)).map((name) => [name, state[name]!]));
}

/** Mean average precision over the words that are said of any picture. */
async function judge(session: Session, state: DetectorState, spec: DetectorSpec, sight: Sight): Promise<number> {
  const { pictures, seen, targets } = sight;
  const channels = spec.features.at(-1)!;
  const fed = tensor("float32", [pictures.length, channels], rowsOf(seen, channels, pictures));
  const { probabilities } = await session.run({ ...state, seen: fed });
  return meanAveragePrecision({
    labels: spec.words,
    scores: probabilities!.data as Float32Array,
    truth: Uint8Array.from(rowsOf(targets, spec.words, pictures)),
  });
}
