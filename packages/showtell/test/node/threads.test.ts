// The number of threads: what the machine has, and not more than a container's quota.
import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { containerQuota, defaultThreads } from "../../src/node/threads.ts";

function quotaWith(files: Readonly<Record<string, string>>): number | undefined {
  return containerQuota((path) => files[path]);
}

test("reads the quota of both versions of control groups", () => {
  expect(quotaWith({ "/sys/fs/cgroup/cpu.max": "150000 100000\n" })).toBe(1.5);
  expect(quotaWith({ "/sys/fs/cgroup/cpu.max": "max 100000\n" })).toBeUndefined();
  const old = { "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "200000\n", "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n" };
  expect(quotaWith(old)).toBe(2);
  expect(quotaWith({ ...old, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n" })).toBeUndefined();
  expect(quotaWith({})).toBeUndefined();
});

test("is a whole number from 1 to what the machine has", () => {
  expect(Number.isInteger(defaultThreads())).toBe(true);
  expect(defaultThreads()).toBeGreaterThanOrEqual(1);
  expect(defaultThreads()).toBeLessThanOrEqual(availableParallelism());
});
