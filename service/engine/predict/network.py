"""A small neural network: standardised features and an item vector in, log-odds out.

Two rectified layers and a linear path beside them; each item has a bias and a short learned vector.
It is trained by Adam (Kingma and Ba 2015) on log loss with a cosine step size. Its sums
are added up in one order (loops/products.py), so that the weights are the same on any processor.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from service.engine.loops.products import product
from service.engine.predict.events import Floats, Ints, Singles
from service.engine.predict.fixed_point import Reals, WholeNetwork
from service.engine.predict.platt import PLATT_PRIOR, PLATT_STEPS, fit_platt

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
    """The learned weights.

    `mean` and `scale` standardise the inputs. `layers` alternates weights and biases of the
    rectified layers, then holds weights and bias of the output and the weights of the linear path.
    `items` (vectors) and `item_bias` have one row per known item and a last row for all others.
    """

    mean: Singles
    scale: Singles
    layers: tuple[Singles, ...]
    items: Singles
    item_bias: Singles

    def log_odds(self, inputs: Reals, item_rows: Ints) -> Floats:
        """Log-odds (rows, outputs) of raw inputs (rows, features) for the items at `item_rows`.

        It is computed in whole numbers (see fixed_point.py), so that a row gets the same bits alone
        or among others, on any processor and with any number of threads.
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


