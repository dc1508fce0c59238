"""A sentence for people, apart from the language it is said in.

`text` is English with `%(name)s` for each value: gettext's msgid. Whoever shows it to somebody
looks the text up in a catalogue and writes the values as that language does; nothing else needs to
know that there are languages. As a string it is the English sentence.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, TypeAlias

Value: TypeAlias = "str | int | date | Notice"
"""A value of a notice; a state or a role is the member of its enum, so that it has a name."""


class Count(int):
    """How many there are of something: written with separators, as the number of a row is not."""

    def __str__(self) -> str:
        """As English writes it: 1,000."""
        return f"{int(self):,}"


class Cents(int):
    """An amount of money in minor units of the configured currency."""

    def __str__(self) -> str:
        """Without its currency, which is not known here."""
        return f"{int(self)} minor units"


class Notice:
    """A text and its values, both unchangeable."""

    __slots__ = ("text", "values")

    def __init__(self, text: str, /, **values: Value) -> None:
        self.text = text
        self.values: Mapping[str, Value] = values

    def __str__(self) -> str:
        """The sentence in English."""
        return self.text % self.values if self.values else self.text

    def __eq__(self, other: object) -> bool:
        """Whether another says the same."""
        return isinstance(other, Notice) and (self.text, self.values) == (other.text, other.values)

    def __hash__(self) -> int:
        """The same for notices that say the same."""
        return hash(str(self))


_KINDS: Mapping[str, type[Count | Cents]] = {"count": Count, "cents": Cents}


def to_json(notice: Notice) -> dict[str, Any]:
    """A notice as plain values, to be stored; a member of an enum is its string from here on."""
    return {
        "text": notice.text,
        "values": {name: _plain(value) for name, value in notice.values.items()},
    }


def from_json(stored: Mapping[str, Any]) -> Notice:
    """The notice that was stored."""
    return Notice(
        stored["text"], **{name: _read(value) for name, value in stored["values"].items()}
    )


def _plain(value: Value) -> Any:
    if isinstance(value, Notice):
        return to_json(value)
    if isinstance(value, date):
        return {"day": value.isoformat()}
    for name, kind in _KINDS.items():
        if isinstance(value, kind):
            return {name: int(value)}
    return str(value) if isinstance(value, str) else value


def _read(value: Any) -> Value:
    if not isinstance(value, dict):
        plain: str | int = value
        return plain
    if "text" in value:
        return from_json(value)
    if "day" in value:
        return date.fromisoformat(value["day"])
    ((name, number),) = value.items()
    return _KINDS[name](number)
