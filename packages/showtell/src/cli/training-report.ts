// What a training run tells while it goes on: bars for features and steps, and a few lines after each epoch.
import type { CaptionQuality } from "../evaluate/caption-quality.ts";
import type { TrainingNews } from "../node/training-request.ts";
import type { Progress, Terminal } from "./terminal.ts";
import { byteSize, counted, duration, oneLine } from "./wording.ts";

type News<Kind extends TrainingNews["kind"]> = Extract<TrainingNews, { readonly kind: Kind }>;

/** Tells a run's news to a terminal; `stop` takes the bar away. */
export function reportTraining(terminal: Terminal): { onNews(this: void, news: TrainingNews): void; stop(): void } {
  let bar: { readonly kind: TrainingNews["kind"]; readonly progress: Progress } | undefined;
  const stop = (): void => {
    bar?.progress.stop();
    bar = undefined;
  };
  /** The bar of this kind of news, which takes the place of another. */
  const barOf = (kind: TrainingNews["kind"], start: () => Progress): Progress => {
    if (bar?.kind !== kind) {
      stop();
      bar = { kind, progress: start() };
    }
    return bar.progress;
  };
  const note = (lines: readonly string[]): void => {
    for (const line of lines) terminal.note(line);
  };
  const tellers: { readonly [Kind in TrainingNews["kind"]]: (news: News<Kind>) => void } = {
    "broken picture": ({ error }) => terminal.error(error),
    features({ progress: { done, total, secondsLeft } }) {
      const start = (): Progress => terminal.progress("features", total, { unit: "pictures" });
      barOf("features", start).update(done, { secondsLeft });
    },
    prepared(news) {
      stop();
      note(preparedLines(news));
    },
    looking({ done, total }) {
      const start = (): Progress => terminal.progress("looking for words", total, { unit: "pictures" });
      barOf("looking", start).update(done);
    },
    detecting({ done, total, averagePrecision }) {
      const start = (): Progress => terminal.progress("training the detector", total, { unit: "passes at most" });
      barOf("detecting", start).update(done, { note: `mean average precision ${averagePrecision.toFixed(3)} on dev` });
    },
    attributes({ words, pass, averagePrecision, seconds }) {
      stop();
      terminal.note(
        `a detector of ${counted(words, "word")}: mean average precision ${averagePrecision.toFixed(3)} on dev, best in pass ${pass}, ${duration(seconds)}`,
      );
    },
    teaching({ done, total }) {
      const start = (): Progress => terminal.progress("asking the teacher", total, { unit: "pictures" });
      barOf("teaching", start).update(done);
    },
    step({ step, steps, epoch, loss, captionsPerSecond }) {
      const start = (): Progress => terminal.progress("training", steps, { unit: "steps", from: step - 1 });
      const rate = Math.round(captionsPerSecond).toLocaleString("en");
      barOf("step", start).update(step, { note: `epoch ${epoch}, loss ${loss.toFixed(3)}, ${rate} captions/s` });
    },
    judging({ done, total }) {
      const start = (): Progress => terminal.progress("captioning dev", total, { unit: "pictures" });
      barOf("judging", start).update(done);
    },
    comparing({ done, total }) {
      const start = (): Progress => terminal.progress("comparing", total, { unit: "captions" });
      barOf("comparing", start).update(done);
    },
    epoch: (news) => note(epochLines(news)),
    checkpoint: () => undefined,
  };
  return { onNews: (news) => (tellers[news.kind] as (one: TrainingNews) => void)(news), stop };
}

function preparedLines(news: News<"prepared">): readonly string[] {
  const { words, trainCaptions, devCaptions, oldCaptions, addedWords, missingVectors, report, resumedAt } = news;
  const captions = `${counted(trainCaptions, "training caption")} and ${counted(devCaptions, "dev caption")}`;
  return [
    `${captions}, a vocabulary of ${counted(words, "word")}, ${percent(report.unknown.dev.rate)} of the dev words unknown`,
    ...(oldCaptions > 0 ? [`${counted(oldCaptions, "training caption")} of old data among them`] : []),
    ...(addedWords.length > 0 ? [`${counted(addedWords.length, "new word")}: ${someWords(addedWords)}`] : []),
    ...report.cleaning.map(
      ({ rule, tokensDropped, tokensChanged }) =>
        `rule ${rule}: ${counted(tokensDropped, "token")} dropped, ${counted(tokensChanged, "token")} changed`,
    ),
    ...(report.emptyCaptions > 0 ? [`${counted(report.emptyCaptions, "empty caption")} left out`] : []),
    ...(missingVectors.length > 0 ? [missingLine(missingVectors)] : []),
    ...(resumedAt === undefined ? [] : [`going on after epoch ${resumedAt.epoch}, step ${resumedAt.step}`]),
  ];
}

/** Words that are named. */
const shownWords = 8;

function missingLine(words: readonly string[]): string {
  return `${counted(words.length, "word")} without a vector, drawn at random: ${someWords(words)}`;
}

/** The first of some words. */
export function someWords(words: readonly string[]): string {
  return words.slice(0, shownWords).map(oneLine).join(" ") + (words.length > shownWords ? " …" : "");
}

function epochLines(news: News<"epoch">): readonly string[] {
  const { epoch, train, dev, scores, best, captionsPerSecond, seconds, residentBytes, samples } = news;
  const rate = Math.round(captionsPerSecond).toLocaleString("en");
  return [
    `epoch ${epoch}${best ? " (best)" : ""}: loss ${train.loss.toFixed(3)}, dev ${dev.loss.toFixed(3)}; ` +
      (scores === undefined ? "" : `${scoresText(scores)}; `) +
      (train.reward === undefined ? "" : `reward ${train.reward.toFixed(3)}, `) +
      `accuracy ${percent(train.accuracy)}, dev ${percent(dev.accuracy)}; ` +
      `${rate} captions/s, ${duration(seconds)}, ${byteSize(residentBytes)} of memory`,
    ...samples.map(({ image, caption, reference }) => oneLine(`  ${image}: ${caption} (a person: ${reference})`)),
  ];
}

/** × 100, as papers print them. */
export function scoresText(scores: CaptionQuality): string {
  return `CIDEr ${(100 * scores.CIDEr).toFixed(1)}, BLEU-4 ${(100 * scores["BLEU-4"]).toFixed(1)}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
