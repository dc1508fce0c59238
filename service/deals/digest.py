"""What identifies a deal's meaning, and the row as it was understood."""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from service.deals.columns import FACE_VALUES
from service.deals.form import Number
from service.engine.records import DealKind

# What a digest has been made of since the first version; new columns join it when they say
# something, so that deals loaded before are still known again.
_ALWAYS = {
    "title": "title",
    "funding_share_percent": "funding_share",
    "handling_fee": "handling_fee_cents",
    "budget": "budget_cents",
    "circulation_max": "circulation_max",
    "circulation_min": "circulation_min",
    "mail_from": "mail_from",
    "mail_to": "mail_to",
    "redeem_from": "redeem_from",
    "redeem_to": "redeem_to",
    "limit_per_household": "limit_per_household",
    "control_share_percent": "control_share",
    "legal_text": "legal",
}
_WHEN_SAID = {
    "kind": str(DealKind.PRODUCT),
    "funding_cap_cents": None,
    "copy_fee_cents": 0,
    "value_text": None,
    "texts": "{}",
    "targets": "{}",
    "face_values": "[]",
}
_IN_ORDER = sorted((*_ALWAYS, *_WHEN_SAID, "terms", "members", "face_value"))
_IN_CENTS = frozenset(
    ("benefit_cap", "min_spend", "face_value", *FACE_VALUES, "funding_cap", "handling_fee",
     "copy_fee", "budget")
)  # fmt: skip
_KNOWN = 1 << 16
_as_is = json.JSONEncoder(ensure_ascii=False).encode


def digest(columns: Mapping[str, Any], members: tuple[tuple[int, ...], ...]) -> str:
    """What a deal means, however it is written: 1.0 is 1.00, and a set of products its members.

    It is the SHA-256 of JSON with sorted names, put together from parts that many deals share.
    """
    parts = {name: _string(columns[of]) for name, of in _ALWAYS.items()}
    parts["terms"] = _sorted(columns["terms"])
    parts["members"] = str(list(members[0]) if len(members) == 1 else [*map(list, members)])
    parts["face_value"] = str(columns["face_value_cents"])
    for name, no in _WHEN_SAID.items():
        if columns[name] != no:
            parts[name] = json.dumps(columns[name])
    content = ", ".join([f'"{name}": {parts[name]}' for name in _IN_ORDER if name in parts])
    return hashlib.sha256(f"{{{content}}}".encode()).hexdigest()


@lru_cache(_KNOWN)
def _string(value: object) -> str:
    return json.dumps(str(value))


@lru_cache(_KNOWN)
def _sorted(stored: str) -> str:
    return json.dumps(json.loads(stored), sort_keys=True)


def given(values: Mapping[str, Any]) -> str:
    """The row as it was understood, by column as JSON, for the history of the deal."""
    # Equal numbers may be written apart, 1.0 and 1.00, so they are not looked up by their value.
    said = [
        _number(name, value) if type(value) is Number else _shown(name, value)
        for name, value in values.items()
    ]
    return f"{{{', '.join(said)}}}"


def _number(name: str, value: Number) -> str:
    return f'{_name(name)}: "{value.amount:f}{"%" if value.is_percent else ""}"'


@lru_cache(_KNOWN)
def _shown(name: str, value: Any) -> str:
    if isinstance(value, tuple):
        return _named(name, "; ".join(map(str, value)))
    if isinstance(value, int) and name in _IN_CENTS:
        return _named(name, f"{Decimal(value) / 100:.2f}")
    return _named(name, str(value))


def _named(name: str, said: str) -> str:
    return f"{_name(name)}: {_as_is(said)}"


@lru_cache
def _name(name: str) -> str:
    return json.dumps(name)
