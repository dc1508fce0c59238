"""The fitted forecast model, and how it is stored as JSON."""

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
from service.engine.predict.items import IdIndex, Items, no_items
from service.engine.predict.moves import Moves, no_moves, pair_moves
from service.engine.predict.network import Network
from service.engine.predict.pairs import PairSummaries
from service.engine.predict.prospects import Discovery
from service.engine.predict.taste import WIDTH, affinity, purchase_weights
from service.errors import InvalidInput, Problem

VERSION = 8


@dataclass(frozen=True, slots=True)
class Training:
    """What a model was learned from, and its scores on validation households.

    `fitted_on` is the day of the fit, before that of a model that was kept (see rivals.py).
    `origins` earlier as-of dates from `first_origin` to `last_origin` (None if there were none);
    `rows` household-item pairs. The `check_*` scores are over the validation households at the
    newest origin: rows, mean log loss, mean of forecast less bought, calibration error, and the
    calibration error that luck alone would give (see calibration.py). `input_means` and
    `input_spreads` are mean and standard deviation of each feature at that origin, over the pairs
    of active households; empty without networks.
    """

    fitted_on: date
    first_origin: date | None
    last_origin: date | None
    origins: int
    rows: int
    check_rows: int
    check_log_loss: float
    check_bias: float
    check_calibration_error: float
    check_calibration_noise: float
    input_means: tuple[float, ...]
    input_spreads: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted forecast.

    - `items`: statistics of each item.
    - `vectors`: the items with a learned vector. `taste`: their directions (see taste.py), with a
      last row of zeros for all other items. `moves`: which of them speak for which (see moves.py).
    - `rhythm`: on which days people buy more (see rhythm.py).
    - `prior`: a and b that calibrate the log-odds of the gamma-Poisson, a + b odds.
    - `trust`: weight of the network against the prior, from 0 to 1.
    - `chance`: network for the log-odds of a purchase. `timing`: network for the hazards by bin
      (see timing.py). Both are None if there was too little to learn from.
    - `discovery`: what is learned of items never bought (see prospects.py); None likewise.
    """

    as_of: date
    horizon_days: int
    items: Items
    vectors: IdIndex
    taste: Singles
    moves: Moves
    rhythm: Floats
    prior: tuple[float, float]
    trust: float
    chance: Network | None
    timing: Network | None
    discovery: Discovery | None
    training: Training

    @property
    def vector_ids(self) -> pl.Series:
        """The ids of the items with a learned vector, sorted."""
        return self.vectors.ids

    def vector_rows(self, item_ids: pl.Series) -> Ints:
        """The row of each item among the learned vectors; the last row for items without one."""
        return self.vectors.rows_of(item_ids)

    def inputs(self, pairs: PairSummaries, rows: Ints, vectors: Ints) -> Floats:
        """The features of each pair: (pairs, len(NAMES)).

        `rows` is the row of each pair's item in the item statistics, `vectors` its row among the
        learned vectors.
        """
        return features(
            pairs,
            self.items,
            rows,
            horizon_days=self.horizon_days,
            affinity=affinity(pairs, vectors, self.taste, purchase_weights(pairs)),
            moves=pair_moves(self.moves, pairs, vectors),
        )

    def to_json(self) -> str:
        """Write the model as one line of JSON, with arrays as base64 of little-endian numbers."""
        training = {
            name: _plain(getattr(self.training, name)) for name in Training.__dataclass_fields__
        }
        items = {
            name: _pack(getattr(self.items, name))
            for name in Items.__dataclass_fields__
            if name != "index"
        }
        return json.dumps(
            {
                "version": VERSION,
                "features": list(NAMES),
                "as_of": self.as_of.isoformat(),
                "horizon_days": self.horizon_days,
                "rhythm": _pack(self.rhythm),
                "prior": list(self.prior),
                "trust": self.trust,
                "training": training,
                "item_ids": self.items.ids.to_list(),
                "items": items,
                "vector_ids": self.vector_ids.to_list(),
                "text_ids": self.items.ids.dtype == pl.String,
                "taste": _pack(self.taste),
                "move_targets": _pack(self.moves.targets.astype(np.float32)),
                "move_strengths": _pack(self.moves.strengths.astype(np.float32)),
                "chance": _pack_network(self.chance),
                "timing": _pack_network(self.timing),
                "discovery": _pack_discovery(self.discovery),
            },
            separators=(",", ":"),
            sort_keys=True,
        )

    @staticmethod
    def from_json(text: str) -> Model:
        """Read what `to_json` wrote.

        Raises InvalidInput for another version or other features, and for what is damaged.
        """
        try:
            return _read(json.loads(text))
        except (ValueError, LookupError, TypeError, AttributeError):
            raise InvalidInput(
                "The stored forecast model is damaged.",
                [Problem("model", "cannot be read", "the next night's forecast replaces it")],
            ) from None


def default_model(as_of: date, horizon_days: int) -> Model:
    """The model before any data: each item at the default rate, and no networks."""
    items = no_items()
    return Model(
        as_of=as_of,
        horizon_days=horizon_days,
        items=items,
        vectors=items.index,
        taste=np.zeros((1, WIDTH), dtype=np.float32),
        moves=no_moves(),
        rhythm=rhythm.flat_rhythm(),
        prior=(0.0, 1.0),
        trust=0.0,
        chance=None,
        timing=None,
        discovery=None,
        training=Training(as_of, None, None, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, (), ()),
    )


def _index(ids: list[Any], id_type: type[pl.DataType]) -> IdIndex:
    return IdIndex(pl.Series("item_id", ids, dtype=id_type))


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _pack(array: NDArray[Any]) -> dict[str, Any]:
    id_type = "<f4" if array.dtype == np.float32 else "<f8"
    raw = np.ascontiguousarray(array, dtype=id_type).tobytes()
    return {"shape": list(array.shape), "kind": id_type, "data": base64.b64encode(raw).decode()}


def _read(found: dict[str, Any]) -> Model:
    if found.get("version") != VERSION or found.get("features") != list(NAMES):
        raise InvalidInput(
            "The stored forecast model was made by another version of Larder.",
            [Problem("model", f"version {found.get('version')}", "the next cycle fits it again")],
        )
    id_type = pl.String if found["text_ids"] else pl.Int64
    items = {name: _unpack(array) for name, array in found["items"].items()}
    training = dict(found["training"])
    for name in ("fitted_on", "first_origin", "last_origin"):
        training[name] = None if training[name] is None else date.fromisoformat(training[name])
    for name in ("input_means", "input_spreads"):
        training[name] = tuple(training[name])
    return Model(
        as_of=date.fromisoformat(found["as_of"]),
        horizon_days=found["horizon_days"],
        items=Items(index=_index(found["item_ids"], id_type), **items),
        vectors=_index(found["vector_ids"], id_type),
        taste=_unpack(found["taste"]),
        moves=Moves(
            targets=_unpack(found["move_targets"]).astype(np.int64),
            strengths=_unpack(found["move_strengths"]).astype(np.float64),
        ),
        rhythm=_unpack(found["rhythm"]),
        prior=(found["prior"][0], found["prior"][1]),
        trust=found["trust"],
        chance=_unpack_network(found["chance"]),
        timing=_unpack_network(found["timing"]),
        discovery=_unpack_discovery(found["discovery"]),
        training=Training(**training),
    )


def _unpack(packed: dict[str, Any]) -> NDArray[Any]:
    raw = np.frombuffer(base64.b64decode(packed["data"]), dtype=packed["kind"])
    return raw.reshape(packed["shape"]).astype(raw.dtype.newbyteorder("="))


def _pack_discovery(discovery: Discovery | None) -> dict[str, Any] | None:
    if discovery is None:
        return None
    return {
        "coefficients": list(discovery.coefficients),
        "network": _pack_network(discovery.network),
        "level": discovery.level,
        "trust": discovery.trust,
    }


def _unpack_discovery(packed: dict[str, Any] | None) -> Discovery | None:
    if packed is None:
        return None
    network = _unpack_network(packed["network"])
    if network is None:
        return None
    return Discovery(
        coefficients=tuple(packed["coefficients"]),
        network=network,
        level=packed["level"],
        trust=packed["trust"],
    )


def _pack_network(network: Network | None) -> dict[str, Any] | None:
    if network is None:
        return None
    return {
        "mean": _pack(network.mean),
        "scale": _pack(network.scale),
        "layers": [_pack(layer) for layer in network.layers],
        "items": _pack(network.items),
        "item_bias": _pack(network.item_bias),
    }


def _unpack_network(packed: dict[str, Any] | None) -> Network | None:
    if packed is None:
        return None
    return Network(
        mean=_unpack(packed["mean"]),
        scale=_unpack(packed["scale"]),
        layers=tuple(_unpack(layer) for layer in packed["layers"]),
        items=_unpack(packed["items"]),
        item_bias=_unpack(packed["item_bias"]),
    )