def recalibrate(
    network: Network,
    *,
    validation: tuple[Floats, Floats, Floats],
    training: tuple[Floats, Floats, Floats],
) -> Network:
    """Return a network of one output whose log-odds are replaced by a + b odds (Platt 1999).

    b corrects overconfidence; it is fitted to `validation` examples (log-odds, bought, weight),
    which the network did not learn from. These come from few households, so a is fitted to the
    `training` examples instead (the same three).
    """
    odds, bought, weight = validation
    stretch, shift = 1.0, 0.0
    if len(odds):
        stretch = fit_platt(odds, bought, weight)[1]
    odds, bought, weight = training
    for _ in range(PLATT_STEPS):
        chance = 1.0 / (1.0 + np.exp(-(shift + stretch * odds)))
        curvature = float((weight * chance * (1.0 - chance)).sum()) + PLATT_PRIOR
        shift += float((weight * (bought - chance)).sum()) / curvature
    *inner, last, base, linear = network.layers
    factor = np.float32(stretch)
    return replace(
        network,
        layers=(*inner, last * factor, base * factor + np.float32(shift), linear * factor),
        item_bias=network.item_bias * factor,
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
    item_width: int = ITEM_WIDTH,
    target_weights: Floats | None = None,
    known_log_odds: Floats | None = None,
) -> Network:
    """Fit a network to 0/1 `targets` (rows, outputs).

    `item_rows` are below `items`, or `items` for an unknown item. `hidden` are the widths of the
    rectified layers, `item_width` that of the item vectors. `target_weights` has the shape of
    `targets`; weight 0 leaves a target out.
    `known_log_odds`, (rows) or (rows, outputs), are added to the outputs, so that the network
    learns only the rest.
    Small data gets more epochs than `epochs`, in smaller batches. The same seed gives the same
    network.
    """
    random = np.random.default_rng(seed)
    mean = inputs.mean(axis=0, dtype=np.float64).astype(np.float32)
    scale = (_standard_deviations(inputs, mean) + 1e-6).astype(np.float32)
    standard = _standardise(inputs, mean, scale)
    target = targets.astype(np.float32)
    offset = np.zeros(len(target)) if known_log_odds is None else known_log_odds
    known = offset.astype(np.float32).reshape(len(target), -1)
    target_weight = (
        np.ones_like(target) if target_weights is None else target_weights.astype(np.float32)
    )
    total_weight = target_weight.sum(axis=0, dtype=np.float64) + 1e-9
    positive = (target * target_weight).sum(axis=0, dtype=np.float64)
    share = np.clip(positive / total_weight, 1e-4, 1.0 - 1e-4)
    sizes, bias = (inputs.shape[1], *hidden), np.log(share / (1.0 - share))
    weights = _initial_weights(random, sizes, (items + 1, item_width), bias)
    moments = [(np.zeros_like(w), np.zeros_like(w)) for w in weights]
    batch = min(BATCH, max(LEAST_BATCH, len(target) // LEAST_STEPS), len(target))
    steps = len(target) // batch
    epochs = max(epochs, -(-LEAST_STEPS // steps))
    done = 0
    for _ in range(epochs):
        order = random.permutation(len(target))
        for at in range(steps):
            rows = order[at * batch : (at + 1) * batch]
            done += 1
            gradients = _gradients(
                standard[rows],
                target[rows],
                target_weight[rows],
                known[rows],
                item_rows[rows],
                weights,
            )
            rate = STEP * min(1.0, done / WARM_UP)
            rate *= 0.5 * (1.0 + np.cos(np.pi * done / (steps * epochs))) + 0.01
            _adam_step(weights, gradients, moments, done, rate)
    *layers, vectors, item_bias = weights
    vectors[items] = 0.0
    item_bias[items] = 0.0
    return Network(mean, scale, tuple(layers), vectors, item_bias)


def _initial_weights(
    random: np.random.Generator, widths: tuple[int, ...], items: tuple[int, int], base: Floats
) -> list[Singles]:
    """Initial weights: layers, output, linear path, item vectors (shape `items`), item biases."""
    outputs = len(base)
    features, *inner = widths
    sizes = (features + items[1], *inner)
    weights: list[Singles] = []
    for wide, narrow in itertools.pairwise(sizes):
        draw = random.standard_normal((wide, narrow)) * np.sqrt(2.0 / wide)
        weights += [draw.astype(np.float32), np.zeros(narrow, dtype=np.float32)]
    last = random.standard_normal((sizes[-1], outputs)) * 0.1 / np.sqrt(sizes[-1])
    weights += [last.astype(np.float32), base.astype(np.float32)]
    weights.append(np.zeros((features, outputs), dtype=np.float32))
    vectors = random.standard_normal(items) * 0.05
    return [*weights, vectors.astype(np.float32), np.zeros((items[0], outputs), dtype=np.float32)]


def _standardise(inputs: Reals, mean: Singles, scale: Singles) -> Singles:
    standard = inputs.astype(np.float32)
    standard -= mean
    standard /= scale
    return np.clip(standard, -CLIP, CLIP, out=standard)


def _standard_deviations(inputs: Reals, mean: Singles) -> Floats:
    """The standard deviation of each column, computed block by block to save memory."""
    square = np.zeros(inputs.shape[1])
    for start in range(0, len(inputs), LARGE_BLOCK):
        off = inputs[start : start + LARGE_BLOCK] - mean.astype(np.float64)
        square += np.einsum("nk,nk->k", off, off)
    return np.asarray(np.sqrt(square / len(inputs)))


def _forward(joined: Singles, layers: Layers) -> list[Singles]:
    """The output of each rectified layer; `joined` is standardised features and item vectors."""
    values: list[Singles] = []
    for k in range((len(layers) - 3) // 2):
        value = product(values[-1] if k else joined, layers[2 * k])
        value += layers[2 * k + 1]
        values.append(np.maximum(value, 0.0, out=value))
    return values


def _gradients(
    standard: Singles,
    target: Singles,
    target_weight: Singles,
    known: Singles,
    item_rows: Ints,
    weights: list[Singles],
) -> list[Singles]:
    """Gradients of the mean log loss, one array per weight."""
    *layers, vectors, bias = weights
    features, depth = standard.shape[1], (len(layers) - 3) // 2
    last, base, linear = layers[2 * depth :]
    joined = np.hstack([standard, vectors[item_rows]])
    values = _forward(joined, layers)
    score = product(values[-1], last) + base + product(standard, linear) + bias[item_rows] + known
    error = target_weight * (1.0 / (1.0 + np.exp(-score)) - target) / np.float32(len(target))
    gradients = [np.empty(0, dtype=np.float32)] * len(weights)
    gradients[2 * depth] = product(values[-1].T, error)
    gradients[2 * depth + 1] = error.sum(axis=0)
    gradients[2 * depth + 2] = product(standard.T, error)
    back = product(error, last.T)
    for k in range(depth - 1, -1, -1):
        back *= values[k] > 0
        gradients[2 * k] = product((values[k - 1] if k else joined).T, back)
        gradients[2 * k + 1] = back.sum(axis=0)
        back = product(back, (layers[2 * k] if k else layers[0][features:]).T)
    gradients[-2] = _sum_by_row(item_rows, back, vectors.shape)
    gradients[-1] = _sum_by_row(item_rows, error, bias.shape)
    return gradients


def _sum_by_row(rows: Ints, values: Singles, shape: tuple[int, ...]) -> Singles:
    """Sum `values` over equal `rows`, column by column."""
    sums = [np.bincount(rows, values[:, c], minlength=shape[0]) for c in range(shape[1])]
    return np.stack(sums, axis=1).astype(np.float32)


def _adam_step(
    weights: list[Singles],
    gradients: list[Singles],
    moments: list[tuple[Singles, Singles]],
    done: int,
    rate: float,
) -> None:
    """Make one step, in place. Matrices, but not biases, get weight decay."""
    first, second = 1.0 - 0.9**done, 1.0 - 0.999**done
    for weight, gradient, (mean, square) in zip(weights, gradients, moments, strict=True):
        decayed = gradient + DECAY * weight if weight.ndim == 2 else gradient
        mean += 0.1 * (decayed - mean)
        square += 0.001 * (decayed * decayed - square)
        weight -= np.float32(rate / first) * mean / (np.sqrt(square / second) + 1e-7)
