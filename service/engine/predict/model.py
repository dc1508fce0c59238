"""What a night's fit leaves behind: coefficients, item statistics, and how good they were."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from service.engine.predict import rhythm
from service.engine.predict.events import Floats, Ints, Singles
from service.engine.predict.features import NAMES, features
from service.engine.predict.items import Book, Items, no_items
from service.engine.predict.network import Network
from service.engine.predict.pairs import Pairs
from service.engine.predict.taste import WIDTH, affinity, weight
from service.errors import InvalidInput, Problem

VERSION = 4


@dataclass(frozen=True, slots=True)
class Training:
    """From what a model was fitted and how it did on households kept apart.

    `first_origin` and `last_origin` bound the as-of dates it learned from (None: from none);
    `rows` pairs learned from; `check_*` are of the newest origin, over the households kept apart.
    """

    first_origin: date | None
    last_origin: date | None
    origins: int
    rows: int
    check_rows: int
    check_log_loss: float
    check_bias: float


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted forecast. `trust` in [0, 1] is the network's say beside the prior's.

    `prior` are a and b of the prior's log-odds, a + b odds, as the history's own past has them.
    `rhythm` says on which days people buy more (see rhythm.py).
    `vectors` are the items with a learned vector; `taste` their directions in what the base has in
    common, with a last row of zeros; `chance` gives the log-odds of a purchase,
    `timing` the hazards by bin (both None while there was nothing to learn from); `discovery` the
    coefficients of discovery.py (none while there was nothing to learn from).
    """

    as_of: date
    horizon_days: int
    items: Items
    vectors: Book
    taste: Singles
    rhythm: Floats
    prior: tuple[float, float]
    trust: float
    chance: Network | None
    timing: Network | None
    discovery: tuple[float, ...]
    training: Training

    @property
    def vector_ids(self) -> pl.Series:
        """The items with a learned vector, sorted."""
        return self.vectors.ids

    def vector_rows(self, item_ids: pl.Series) -> Ints:
        """The row of each item among the learned vectors; the last for the rest."""
        return self.vectors.rows_of(item_ids)

    def inputs(self, pairs: Pairs, rows: Ints, vectors: Ints) -> Floats:
        """The network's inputs for every pair: (pairs, len(NAMES)).

        `rows` and `vectors` are each pair's row in the item statistics and among the vectors.
        """
        return features(
            pairs,
            self.items,
            rows,
            horizon_days=self.horizon_days,
            affinity=affinity(pairs, vectors, self.taste, weight(pairs)),
        )

    def to_json(self) -> str:
        """The artefact as one line of JSON; arrays as base64 of little-endian numbers."""
        training = {
            name: _plain(getattr(self.training, name)) for name in Training.__dataclass_fields__
        }
        items = {
            name: _packed(getattr(self.items, name))
            for name in Items.__dataclass_fields__
            if name != "book"
        }
        return json.dumps(
            {
                "version": VERSION,
                "features": list(NAMES),
                "as_of": self.as_of.isoformat(),
                "horizon_days": self.horizon_days,
                "rhythm": _packed(self.rhythm),
                "prior": list(self.prior),
                "trust": self.trust,
                "training": training,
                "item_ids": self.items.ids.to_list(),
                "items": items,
                "vector_ids": self.vector_ids.to_list(),
                "text_ids": self.items.ids.dtype == pl.String,
                "taste": _packed(self.taste),
                "chance": _packed_network(self.chance),
                "timing": _packed_network(self.timing),
                "discovery": list(self.discovery),
            },
            separators=(",", ":"),
            sort_keys=True,
        )

    @staticmethod
    def from_json(text: str) -> Model:
        """Read `to_json`; InvalidInput if it is of another version or of other features."""
        found = json.loads(text)
        if found.get("version") != VERSION or found.get("features") != list(NAMES):
            raise InvalidInput(
                "The stored forecast model was made by another version of Larder.",
                [
                    Problem(
                        "model", f"version {found.get('version')}", "the next cycle fits it anew"
                    )
                ],
            )
        kind = pl.String if found["text_ids"] else pl.Int64
        items = {name: _unpacked(array) for name, array in found["items"].items()}
        told = dict(found["training"])
        for name in ("first_origin", "last_origin"):
            told[name] = None if told[name] is None else date.fromisoformat(told[name])
        return Model(
            as_of=date.fromisoformat(found["as_of"]),
            horizon_days=found["horizon_days"],
            items=Items(book=_book(found["item_ids"], kind), **items),
            vectors=_book(found["vector_ids"], kind),
            taste=_unpacked(found["taste"]),
            rhythm=_unpacked(found["rhythm"]),
            prior=(found["prior"][0], found["prior"][1]),
            trust=found["trust"],
            chance=_unpacked_network(found["chance"]),
            timing=_unpacked_network(found["timing"]),
            discovery=tuple(found["discovery"]),
            training=Training(**told),
        )


def default_model(as_of: date, horizon_days: int) -> Model:
    """The model before any data: every item at the default rate, no network."""
    items = no_items()
    return Model(
        as_of=as_of,
        horizon_days=horizon_days,
        items=items,
        vectors=items.book,
        taste=np.zeros((1, WIDTH), dtype=np.float32),
        rhythm=rhythm.even(),
        prior=(0.0, 1.0),
        trust=0.0,
        chance=None,
        timing=None,
        discovery=(),
        training=Training(None, None, 0, 0, 0, 0.0, 0.0),
    )


def _book(ids: list[Any], kind: type[pl.DataType]) -> Book:
    return Book(pl.Series("item_id", ids, dtype=kind))


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _packed(array: NDArray[Any]) -> dict[str, Any]:
    kind = "<f4" if array.dtype == np.float32 else "<f8"
    raw = np.ascontiguousarray(array, dtype=kind).tobytes()
    return {"shape": list(array.shape), "kind": kind, "data": base64.b64encode(raw).decode()}


def _unpacked(packed: dict[str, Any]) -> NDArray[Any]:
    raw = np.frombuffer(base64.b64decode(packed["data"]), dtype=packed["kind"])
    return raw.reshape(packed["shape"]).astype(raw.dtype.newbyteorder("="))


def _packed_network(network: Network | None) -> dict[str, Any] | None:
    if network is None:
        return None
    return {
        "mean": _packed(network.mean),
        "scale": _packed(network.scale),
        "layers": [_packed(layer) for layer in network.layers],
        "items": _packed(network.items),
        "item_bias": _packed(network.item_bias),
    }


def _unpacked_network(packed: dict[str, Any] | None) -> Network | None:
    if packed is None:
        return None
    return Network(
        mean=_unpacked(packed["mean"]),
        scale=_unpacked(packed["scale"]),
        layers=tuple(_unpacked(layer) for layer in packed["layers"]),
        items=_unpacked(packed["items"]),
        item_bias=_unpacked(packed["item_bias"]),
    )
