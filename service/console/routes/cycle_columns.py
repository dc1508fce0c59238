"""The columns of the table of cycles."""

from collections.abc import Callable
from functools import partial

from service.cycle.look_back import SeenCycle
from service.pages import labels
from service.pages.languages import Language, mark
from service.pages.listing import Cell, Column, Kind
from service.pages.listing.columns import Row


def cycle_columns(currency: str) -> list[Column]:
    """The columns, with amounts in a currency. A row has `seen`, a `SeenCycle`."""
    face, reserved = (
        partial(_amount, name=name, currency=currency)
        for name in ("face_value_cents", "reserved_cents")
    )
    return [
        Column("cycle", mark("Cycle"), _cycle, always=True),
        Column("state", mark("State"), _state),
        Column("valid", mark("Lists are good"), _valid),
        Column("lists", mark("Lists"), _count("lists"), is_number=True),
        Column("offers", mark("Offers on them"), _count("offers_issued"), is_number=True),
        Column("face", mark("Worth up to"), face, is_number=True),
        Column("reserved", mark("Reserved"), reserved, is_number=True),
        Column("holdout", mark("Held out"), _count("holdout"), usual=False, is_number=True),
        Column(
            "general", mark("Without a profile"), _count("general"), usual=False, is_number=True
        ),
        Column("left_out", mark("Left out"), _count("left_out"), usual=False, is_number=True),
        Column("issued", mark("Issued"), _issued, usual=False),
    ]


def _seen(row: Row) -> SeenCycle:
    seen: SeenCycle = row["seen"]
    return seen


def _cycle(row: Row, language: Language) -> Cell:
    cycle = _seen(row).cycle
    below = language.text("Number %(number)s", number=cycle.id)
    if cycle.revision > 1:
        below += " · " + language.text("revision %(number)s", number=cycle.revision)
    path = f"/cycles/{cycle.id}"
    return Cell(language.day(cycle.as_of), Kind.LINK, below, path, plain=cycle.as_of.isoformat())


def _state(row: Row, language: Language) -> Cell:
    state = _seen(row).state
    return Cell(labels.state(language, state), Kind.STATE, tone=state)


def _valid(row: Row, language: Language) -> Cell:
    first, last = _seen(row).cycle.valid_from, _seen(row).cycle.valid_to
    return Cell(f"{language.day(first)} – {language.day(last)}", plain=f"{first} {last}")


def _issued(row: Row, language: Language) -> Cell:
    at = _seen(row).cycle.issued_at
    return Cell(language.day(at.date()), plain=at.isoformat())


def _count(name: str) -> Callable[[Row, Language], Cell]:
    def cell(row: Row, language: Language) -> Cell:
        value = _seen(row).cycle.summary.get(name, 0)
        return Cell(language.number(value), Kind.NUMBER, plain=str(value))

    return cell


def _amount(row: Row, language: Language, *, name: str, currency: str) -> Cell:
    cents = _seen(row).cycle.summary.get(name, 0)
    return Cell(language.money(cents, currency), Kind.NUMBER, plain=str(cents))
