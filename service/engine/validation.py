"""What pydantic finds wrong in stored data, said as problems: which field, what, and what to do."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import ErrorDetails

Place = tuple[int | str, ...]
"""The keys and positions that lead to a value."""

_MISSING = ("missing", "missing_argument", "union_tag_not_found")
_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
_OBJECT = ("dataclass_type", "model_type", "model_attributes_type", "dict_type", "mapping_type")
_LIST = ("list_type", "tuple_type", "too_short")
_CHOICE = ("literal_error", "enum", "union_tag_invalid")
_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
}
_TYPES = {
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
}


def place_of(error: ErrorDetails) -> Place:
    """Where the fault is; for an object of an unknown kind, its key `kind`."""
    tags = error["type"] in ("union_tag_invalid", "union_tag_not_found")
    return (*error["loc"], "kind") if tags else error["loc"]


def said_of(error: ErrorDetails) -> tuple[str, str]:
    """What is wrong, and what to do about it."""
    kind, given = error["type"], error["input"]
    limits: Mapping[str, Any] = error.get("ctx", {})
    if kind in _MISSING:
        return "is missing", "add it"
    if kind in _UNKNOWN:
        return "is not known here", "remove it"
    if kind in _OBJECT:
        return "is not an object", "write it as {...}"
    if kind in _LIST:
        return "is not a list with entries", "write it as [...]"
    if kind in _CHOICE:
        # pydantic lists them as 'a', 'b' or 'c'.
        allowed = str(limits.get("expected", limits.get("expected_tags", ""))).replace("'", "")
        allowed = allowed.replace(" or ", ", ")
        given = limits.get("tag", given)
        return f"is {given!r}", f"one of {', '.join(sorted(allowed.split(', ')))}"
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return f"is {given}", f"{words} {limits[name]}"
    if kind in _TYPES:
        return f"is not {_TYPES[kind]}", f"it is {_shown(given)}"
    return f"is {_shown(given)}", error["msg"]


def _shown(given: object) -> str:
    shown = repr(given)
    return shown if len(shown) <= 40 else f"{shown[:37]}..."
