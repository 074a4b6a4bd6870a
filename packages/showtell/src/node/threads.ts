// How many threads the engine gets: what the process may use, capped by its container's quota. Knows no engine.
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** Where Linux states the processor time of the process's control group: version 2, then version 1. */
const quotaFiles = {
  current: "/sys/fs/cgroup/cpu.max",
  quota: "/sys/fs/cgroup/cpu/cpu.cfs_quota_us",
  period: "/sys/fs/cgroup/cpu/cpu.cfs_period_us",
} as const;

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * Processors that a container may keep busy, not rounded; undefined where there is no quota or no way to know.
 * @param read The content of a file, or undefined (for tests).
 */
export function containerQuota(read: (path: string) => string | undefined = textOf): number | undefined {
  const [quota, period] = (read(quotaFiles.current) ?? `${read(quotaFiles.quota)} ${read(quotaFiles.period)}`)
    .trim()
    .split(/\s+/);
  const processors = Number(quota) / Number(period);
  return processors > 0 && Number.isFinite(processors) ? processors : undefined;
}

/** Threads for one operator where nobody says otherwise. Node 20 itself does not look at a container's quota. */
export function defaultThreads(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(containerQuota() ?? Infinity)));
}
