"""Who of several parties bears what of a use: a function of what is stored, and of nothing else.

A sale, its returns, its void and every settlement in between ask the same function of the same
stored parts, so that whatever happens in whatever order adds up to exactly zero for each party.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache

from service.engine.clearing.claim import Party
from service.engine.money import BASIS_POINTS, spread
from service.engine.settle import Split

ALONE = ""
"""The stored parties of an offer whose supplier bears its part alone."""


def encode(parties: Iterable[Party]) -> str:
    """Parties as they are stored with an offer, in order of rank."""
    ordered = sorted(parties, key=lambda party: party.rank)
    return json.dumps([party._asdict() for party in ordered]) if ordered else ALONE


@lru_cache(maxsize=4096)
def decode(stored: str) -> tuple[Party, ...]:
    """Stored parties, read."""
    return tuple([Party(**party) for party in json.loads(stored)]) if stored else ()


def divide(
    parts: Sequence[Split], parties: Sequence[Party], *, uses: int
) -> dict[int, tuple[tuple[int, ...], ...]]:
    """What each party bears of every unit of `uses` uses of a list line: by supplier, as `parts`.

    `parts` are all the stored parts of the line in one sale. Shares of their suppliers' part go by
    largest remainder, a fixed amount and a cap are a use's; in order of rank each takes no more
    than is left, and the last takes the rest. Over the parties, each unit adds up exactly to its
    `supplier_cents`.
    """
    left = [cents for part in parts for cents in part.supplier_cents]
    found: dict[int, tuple[tuple[int, ...], ...]] = {}
    for party, cents in zip(parties, _whole(sum(left), parties, uses), strict=True):
        units = spread(cents, left)
        left = [before - taken for before, taken in zip(left, units, strict=True)]
        found[party.supplier_id] = _like(parts, units)
    return found


def borne(
    parts: Sequence[Split],
    parties: Sequence[Party],
    *,
    uses: int,
    units: Mapping[int, Collection[int]] | None = None,
) -> dict[int, int]:
    """The cents of each party, by supplier: of all units, or of those of some basket lines."""
    divided = divide(parts, parties, uses=uses)
    if units is None:
        return {supplier: sum(map(sum, each)) for supplier, each in divided.items()}
    chosen = [
        (place, unit) for place, part in enumerate(parts) for unit in units.get(part.line, ())
    ]
    return {
        supplier: sum([each[place][unit] for place, unit in chosen])
        for supplier, each in divided.items()
    }


def _whole(total: int, parties: Sequence[Party], uses: int) -> list[int]:
    """What each bears of the whole."""
    weights = [party.share_basis_points or 0 for party in parties]
    rest = max(BASIS_POINTS - sum(weights), 0)
    by_share = spread(total, [*weights, rest])
    taken, left = [], total
    for party, share in zip(parties[:-1], by_share, strict=False):
        wanted = share if party.use_cents is None else party.use_cents * uses
        if party.cap_cents is not None:
            wanted = min(wanted, party.cap_cents * uses)
        taken.append(min(wanted, left))
        left -= taken[-1]
    return [*taken, left]


def _like(parts: Sequence[Split], units: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    found, start = [], 0
    for part in parts:
        end = start + part.units
        found.append(tuple(units[start:end]))
        start = end
    return tuple(found)
