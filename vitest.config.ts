// How the tests run: each package is a project, and core layers are measured for coverage.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      { test: { name: "caption-metrics", root: "packages/caption-metrics", include: ["test/**/*.test.ts"] } },
      {
        test: {
          name: "showtell",
          root: "packages/showtell",
          include: ["test/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // A file may hold nothing but groups whose requirement is missing (test/groups.ts); .ci/run counts a file
          // without tests as failed.
          passWithNoTests: true,
        },
      },
    ],
    // Two workers at most: every engine session brings its own thread pool.
    maxWorkers: 2,
    coverage: {
      provider: "v8",
      include: ["packages/caption-metrics/src/**", "packages/showtell/src/**"],
      reporter: ["text-summary", "json-summary"],
      reportOnFailure: true,
    },
  },
});
