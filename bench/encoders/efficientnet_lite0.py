"""EfficientNet-lite0 in PyTorch, written from its description, on the weights as torch.load reads them.

Usage: python efficientnet_lite0.py WEIGHTS.pth PICTURE.rgb...   (each 224 x 224 x 3 bytes, RGB)
Prints a JSON list: for each picture the mean, norm and some elements of the pooled features and of the 7 x 7 grid.
"""

import json
import math
import sys

import numpy
import torch
from torch.nn import functional

weights_path, *pictures = sys.argv[1:]
weights = torch.load(weights_path, map_location="cpu", weights_only=True)
# repeats, kernel, stride, expansion, outputs
STAGES = [
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320),
]


def padded(x, kernel, stride):
    sides = []
    for size in reversed(x.shape[2:]):
        total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
        sides += [total // 2, total - total // 2]
    return functional.pad(x, sides)


def convolution(x, name, stride=1):
    kernel = weights[f"{name}.weight"].double()
    groups = x.shape[1] // kernel.shape[1]
    return functional.conv2d(padded(x, kernel.shape[2], stride), kernel, stride=stride, groups=groups)


def normalised(x, name):
    mean, variance, weight, bias = (
        weights[f"{name}.{part}"].double() for part in ("running_mean", "running_var", "weight", "bias")
    )
    return functional.batch_norm(x, mean, variance, weight, bias, eps=1e-3)


def features(x):
    x = functional.relu6(normalised(convolution(x, "_conv_stem", 2), "_bn0"))
    block = 0
    for repeats, _, first_stride, expansion, outputs in STAGES:
        for repeat in range(repeats):
            name, before = f"_blocks.{block}", x
            if expansion != 1:
                x = functional.relu6(normalised(convolution(x, f"{name}._expand_conv"), f"{name}._bn0"))
            stride = first_stride if repeat == 0 else 1
            x = functional.relu6(normalised(convolution(x, f"{name}._depthwise_conv", stride), f"{name}._bn1"))
            x = normalised(convolution(x, f"{name}._project_conv"), f"{name}._bn2")
            if repeat > 0:
                x = x + before
            assert x.shape[1] == outputs
            block += 1
    return functional.relu6(normalised(convolution(x, "_conv_head"), "_bn1"))


def answers(path):
    pixels = numpy.fromfile(path, dtype=numpy.uint8).reshape(224, 224, 3)
    x = (torch.from_numpy(pixels).double().permute(2, 0, 1)[None] - 127) / 128
    grid = features(x)[0]
    pooled = grid.mean((1, 2))
    return {
        "pooled": {
            "first8": pooled[:8].tolist(), "mean": pooled.mean().item(), "norm": pooled.norm().item(),
        },
        "grid": {
            "shape": list(grid.shape), "mean": grid.mean().item(),
            "corner8": grid[:8, 0, 0].tolist(), "center8": grid[:8, 3, 3].tolist(),
        },
    }


with torch.inference_mode():
    print(json.dumps([answers(path) for path in pictures]))
