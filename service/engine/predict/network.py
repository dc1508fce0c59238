"""A small network: standardised numbers and an item vector in, log-odds out.

Two rectified layers beside a linear path, a bias and a short learned vector per item. Trained by
Adam (Kingma and Ba 2015) on log loss with a cosine step size. NumPy only: a matrix product each
way costs less than a compiler's start.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from service.engine.predict.events import Floats, Ints, Singles
from service.engine.predict.fixed_point import Reals, WholeNetwork
from service.engine.predict.platt import PLATT_PRIOR, PLATT_STEPS, straightened

Layers = list[Singles] | tuple[Singles, ...]

ITEM_WIDTH = 8
BATCH = 2048
LEAST_BATCH = 128
LEAST_STEPS = 300
STEP = 3e-3
WARM_UP = 100
DECAY = 1e-4
CLIP = 5.0
LARGE_BLOCK = 16_384


@dataclass(frozen=True)
class Network:
    """Weights by layer; `items` and `item_bias` have one row per known item and a last unknown.

    `mean` and `scale` standardise the inputs; `layers` alternates weight and bias; `outputs` is
    the number of columns of log-odds.
    """

    mean: Singles
    scale: Singles
    layers: tuple[Singles, ...]
    items: Singles
    item_bias: Singles

    def log_odds(self, inputs: Reals, item_rows: Ints) -> Floats:
        """Log-odds (rows, outputs) of raw inputs (rows, features) for the items at `item_rows`.

        In whole numbers (see fixed_point.py): a row has the same bits alone as among any others,
        whatever the processor and the number of threads.
        """
        return self._whole.log_odds(inputs, item_rows)

    @cached_property
    def _whole(self) -> WholeNetwork:
        return WholeNetwork(
            mean=self.mean,
            scale=self.scale,
            layers=self.layers,
            items=self.items,
            item_bias=self.item_bias,
            clip=CLIP,
        )


def tempered(
    network: Network, *, apart: tuple[Floats, Floats], learned: tuple[Floats, Floats, Floats]
) -> Network:
    """The network with its log-odds shrunk (a + b odds) as far as it was too sure of itself.

    For one output. b is found on examples it did not learn from, `apart` (log-odds, bought). Their
    level is that of few households, so a keeps the level of what was `learned` (log-odds, bought,
    weight).
    """
    odds, bought = apart
    stretch, shift = 1.0, 0.0
    if len(odds):
        stretch = straightened(odds, bought, np.ones(len(odds)))[1]
    odds, bought, weight = learned
    for _ in range(PLATT_STEPS):
        chance = 1.0 / (1.0 + np.exp(-(shift + stretch * odds)))
        steep = float((weight * chance * (1.0 - chance)).sum()) + PLATT_PRIOR
        shift += float((weight * (bought - chance)).sum()) / steep
    *inner, last, base, linear = network.layers
    wide = np.float32(stretch)
    return replace(
        network,
        layers=(*inner, last * wide, base * wide + np.float32(shift), linear * wide),
        item_bias=network.item_bias * wide,
    )


def train(
    inputs: Reals,
    targets: Floats,
    item_rows: Ints,
    *,
    items: int,
    epochs: int,
    seed: int,
    hidden: tuple[int, ...],
    asked: Floats | None = None,
    added: Floats | None = None,
) -> Network:
    """Fit to 0/1 `targets` (rows, outputs); `item_rows` below `items`, or `items` if unknown.

    `hidden` are the widths of the rectified layers; `asked` weights each target (0 leaves it out);
    `added` is log-odds known beforehand, per row, beside which the network learns the rest.
    A small set is gone through more often, in smaller batches.
    """
    random = np.random.default_rng(seed)
    mean = inputs.mean(axis=0, dtype=np.float64).astype(np.float32)
    scale = (_spread(inputs, mean) + 1e-6).astype(np.float32)
    standard = _standard(inputs, mean, scale)
    wanted = targets.astype(np.float32)
    known = np.zeros(len(wanted)) if added is None else added
    beside = known.astype(np.float32)[:, None]
    asking = np.ones_like(wanted) if asked is None else asked.astype(np.float32)
    told = asking.sum(axis=0, dtype=np.float64) + 1e-9
    share = np.clip((wanted * asking).sum(axis=0, dtype=np.float64) / told, 1e-4, 1.0 - 1e-4)
    weights = _start(random, (inputs.shape[1], *hidden), items + 1, np.log(share / (1.0 - share)))
    moments = [(np.zeros_like(w), np.zeros_like(w)) for w in weights]
    batch = min(BATCH, max(LEAST_BATCH, len(wanted) // LEAST_STEPS), len(wanted))
    steps = len(wanted) // batch
    epochs = max(epochs, -(-LEAST_STEPS // steps))
    done = 0
    for _ in range(epochs):
        order = random.permutation(len(wanted))
        for at in range(steps):
            rows = order[at * batch : (at + 1) * batch]
            done += 1
            slopes = _slopes(
                standard[rows],
                wanted[rows],
                asking[rows],
                beside[rows],
                item_rows[rows],
                weights,
            )
            rate = STEP * min(1.0, done / WARM_UP)
            rate *= 0.5 * (1.0 + np.cos(np.pi * done / (steps * epochs))) + 0.01
            _adam(weights, slopes, moments, done, rate)
    *layers, vectors, bias = weights
    vectors[items] = 0.0
    bias[items] = 0.0
    return Network(mean, scale, tuple(layers), vectors, bias)


def _start(
    random: np.random.Generator, widths: tuple[int, ...], items: int, base: Floats
) -> list[Singles]:
    """First weights: layers, linear path, item vectors, item biases."""
    outputs = len(base)
    features, *inner = widths
    sizes = (features + ITEM_WIDTH, *inner)
    weights: list[Singles] = []
    for wide, narrow in itertools.pairwise(sizes):
        draw = random.standard_normal((wide, narrow)) * np.sqrt(2.0 / wide)
        weights += [draw.astype(np.float32), np.zeros(narrow, dtype=np.float32)]
    last = random.standard_normal((sizes[-1], outputs)) * 0.1 / np.sqrt(sizes[-1])
    weights += [last.astype(np.float32), base.astype(np.float32)]
    weights.append(np.zeros((features, outputs), dtype=np.float32))
    vectors = random.standard_normal((items, ITEM_WIDTH)) * 0.05
    return [*weights, vectors.astype(np.float32), np.zeros((items, outputs), dtype=np.float32)]


def _standard(inputs: Reals, mean: Singles, scale: Singles) -> Singles:
    kept = inputs.astype(np.float32)
    kept -= mean
    kept /= scale
    return np.clip(kept, -CLIP, CLIP, out=kept)


def _spread(inputs: Reals, mean: Singles) -> Floats:
    """The standard deviation of each column, found a block at a time."""
    square = np.zeros(inputs.shape[1])
    for start in range(0, len(inputs), LARGE_BLOCK):
        off = inputs[start : start + LARGE_BLOCK] - mean.astype(np.float64)
        square += np.einsum("nk,nk->k", off, off)
    return np.asarray(np.sqrt(square / len(inputs)))


def _forward(standard: Reals, layers: Layers, given: Reals) -> list[Reals]:
    """The output of each rectified layer; `given` is what the items add to the first."""
    first = standard @ layers[0][: standard.shape[1]]
    first += given
    values: list[Reals] = []
    for k in range((len(layers) - 3) // 2):
        value = first if k == 0 else values[-1] @ layers[2 * k]
        value += layers[2 * k + 1]
        values.append(np.maximum(value, 0.0, out=value))
    return values


def _head(standard: Reals, last: Reals, layers: Layers) -> Reals:
    at = len(layers) - 3
    return np.asarray(last @ layers[at] + layers[at + 1] + standard @ layers[at + 2])


def _slopes(
    standard: Singles,
    wanted: Singles,
    asking: Singles,
    beside: Singles,
    item_rows: Ints,
    weights: list[Singles],
) -> list[Singles]:
    """Gradients of the mean log loss, one array per weight."""
    *layers, vectors, bias = weights
    features, depth = standard.shape[1], (len(layers) - 3) // 2
    own = vectors[item_rows]
    values = _forward(standard, layers, own @ layers[0][features:])
    score = _head(standard, values[-1], layers) + bias[item_rows] + beside
    error = asking * (1.0 / (1.0 + np.exp(-score)) - wanted) / np.float32(len(wanted))
    slopes = [np.empty(0, dtype=np.float32)] * len(weights)
    slopes[2 * depth] = values[-1].T @ error
    slopes[2 * depth + 1] = error.sum(axis=0)
    slopes[2 * depth + 2] = standard.T @ error
    back = error @ layers[2 * depth].T
    for k in range(depth - 1, 0, -1):
        back = back * (values[k] > 0)
        slopes[2 * k] = values[k - 1].T @ back
        slopes[2 * k + 1] = back.sum(axis=0)
        back = back @ layers[2 * k].T
    back = back * (values[0] > 0)
    slopes[0] = np.vstack([standard.T @ back, own.T @ back])
    slopes[1] = back.sum(axis=0)
    slopes[-2] = _gathered(item_rows, back @ layers[0][features:].T, vectors.shape)
    slopes[-1] = _gathered(item_rows, error, bias.shape)
    return slopes


def _gathered(rows: Ints, values: Singles, shape: tuple[int, ...]) -> Singles:
    """Sums of `values` by row, column after column."""
    sums = [np.bincount(rows, values[:, c], minlength=shape[0]) for c in range(shape[1])]
    return np.stack(sums, axis=1).astype(np.float32)


def _adam(
    weights: list[Singles],
    slopes: list[Singles],
    moments: list[tuple[Singles, Singles]],
    done: int,
    rate: float,
) -> None:
    """One step in place; matrices are pulled a little to zero."""
    first, second = 1.0 - 0.9**done, 1.0 - 0.999**done
    for weight, slope, (mean, square) in zip(weights, slopes, moments, strict=True):
        pulled = slope + DECAY * weight if weight.ndim == 2 else slope
        mean += 0.1 * (pulled - mean)
        square += 0.001 * (pulled * pulled - square)
        weight -= np.float32(rate / first) * mean / (np.sqrt(square / second) + 1e-7)
