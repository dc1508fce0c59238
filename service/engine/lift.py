"""Who is held out, so that the effect of what the others got can be measured."""

import hashlib

import numpy as np
import polars as pl

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_PER_CENT = 100
_BUCKETS = np.uint64(10_000)


def held_out(ids: pl.Series, share_percent: pl.Series | int, *, salt: str) -> pl.Series:
    """Whether each id falls into the held-out share, as Boolean in the order given.

    The draw depends on the id and the salt alone: not on the order, the other ids, the process or
    the day it is made, so anybody can make it again. `share_percent` (0 to 100) is one number or
    one per id.
    """
    with np.errstate(over="ignore"):
        mixed = _mixed(ids.cast(pl.UInt64).to_numpy() + _salted(salt))
    bucket = pl.Series(mixed % _BUCKETS, dtype=pl.UInt64).cast(pl.Int64)
    return (bucket < share_percent * (int(_BUCKETS) // _PER_CENT)).rename("held_out")


def _salted(salt: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.sha256(salt.encode()).digest()[:8], "little"))


def _mixed(values: np.ndarray) -> np.ndarray:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014): every input bit moves every other."""
    mixed = values * _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
