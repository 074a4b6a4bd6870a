// Trains in a process of its own, so that a test can kill it: node training-child.mjs REQUEST-AS-JSON.
import { trainCaptioner } from "showtell/node";

await trainCaptioner(JSON.parse(process.argv[2]), {
  onNews: (news) => process.stdout.write(`${news.kind} ${"step" in news ? news.step : ""}\n`),
});
