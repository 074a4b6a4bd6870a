// What a comparison tells while it goes on: which run it is at, and what that run itself tells.
import type { ComparisonNews } from "../node/comparison-request.ts";
import { runTitle } from "./comparison-lines.ts";
import { reportEvaluation } from "./evaluate.ts";
import type { Terminal } from "./terminal.ts";
import { reportTraining } from "./training-report.ts";

type News<Kind extends ComparisonNews["kind"]> = Extract<ComparisonNews, { readonly kind: Kind }>;

/** Tells a comparison's news to a terminal; `stop` takes the bar away. */
export function reportComparison(terminal: Terminal): { onNews(this: void, news: ComparisonNews): void; stop(): void } {
  const training = reportTraining(terminal);
  const measuring = reportEvaluation(terminal);
  const stop = (): void => {
    training.stop();
    measuring.stop();
  };
  const tellers: { readonly [Kind in ComparisonNews["kind"]]: (news: News<Kind>) => void } = {
    run({ state, done, total }) {
      stop();
      terminal.note(`run ${done + 1} of ${total}: ${runTitle(state)}`);
    },
    training: ({ news }) => training.onNews(news),
    measuring({ news }) {
      training.stop();
      measuring.onNews(news);
    },
    record({ record: { name, evaluation } }) {
      stop();
      const cider = (100 * (evaluation.scores["CIDEr"] ?? 0)).toFixed(1);
      terminal.note(`record ${name}: CIDEr ${cider} on ${evaluation.pictures} pictures of ${evaluation.split}`);
    },
  };
  return { onNews: (news) => (tellers[news.kind] as (one: ComparisonNews) => void)(news), stop };
}
