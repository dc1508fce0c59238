"""The holdout: a random share of households gets nothing, to measure the effect on the others."""

import hashlib
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_PER_CENT = 100
_BUCKETS = np.uint64(10_000)


OFFER_SALT = "offer:{}:{}"
"""The salt of a deal's control share: the offer's number, and the seed of the cycle."""


def cycle_salt(as_of: date, seed: int) -> str:
    """The salt of a cycle's holdout."""
    return f"cycle:{as_of.isoformat()}:{seed}"


def offer_salt(offer_id: int, seed: int) -> str:
    """The salt of a deal's control share in a cycle."""
    return OFFER_SALT.format(offer_id, seed)


def held_out(ids: pl.Series, share_percent: pl.Series | int, *, salt: str | pl.Series) -> pl.Series:
    """Whether each id is in the held-out share, as a Boolean series in the order of `ids`.

    The draw depends only on the id and the salt, so anybody can repeat it: the order, the other
    ids, the process and the day do not matter. `share_percent` (0 to 100) and `salt` are one value
    for all ids or one per id.
    """
    salt_numbers = _salt_number(salt) if isinstance(salt, str) else _salt_numbers(salt)
    with np.errstate(over="ignore"):
        mixed = _mix(ids.cast(pl.UInt64).to_numpy() + salt_numbers)
    bucket = pl.Series(mixed % _BUCKETS, dtype=pl.UInt64).cast(pl.Int64)
    return (bucket < share_percent * (int(_BUCKETS) // _PER_CENT)).rename("held_out")


def _salt_numbers(salts: pl.Series) -> NDArray[np.uint64]:
    known = salts.unique()
    numbers = pl.Series([int(_salt_number(salt)) for salt in known], dtype=pl.UInt64)
    return salts.replace_strict(known, numbers, return_dtype=pl.UInt64).to_numpy()


def _salt_number(salt: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.sha256(salt.encode()).digest()[:8], "little"))


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014): every input bit moves every other."""
    mixed = values * _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def uniforms(first: pl.Series, second: pl.Series, *, salt: str) -> NDArray[np.float64]:
    """A number in [0, 1) for each pair of ids, in their order; anybody with the salt can repeat it.

    It depends on both ids and the salt alone.
    """
    with np.errstate(over="ignore"):
        mixed = _mix(first.cast(pl.UInt64).to_numpy() + _salt_number(salt))
        mixed = _mix(mixed + second.cast(pl.UInt64).to_numpy())
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53
