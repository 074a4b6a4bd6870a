"""The other side of bench/training/run.mjs: the same training steps in PyTorch. Prints captions and seconds as JSON.

Usage: python torch_steps.py FOLDER THREADS fp32|bf16

The same network on the same batches: standardised features, dropout, a linear layer as the LSTM's first input, word vectors
with dropout, torch.nn.LSTM over the whole sequence, dropout, output layer, cross-entropy, clipping by the global norm, fused
Adam. A dropout mask holds over all words of a sentence, as showtell's: the cheapest to draw.
"""

import json
import pathlib
import sys
import time
import warnings

import numpy
import torch
from torch import nn
from torch.nn import functional

folder, threads, precision = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
torch.set_num_threads(threads)
torch.manual_seed(1)

plan = json.loads((folder / "batches.json").read_text())
spec = plan["spec"]


def load(name, dtype):
    return torch.from_numpy(numpy.fromfile(folder / name, dtype=dtype))


def dropped(x, rate):
    """x with a mask over all but the time axis, which is first; x may have no time axis."""
    mask = torch.empty(x.shape[-2:], dtype=x.dtype).bernoulli_(1 - rate).div_(1 - rate)
    return x * mask


class ShowAndTell(nn.Module):
    def __init__(self, columns):
        super().__init__()
        self.vectors = nn.Embedding(spec["words"], spec["embeddingSize"])
        self.image = nn.Linear(spec["features"][0], spec["embeddingSize"])
        self.lstm = nn.LSTM(spec["embeddingSize"], spec["hiddenSize"])
        self.output = nn.Linear(spec["hiddenSize"], columns)

    def forward(self, features, words):
        """features [rows, size], words [steps, rows] -> logits [steps, rows, columns]"""
        rates = spec["dropout"]
        seen = dropped(functional.layer_norm(features, features.shape[-1:]), rates["features"])
        picture = self.image(seen).unsqueeze(0)
        inputs = torch.cat([picture, dropped(self.vectors(words), rates["input"]).to(picture.dtype)])
        hidden, _ = self.lstm(inputs)
        return self.output(dropped(hidden[1:], rates["output"]))


features = load("features.f16", numpy.float16).view(-1, spec["features"][0])
streams = {
    "pictures": load("pictures.i32", numpy.int32).long(),
    "words": load("words.i64", numpy.int64),
    "targets": load("targets.i64", numpy.int64),
}
batches = []
row = token = 0
for shape in plan["shapes"]:
    rows, steps = shape["rows"], shape["steps"]
    tokens = slice(token, token + steps * rows)
    batches.append(
        (
            shape["captions"],
            streams["pictures"][row : row + rows],
            streams["words"][tokens].view(steps, rows),
            streams["targets"][tokens],
        )
    )
    row, token = row + rows, token + steps * rows


def make_step(columns, onednn):
    """A training step of a fresh model. PyTorch has two LSTMs: oneDNN's, and its own over plain products."""
    model = ShowAndTell(columns)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)

    def step(pictures, words, targets):
        adam.zero_grad(set_to_none=True)
        with torch.backends.mkldnn.flags(enabled=onednn):
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                logits = model(features[pictures].float(), words)
                loss = functional.cross_entropy(logits.flatten(0, 1), targets, ignore_index=0)
            loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5)
        adam.step()
        return loss.item()

    return step


def seconds_for(step, some):
    started = time.perf_counter()
    for batch in some:
        loss = step(*batch[1:])
    return time.perf_counter() - started, loss


def fastest():
    """The variant that is fastest here on a batch: with the output layer padded as showtell's or not, with either LSTM."""
    lstms = (True, False) if precision == "fp32" else (True,)  # without oneDNN, products in bfloat16 take forever
    variants = [(columns, onednn) for columns in (spec["words"], plan["columns"]) for onednn in lstms]
    steps = {variant: make_step(*variant) for variant in variants}
    some = [batches[len(batches) // 2]]
    best = {}
    for _ in range(3):  # the first time warms up
        for variant, step in steps.items():
            best[variant] = min(best.get(variant, float("inf")), seconds_for(step, some)[0])
    return min(best, key=best.get)


# Asking for the flags of oneDNN warns of a setting for graphics cards.
warnings.simplefilter("ignore")
columns, onednn = fastest()
step = make_step(columns, onednn)
# Once a shape before the clock starts, as on the other side.
for batch in {len(batch[2]): batch for batch in batches}.values():
    step(*batch[1:])
seconds, loss = seconds_for(step, batches)
captions = sum(batch[0] for batch in batches)
variant = f"output layer of {columns} columns, {'oneDNN' if onednn else 'native'} LSTM"
print(json.dumps({"captions": captions, "seconds": seconds, "loss": loss, "variant": variant}))
