"""The other side of bench/training/run.mjs: the same training steps in PyTorch. Prints captions and seconds as JSON.

Usage: python torch_steps.py FOLDER THREADS fp32|bf16

The same networks on the same batches, written as one would for speed: what belongs to a picture is computed once for all its
captions, what does not wait for the word before is one product over all words, and the layers behind the state see either all words or
(whichever is faster) those that are no padding. Clipping by the global norm, fused Adam.
Show and Tell's dropout masks hold over all words of a sentence, as showtell's: the cheapest to draw.
"""

import itertools
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


def kept(x, real):
    """x [steps, rows, size] -> its real words [n, size], if they are told; the padding goes too then."""
    return x if real is None else x[real]


def dropped(x, rate):
    """x with a mask over all but the time axis, which is first; x may have no time axis."""
    mask = torch.empty(x.shape[-2:], dtype=x.dtype).bernoulli_(1 - rate).div_(1 - rate)
    return x * mask


class ShowAndTell(nn.Module):
    """Standardised features, dropout, a linear layer as the first input of torch.nn.LSTM, which runs over the whole sequence."""

    def __init__(self, columns):
        super().__init__()
        self.vectors = nn.Embedding(spec["words"], spec["embeddingSize"])
        self.image = nn.Linear(spec["features"][0], spec["embeddingSize"])
        self.lstm = nn.LSTM(spec["embeddingSize"], spec["hiddenSize"])
        self.output = nn.Linear(spec["hiddenSize"], columns)

    def forward(self, features, words, real=None):
        """features [rows, size], words [steps, rows] -> logits [steps, rows, columns], or [n, columns] of the real ones"""
        rates = spec["dropout"]
        seen = dropped(functional.layer_norm(features, features.shape[-1:]), rates["features"])
        picture = self.image(seen).unsqueeze(0)
        inputs = torch.cat([picture, dropped(self.vectors(words), rates["input"]).to(picture.dtype)])
        hidden, _ = self.lstm(inputs)
        return self.output(kept(dropped(hidden[1:], rates["output"]), real))


class Grid(nn.Module):
    """Each position of the grid, and the mean of all, to the hidden size: [images, positions, hidden], [images, hidden]."""

    def __init__(self, with_mean):
        super().__init__()
        channels, hidden = spec["features"][-1], spec["hiddenSize"]
        self.position = nn.Linear(channels, hidden)
        self.mean = nn.Linear(channels, hidden) if with_mean else None
        self.dropout = nn.Dropout(spec["dropout"]["features"])

    def projected(self, features, layer):
        return self.dropout(functional.relu(layer(functional.layer_norm(features, features.shape[-1:]))))

    def forward(self, features):
        grid = self.projected(features, self.position)
        return grid, None if self.mean is None else self.projected(features.mean(1), self.mean)


class AttentionLstm(nn.Module):
    """What both LSTMs that look at the grid share: its projection, first states, words, and the layers behind the state."""

    def __init__(self, columns):
        super().__init__()
        hidden = spec["hiddenSize"]
        self.grid = Grid(with_mean=True)
        self.first_hidden = nn.Linear(hidden, hidden, bias=False)
        self.first_cell = nn.Linear(hidden, hidden, bias=False)
        self.vectors = nn.Embedding(spec["words"], spec["embeddingSize"])
        self.word_dropout = nn.Dropout(spec["dropout"]["input"])
        self.keys = nn.Linear(hidden, hidden, bias=False)
        self.queries = nn.Linear(hidden, hidden, bias=False)
        self.joined = nn.Linear(2 * hidden, hidden)
        self.output_dropout = nn.Dropout(spec["dropout"]["output"])
        self.output = nn.Linear(hidden, columns)

    def begin(self, features, rows):
        grid, image = self.grid(features)
        group = rows // len(features)
        state = [torch.tanh(layer(image)).repeat_interleave(group, 0) for layer in (self.first_hidden, self.first_cell)]
        return grid, self.keys(grid), state

    def logits(self, hidden, context, real):
        joined = torch.tanh(self.joined(torch.cat([kept(hidden, real), kept(context, real)], -1)))
        return self.output(self.output_dropout(joined))


