// The groups of tests that need more than installing brings: left out where that is missing, a failure where all is required.
import { describe, expect, test } from "vitest";
import { fateOf, groups } from "./groups.ts";

const present = { needs: "air", command: "breathe", isThere: () => true };
const missing = { ...present, isThere: () => false };

describe("a group of tests", () => {
  test("runs where its requirement is there", () => {
    expect(fateOf(present, false)).toBe("run");
    expect(fateOf(present, true)).toBe("run");
  });

  test("is left out where it is missing, and fails if everything is required", () => {
    expect(fateOf(missing, false)).toBe("leave out");
    expect(fateOf(missing, true)).toBe("fail");
  });

  test.each(Object.entries(groups))("%s says what it needs and which command brings it", (_, { needs, command }) => {
    expect(needs).toMatch(/\w+/);
    expect(command).toMatch(/^(?:node|npx|npm|apt-get|python3) /);
  });
});
