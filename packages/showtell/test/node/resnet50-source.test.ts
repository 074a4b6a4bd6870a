// The published weights of ResNet-50, as they lie in the cache: complete, with the names and shapes that the encoder is built from.
import { expect, test } from "vitest";
import { sizeOf } from "../../src/base/tensor.ts";
import { glovePackage } from "../../src/node/glove-source.ts";
import { loadResnet50Weights, resnet50Package } from "../../src/node/resnet50-source.ts";
import { describeGroup } from "../groups.ts";

test("the packages are known by version, hash and every wanted file's hash", () => {
  for (const { version, integrity, files } of [resnet50Package, glovePackage]) {
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(integrity).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
    for (const hash of Object.values(files)) expect(hash).toMatch(/^[0-9a-f]{64}$/);
  }
  expect(Object.keys(resnet50Package.files).filter((file) => file.endsWith("of25.bin"))).toHaveLength(25);
});

describeGroup("fp32-weights", () => {
  test("the weights are those of 53 convolutions, 53 batch normalisations and the head", async () => {
    const weights = await loadResnet50Weights();
    const names = [...weights.keys()];
    expect(names).toHaveLength(53 * 2 + 53 * 4 + 2);
    expect(names.filter((name) => /^(conv1|res[2-5][a-f]_branch(1|2[abc]))\/(kernel|bias)$/.test(name))).toHaveLength(
      106,
    );
    expect(
      names.filter((name) =>
        /^bn(_conv1|[2-5][a-f]_branch(1|2[abc]))\/(gamma|beta|moving_(mean|variance))$/.test(name),
      ),
    ).toHaveLength(212);
    expect(weights.get("conv1/kernel")!.shape).toEqual([7, 7, 3, 64]);
    expect(weights.get("res5a_branch1/kernel")!.shape).toEqual([1, 1, 1024, 2048]);
    expect(weights.get("bn4f_branch2b/moving_variance")!.shape).toEqual([256]);
    expect(weights.get("fc1000/kernel")!.shape).toEqual([2048, 1000]);
    expect([...weights.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0)).toBe(25_636_712);
  });

  test("the values are numbers of the right kind: variances are not negative, all are finite", async () => {
    for (const [name, { data }] of await loadResnet50Weights()) {
      const smallest = data.reduce((least, value) => Math.min(least, value), Infinity);
      expect(Number.isFinite(data.reduce((sum, value) => sum + value, 0)), name).toBe(true);
      if (name.endsWith("moving_variance")) expect(smallest, name).toBeGreaterThanOrEqual(0);
    }
  });
});
