"""Products in whole numbers: the same bits whatever the shape, the processor or the threads.

A matrix product of a library adds in an order that depends on its kernels, on how many rows it is
given and on where in the block a row stands, and floating-point sums depend on their order. Sums
of whole numbers below 2^53 do not: in float64 each of them is exact, fused or not. So both sides
of a product are rounded to multiples of a power of two that is coarse enough for the largest sum
to stay below 2^53, and any library may add it up as it likes.
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


def rounded(values: Reals, *, unit: float, most: float) -> Floats:
    """Values as whole multiples of 1/`unit`, a power of two, none beyond `most` either way."""
    return np.asarray(np.rint(np.clip(values, -most, most).astype(np.float64) * unit))


class WholeNetwork:
    """A network's weights in whole numbers, for scoring.

    Takes what `network.Network` holds: `layers` alternate weights and bias of the rectified layers
    and end with those of the linear head and the weights of the linear path; `clip` bounds the
    standardised inputs. Every sum is bounded from the weights' absolute values when this is made;
    ValueError where fewer than eight bits would be left for a weight, which two rectified layers of
    less than a thousand columns never come to.
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
        # A column a row to score: the features come column after column.
        self._mean = mean[:, None]
        self._per_unit = (np.float32(_INPUT_UNIT) / scale).astype(np.float32)[:, None]
        self._most = np.float32(clip * _INPUT_UNIT)
        self._items = rounded(items, unit=_INPUT_UNIT, most=clip).T.copy()
        # The largest inputs: standardised numbers, item vectors, and the one that carries a bias.
        largest = np.hstack(
            [
                np.full(len(mean), clip * _INPUT_UNIT),
                np.abs(self._items).max(axis=1),
                _INPUT_UNIT,
            ]
        )
        weights, biases = inner[::2], inner[1::2]
        for bits in range(_MOST_WEIGHT_BITS, _LEAST_WEIGHT_BITS - 1, -1):
            self._weights, self._biases, unit, sums = _whole(weights, biases, largest, bits)
            if sums.max() < EXACT:
                break
        else:
            raise ValueError("the network's sums leave too few bits for its weights")
        hidden_unit = 2.0 ** (_HIDDEN_BITS - _exponent(sums.max() / unit))
        self._to_hidden = hidden_unit / unit
        self._head = _fraction(last.T) / hidden_unit
        beside = np.vstack([linear, np.zeros((items.shape[1] + 1, linear.shape[1]))])
        self._beside = _fraction(beside.T) / _INPUT_UNIT
        self._item_bias = (item_bias + base).T.copy()

    def log_odds(self, inputs: Reals, item_rows: Ints) -> Floats:
        """Log-odds (rows, outputs) of raw inputs (rows, features) for the items at `item_rows`.

        A row has the same bits alone as among any others.
        """
        features, depth = len(self._mean), len(self._items)
        size = min(ROWS_AT_ONCE, len(inputs))
        standard = np.empty((features, size), dtype=np.float32)
        wide = np.full((features + depth + 1, size), _INPUT_UNIT)
        hidden = [np.empty((len(weight), size)) for weight in self._weights]
        found = np.empty((len(inputs), len(self._item_bias)))
        for start in range(0, len(inputs), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            rows = item_rows[part]
            own, value = standard[:, : len(rows)], wide[:, : len(rows)]
            np.subtract(inputs[part].T, self._mean, out=own, casting="same_kind")
            own *= self._per_unit
            np.clip(own, -self._most, self._most, out=own)
            value[:features] = np.rint(own, out=own)
            np.take(self._items, rows, axis=1, out=value[features:-1], mode="clip")
            odds = self._beside @ value
            for k, weight in enumerate(self._weights):
                value = np.matmul(weight, value, out=hidden[k][:, : len(rows)])
                if k:
                    value += self._biases[k]
                np.maximum(value, 0.0, out=value)
            value *= self._to_hidden
            np.rint(value, out=value)
            odds += self._head @ value
            odds += self._item_bias[:, rows]
            found[part] = odds.T
        return found


def _whole(
    weights: list[Floats], biases: list[Floats], largest: Floats, bits: int
) -> tuple[list[Floats], list[Floats], float, Floats]:
    """Weights and biases of the rectified layers in whole numbers of so many bits.

    Returns them, the unit of the last layer's sums, and the largest each of these can be. The
    first bias is a column of its layer's weights (outputs, inputs), met by the input that is
    always one.
    """
    made: list[Floats] = []
    shifts: list[Floats] = []
    unit = _INPUT_UNIT
    for k, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        full = (weight if k else np.vstack([weight, bias])).T
        per_weight = 2.0 ** (bits - _exponent(float(np.abs(full).max())))
        unit *= per_weight
        made.append(np.rint(full * per_weight))
        shifts.append(np.rint(bias * unit)[:, None] if k else np.zeros((len(bias), 1)))
        largest = np.abs(made[k]) @ largest + np.abs(shifts[k][:, 0])
    return made, shifts, unit, largest


def _fraction(weights: Floats) -> Floats:
    """Weights as multiples of a power of two, the largest of `_HEAD_BITS` bits."""
    unit = 2.0 ** (_HEAD_BITS - _exponent(float(np.abs(weights).max())))
    return np.asarray(np.rint(weights * unit) / unit)


def _exponent(value: float) -> int:
    """The least power of two that is not below a value; 0 for 0."""
    return int(np.ceil(np.log2(value))) if value > 0.0 else 0
