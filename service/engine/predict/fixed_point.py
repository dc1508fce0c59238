"""Matrix products in whole numbers: the same bits for any shape, processor and number of threads.

The order in which a library adds up a matrix product depends on its kernels, on the number of rows
and on the position of a row in the block, and floating-point sums depend on their order. Sums of
whole numbers below 2^53 do not, because float64 holds each of them exactly. So both sides of a
product are rounded to multiples of a power of two, coarse enough for the largest sum to stay below
2^53. Then the order of the additions does not matter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.engine.predict.events import Floats, Ints, Singles

Reals = NDArray[np.floating[Any]]

# Float64 holds every whole number up to this one.
EXACT = 2.0**53
ROWS_AT_ONCE = 1024

_INPUT_UNIT = 2.0**13
_HIDDEN_BITS = 24
_HEAD_BITS = 20
_MOST_WEIGHT_BITS = 16
_LEAST_WEIGHT_BITS = 8


def round_to_unit(values: Reals, *, unit: float, most: float) -> Floats:
    """Clip values to -`most` to `most`, and round them to whole multiples of 1/`unit`.

    Returns the multiples. `unit` is a power of two.
    """
    return np.asarray(np.rint(np.clip(values, -most, most).astype(np.float64) * unit))


class WholeNetwork:
    """The weights of a network in whole numbers, for scoring.

    The arguments are the fields of `network.Network`, and `clip`, the bound of the standardised
    inputs. The largest possible sums are computed from the absolute values of the weights. Raises
    ValueError if fewer than eight bits were left for a weight; with two rectified layers of less
    than a thousand columns this cannot happen.
    """

    def __init__(
        self,
        *,
        mean: Singles,
        scale: Singles,
        layers: tuple[Singles, ...],
        items: Singles,
        item_bias: Singles,
        clip: float,
    ) -> None:
        *inner, last, base, linear = [layer.astype(np.float64) for layer in layers]
        # Each row to score is a column here, because the features are stored column by column.
        self._mean = mean[:, None]
        self._per_unit = (np.float32(_INPUT_UNIT) / scale).astype(np.float32)[:, None]
        self._clip_at = np.float32(clip * _INPUT_UNIT)
        self._items = round_to_unit(items, unit=_INPUT_UNIT, most=clip).T.copy()
        # The largest inputs: standardised numbers, item vectors, and the constant for the bias.
        largest = np.hstack(
            [
                np.full(len(mean), clip * _INPUT_UNIT),
                np.abs(self._items).max(axis=1),
                _INPUT_UNIT,
            ]
        )
        weights, biases = inner[::2], inner[1::2]
        for bits in range(_MOST_WEIGHT_BITS, _LEAST_WEIGHT_BITS - 1, -1):
            self._weights, self._biases, unit, sums = _round_layers(weights, biases, largest, bits)
            if sums.max() < EXACT:
                break
        else:
            raise ValueError("the network's sums leave too few bits for its weights")
        hidden_unit = 2.0 ** (_HIDDEN_BITS - _exponent(sums.max() / unit))
        self._to_hidden = hidden_unit / unit
        self._head = _round_weights(last.T) / hidden_unit
        linear_weights = np.vstack([linear, np.zeros((items.shape[1] + 1, linear.shape[1]))])
        self._linear = _round_weights(linear_weights.T) / _INPUT_UNIT
        self._item_bias = (item_bias + base).T.copy()

    def log_odds(self, inputs: Reals, item_rows: Ints) -> Floats:
        """Log-odds (rows, outputs) of raw inputs (rows, features) for the items at `item_rows`.

        A row gets the same bits alone as among others.
        """
        features, depth = len(self._mean), len(self._items)
        size = min(ROWS_AT_ONCE, len(inputs))
        standard = np.empty((features, size), dtype=np.float32)
        layer_input = np.full((features + depth + 1, size), _INPUT_UNIT)
        hidden = [np.empty((len(weight), size)) for weight in self._weights]
        log_odds = np.empty((len(inputs), len(self._item_bias)))
        for start in range(0, len(inputs), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            rows = item_rows[part]
            standardised, value = standard[:, : len(rows)], layer_input[:, : len(rows)]
            np.subtract(inputs[part].T, self._mean, out=standardised, casting="same_kind")
            standardised *= self._per_unit
            np.clip(standardised, -self._clip_at, self._clip_at, out=standardised)
            value[:features] = np.rint(standardised, out=standardised)
            np.take(self._items, rows, axis=1, out=value[features:-1], mode="clip")
            odds = self._linear @ value
            for k, weight in enumerate(self._weights):
                value = np.matmul(weight, value, out=hidden[k][:, : len(rows)])
                if k:
                    value += self._biases[k]
                np.maximum(value, 0.0, out=value)
            value *= self._to_hidden
            np.rint(value, out=value)
            odds += self._head @ value
            odds += self._item_bias[:, rows]
            log_odds[part] = odds.T
        return log_odds


def _round_layers(
    weights: list[Floats], biases: list[Floats], largest: Floats, bits: int
) -> tuple[list[Floats], list[Floats], float, Floats]:
    """Round weights and biases of the rectified layers to whole numbers of so many bits.

    Returns weights (outputs, inputs), biases, the unit of the sums of the last layer, and the
    largest value of each of these sums. The first bias is a column of the first weights, multiplied
    by an input that is always one.
    """
    whole_weights: list[Floats] = []
    shifts: list[Floats] = []
    unit = _INPUT_UNIT
    for k, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        full = (weight if k else np.vstack([weight, bias])).T
        per_weight = 2.0 ** (bits - _exponent(float(np.abs(full).max())))
        unit *= per_weight
        whole_weights.append(np.rint(full * per_weight))
        shifts.append(np.rint(bias * unit)[:, None] if k else np.zeros((len(bias), 1)))
        largest = np.abs(whole_weights[k]) @ largest + np.abs(shifts[k][:, 0])
    return whole_weights, shifts, unit, largest


def _round_weights(weights: Floats) -> Floats:
    """Round weights to multiples of a power of two; the largest has `_HEAD_BITS` bits."""
    unit = 2.0 ** (_HEAD_BITS - _exponent(float(np.abs(weights).max())))
    return np.asarray(np.rint(weights * unit) / unit)


def _exponent(value: float) -> int:
    """The exponent of the least power of two that is not below a value; 0 for 0."""
    return int(np.ceil(np.log2(value))) if value > 0.0 else 0