class SoftAttention(AttentionLstm):
    """Additive attention before each word, scaled by a gate and fed into torch.nn.LSTMCell."""

    def __init__(self, columns):
        super().__init__(columns)
        hidden = spec["hiddenSize"]
        self.score = nn.Linear(hidden, 1, bias=False)
        self.gate = nn.Linear(hidden, 1)
        self.cell = nn.LSTMCell(spec["embeddingSize"] + hidden, hidden)

    def forward(self, features, words, real=None):
        """features [images, positions, channels], words [steps, rows] -> logits as Show and Tell's"""
        rows, images = words.shape[1], len(features)
        grid, keys, (hidden, cell) = self.begin(features, rows)
        inputs = self.word_dropout(self.vectors(words)).to(grid.dtype)
        outputs, contexts = [], []
        for word in inputs:
            query = self.queries(hidden).view(images, rows // images, 1, -1)
            scores = self.score(torch.tanh(query + keys.unsqueeze(1))).squeeze(-1)
            seen = torch.bmm(scores.softmax(-1), grid).view(rows, -1)
            context = torch.sigmoid(self.gate(hidden)) * seen
            hidden, cell = self.cell(torch.cat([word, context], -1), (hidden, cell))
            outputs.append(hidden)
            contexts.append(context)
        return self.logits(torch.stack(outputs), torch.stack(contexts), real)


class ParallelAttention(AttentionLstm):
    """torch.nn.LSTM over the whole sequence; dot-product attention behind it, for all words at once."""

    def __init__(self, columns):
        super().__init__(columns)
        hidden = spec["hiddenSize"]
        self.values = nn.Linear(hidden, hidden, bias=False)
        self.lstm = nn.LSTM(spec["embeddingSize"], hidden)

    def forward(self, features, words, real=None):
        steps, rows, images = *words.shape, len(features)
        grid, keys, (hidden, cell) = self.begin(features, rows)
        inputs = self.word_dropout(self.vectors(words)).to(grid.dtype)
        outputs, _ = self.lstm(inputs, (hidden.unsqueeze(0), cell.unsqueeze(0)))
        # All words of a picture's captions together: [images, group · steps, hidden].
        by_picture = outputs.transpose(0, 1).reshape(images, -1, outputs.shape[-1])
        seen = functional.scaled_dot_product_attention(self.queries(by_picture), keys, self.values(grid))
        context = seen.view(rows, steps, -1).transpose(0, 1)
        return self.logits(outputs, context, real)


class TransformerLayer(nn.Module):
    """Normalised in front; attention to the picture shares keys and values among its captions."""

    def __init__(self):
        super().__init__()
        hidden, rate = spec["hiddenSize"], spec["dropout"]["output"]
        self.norms = nn.ModuleList(nn.LayerNorm(hidden) for _ in range(3))
        self.self_in = nn.Linear(hidden, 3 * hidden, bias=False)
        self.self_out = nn.Linear(hidden, hidden, bias=False)
        self.picture = nn.ModuleDict({name: nn.Linear(hidden, hidden, bias=False) for name in ("q", "k", "v", "out")})
        self.forward_in = nn.Linear(hidden, spec["forwardSize"])
        self.forward_out = nn.Linear(spec["forwardSize"], hidden)
        self.dropout = nn.Dropout(rate)

    def by_head(self, x):
        """[n, words, hidden] -> [n, heads, words, size of a head]"""
        return x.unflatten(-1, (spec["heads"], -1)).transpose(1, 2)

    def forward(self, x, grid):
        """x [rows, steps, hidden], grid [images, positions, hidden]"""
        attention = functional.scaled_dot_product_attention
        asked = [self.by_head(part) for part in self.self_in(self.norms[0](x)).chunk(3, -1)]
        heard = attention(*asked, is_causal=True).transpose(1, 2).flatten(2)
        x = x + self.dropout(self.self_out(heard))
        queries = self.picture["q"](self.norms[1](x)).reshape(len(grid), -1, x.shape[-1])
        keys, values = self.picture["k"](grid), self.picture["v"](grid)
        seen = attention(*map(self.by_head, (queries, keys, values))).transpose(1, 2).reshape(x.shape)
        x = x + self.dropout(self.picture["out"](seen))
        inside = functional.relu(self.forward_in(self.norms[2](x)))
        return x + self.dropout(self.forward_out(inside))


class Transformer(nn.Module):
    def __init__(self, columns):
        super().__init__()
        hidden = spec["hiddenSize"]
        self.grid = Grid(with_mean=False)
        self.vectors = nn.Embedding(spec["words"], spec["embeddingSize"])
        self.input = nn.Linear(spec["embeddingSize"], hidden)
        self.places = nn.Embedding(256, hidden)
        self.input_dropout = nn.Dropout(spec["dropout"]["input"])
        self.layers = nn.ModuleList(TransformerLayer() for _ in range(spec["layers"]))
        self.norm = nn.LayerNorm(hidden)
        self.output_dropout = nn.Dropout(spec["dropout"]["output"])
        self.output = nn.Linear(hidden, columns)

    def forward(self, features, words, real=None):
        grid, _ = self.grid(features)
        places = self.places.weight[: len(words)]
        x = self.input_dropout(self.input(self.vectors(words.T)) + places)
        for layer in self.layers:
            x = layer(x, grid)
        return self.output(self.output_dropout(self.norm(kept(x.transpose(0, 1), real))))


networks = {
    "show-and-tell": ShowAndTell,
    "soft-attention": SoftAttention,
    "parallel-attention": ParallelAttention,
    "transformer": Transformer,
}
network = networks[spec["kind"]]


features = load("features.f16", numpy.float16).view(-1, *spec["features"])
streams = {
    "pictures": load("pictures.i32", numpy.int32).long(),
    "words": load("words.i64", numpy.int64),
    "targets": load("targets.i64", numpy.int64),
}
batches = []
image = token = 0
for shape in plan["shapes"]:
    images, rows, steps = shape["images"], shape["rows"], shape["steps"]
    tokens = slice(token, token + steps * rows)
    batches.append(
        (
            shape["captions"],
            streams["pictures"][image : image + images] % len(features),
            streams["words"][tokens].view(steps, rows),
            streams["targets"][tokens],
        )
    )
    image, token = image + images, token + steps * rows


def make_step(columns, onednn, packs):
    """A training step of a fresh model. PyTorch has two LSTMs: oneDNN's, and its own over plain products."""
    model = network(columns)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)

    def step(pictures, words, targets):
        adam.zero_grad(set_to_none=True)
        with torch.backends.mkldnn.flags(enabled=onednn):
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                real = targets.view(words.shape) != 0 if packs else None
                logits = model(features[pictures].float(), words, real).flatten(0, -2).float()
                loss = functional.cross_entropy(logits, targets[targets != 0] if packs else targets, ignore_index=0)
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
    """The variant that is fastest here on a batch: the output layer as wide as showtell's or not, of all words or the real ones, either LSTM."""
    lstms = (True, False) if precision == "fp32" else (True,)  # without oneDNN, products in bfloat16 take forever
    variants = list(itertools.product((spec["words"], plan["columns"]), lstms, (True, False)))
    steps = {variant: make_step(*variant) for variant in variants}
    some = [batches[len(batches) // 2]]
    best = {}
    for _ in range(3):  # the first time warms up
        for variant, step in steps.items():
            best[variant] = min(best.get(variant, float("inf")), seconds_for(step, some)[0])
    return min(best, key=best.get)


# Asking for the flags of oneDNN warns of a setting for graphics cards.
warnings.simplefilter("ignore")
columns, onednn, packs = fastest()
step = make_step(columns, onednn, packs)
# Once a shape before the clock starts, as on the other side.
for batch in {len(batch[2]): batch for batch in batches}.values():
    step(*batch[1:])
seconds, loss = seconds_for(step, batches)
captions = sum(batch[0] for batch in batches)
variant = f"output layer of {columns} columns for {'real' if packs else 'all'} words, {'oneDNN' if onednn else 'native'} LSTM"
print(json.dumps({"captions": captions, "seconds": seconds, "loss": loss, "variant": variant}))
