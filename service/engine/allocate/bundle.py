"""Planes below the bound, and the step to the lowest point of what they say.

Every pass over the households gives the bound and its slope at some prices, and so a plane below
the bound at any prices. Where the bound has edges one slope alone leads across them and back; the
highest of a few planes, rounded by a curvature, has its lowest point near the bound's own
(a bundle method: Lemarechal, Sagastizabal 1997).
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.engine.loops.products import product
from service.engine.loops.symmetric import solve

MOST = 12
"""Planes that are remembered: those nearest to the bound where it is lowest."""
TURNS = 2_000
"""Most exchanges of weight between two planes."""
BALANCED = 1e-9

Floats = NDArray[np.float64]


class Plane(NamedTuple):
    """Where a plane touches the bound, the bound there, and its slope."""

    place: Floats
    bound: float
    slope: Floats

    def height(self, place: Floats) -> float:
        """The plane at another place, where the bound is not below it."""
        return self.bound + float((self.slope * (place - self.place)).sum())


@dataclass(slots=True)
class Bundle:
    """Some planes, and the one that touches the bound where it is lowest."""

    planes: list[Plane] = field(default_factory=list)
    best: Plane | None = None

    def add(self, plane: Plane) -> None:
        """Remember a plane; of too many the furthest below the lowest bound is forgotten."""
        if self.best is None or plane.bound < self.best.bound:
            self.best = plane
        at = self.best.place
        self.planes.append(plane)
        if len(self.planes) > MOST:
            # A new plane is needed, however far below: it says where the last step went wrong.
            heights = [old.height(at) for old in self.planes[:-1]]
            del self.planes[int(np.argmin(heights))]

    def height(self, place: Floats) -> float:
        """The highest plane at a place: the bound is not below it."""
        return max(plane.height(place) for plane in self.planes)

    def step(self, best: Plane, matrix: Floats, live: NDArray[np.int64]) -> Floats:
        """From `best` to the lowest point of the highest plane and the curvature together.

        `matrix` is that of the prices `live`, square, or its diagonal in one column.
        """
        slopes = np.stack([plane.slope[live] for plane in self.planes], axis=1)
        below = best.bound - np.array([plane.height(best.place) for plane in self.planes])
        moves = solve(matrix, slopes) if len(live) == matrix.shape[1] else slopes / matrix
        weights = balance(product(slopes.T, moves), below.clip(0.0))
        return np.asarray(-(moves * weights).sum(axis=1))


def balance(squares: Floats, below: Floats) -> Floats:
    """The weights w, of 1 in all, with the least w' `squares` w / 2 + `below` w.

    Weight goes from the plane whose share costs most to the one whose share costs least.
    """
    weights = np.zeros(len(below))
    weights[int(np.argmin(0.5 * squares.diagonal() + below))] = 1.0
    for _ in range(TURNS):
        costs = (squares * weights).sum(axis=1) + below
        low = int(np.argmin(costs))
        high = int(np.argmax(np.where(weights > 0.0, costs, -np.inf)))
        if costs[high] - costs[low] <= BALANCED * (1.0 + abs(costs[low])):
            break
        bend = squares[high, high] + squares[low, low] - 2.0 * squares[high, low]
        moved = weights[high]
        if bend > 0.0:
            moved = min(moved, (costs[high] - costs[low]) / bend)
        weights[high] -= moved
        weights[low] += moved
    return weights
