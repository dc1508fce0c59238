"""What the settings are and where each value comes from, for people to read: no secret is in it."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from pydantic import SecretStr
from pydantic_core import PydanticUndefined
from sqlalchemy import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from service.settings.group import PREFIX, Group
from service.settings.whole import GROUPS, Settings

_HIDDEN = "hidden"
_NAMED_SECRETS = re.compile("pass|secret|token|key", re.IGNORECASE)


class Source(StrEnum):
    """Where the value of a setting comes from."""

    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: the variable, its value and default as text, what it is for, and its source.

    A secret has neither value nor default; `is_set` says whether there is one.
    """

    variable: str
    value: str
    default: str
    help: str
    source: Source
    is_secret: bool
    is_set: bool


class SettingGroup(NamedTuple):
    """Settings that belong together, under the group's title."""

    title: str
    settings: Sequence[Setting]


def describe(settings: Settings) -> Sequence[SettingGroup]:
    """Every setting that a process runs with, in the order of the document."""
    above: set[str] = set()
    found = []
    for group in GROUPS:
        names = [name for name in group.model_fields if name not in above]
        above.update(names)
        found.append(SettingGroup(title_of(group), [_setting(settings, name) for name in names]))
    return found


def title_of(group: type[Group]) -> str:
    """What a group is called."""
    return (group.__doc__ or "").partition("\n")[0].rstrip(".")


def _setting(settings: Settings, name: str) -> Setting:
    field = Settings.model_fields[name]
    value = getattr(settings, name)
    is_secret = isinstance(value, SecretStr)
    is_set = bool(value.get_secret_value() if is_secret else value not in ("", None))
    default = "" if is_secret or field.default is PydanticUndefined else field.default
    return Setting(
        variable=f"{PREFIX}{name.upper()}",
        value="" if is_secret else _without_password(_text(value)),
        default=_text(default),
        help=field.description or "",
        source=_source(settings, name),
        is_secret=is_secret,
        is_set=is_set,
    )


def _source(settings: Settings, name: str) -> Source:
    if name not in settings.model_fields_set:
        return Source.DEFAULT
    wanted = f"{PREFIX}{name}".casefold()
    is_variable = any(variable.casefold() == wanted for variable in os.environ)
    return Source.ENVIRONMENT if is_variable else Source.FILE


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _without_password(text: str) -> str:
    """An address without its password, wherever that stands in it."""
    if "://" not in text:
        return text
    try:
        address = make_url(text)
    except (ArgumentError, ValueError):
        # It is shown only where its parts are known.
        return _HIDDEN
    return _hide(address)


def _hide(address: URL) -> str:
    named = {key: _HIDDEN for key in address.query if _NAMED_SECRETS.search(key)}
    return address.update_query_dict(named).render_as_string(hide_password=True)
