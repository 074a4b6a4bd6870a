// A vitest reporter that counts for .ci/run. Whatever is not a plain pass counts as failed: a test that was skipped, is to
// be written or passed only when retried, a file that could not be loaded or has no test, an error outside of any test.
import { writeFileSync } from "node:fs";
import { relative } from "node:path";

// oxlint-disable-next-line import/no-default-export -- vitest looks for the default export
export default class CountReporter {
  onTestRunEnd(modules, unhandledErrors) {
    let passed = 0;
    const failed = unhandledErrors.map((error) => `outside of any test: ${error.message.split("\n")[0]}`);
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      const file = relative(process.cwd(), module.moduleId);
      if (module.errors().length > 0) failed.push(`${file}: could not be loaded`);
      else if (tests.length === 0) failed.push(`${file}: has no test`);
      for (const test of tests) {
        const { state } = test.result();
        const retried = (test.diagnostic()?.retryCount ?? 0) > 0;
        if (state === "passed" && !retried) passed++;
        else failed.push(`${file}: ${test.fullName}: ${retried ? "retried" : state}`);
      }
    }
    writeFileSync(process.env.SHOWTELL_COUNTS, JSON.stringify({ passed, failed }));
  }
}
