"""Which strata are compared: each has enough households in both arms, or joins its neighbour."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

ENOUGH = 8
"""How many households of either arm a stratum has at least; fewer tell no variance."""


def joined(treated: ArrayLike, control: ArrayLike, *, enough: int = ENOUGH) -> NDArray[np.int64]:
    """The merged stratum of each, numbered from 0 in order.

    `treated` and `control` count the households of each stratum, ordered so that neighbours are
    alike. A stratum short of `enough` in either arm is merged with the ones after it until it has
    them; what remains at the end joins the last. Without enough in all there is one stratum.
    """
    pairs = np.stack([np.asarray(treated, dtype=float), np.asarray(control, dtype=float)])
    into = np.zeros(pairs.shape[1], dtype=np.int64)
    number, held = 0, np.zeros(2)
    for stratum in range(pairs.shape[1]):
        into[stratum] = number
        held += pairs[:, stratum]
        if (held >= enough).all():
            number, held = number + 1, np.zeros(2)
    if number:
        into[into == number] = number - 1
    return into
