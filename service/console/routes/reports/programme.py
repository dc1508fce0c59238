"""What a period's cycles added and cost, against households that got no offers."""

from collections.abc import Iterator
from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.console.routes.household_words import cell as cell_name
from service.console.routes.reports import base
from service.console.routes.reports.base import Days, Name, Report, Sees, in_file
from service.pages.languages import Language, mark
from service.pages.listing import Cell, Column, Kind, csv_file
from service.pages.listing.columns import Row
from service.pages.visitor import DatabaseDep, SettingsDep
from service.results.programme import Part, ProgrammeReport, programme_report
from service.results.report_rows import parts_of
from service.settings import Settings

router = APIRouter(prefix=f"{base.PATH}/programme")

_MONEY = ("sales", "margin")
_TITLES = {
    "sales": mark("Sales added"),
    "margin": mark("Margin added"),
    "new_to_brand": mark("New buyers"),
    "own_brand": mark("To own brand"),
}

_KINDS = {
    "tier": mark("Class"),
    "region": mark("Region"),
    "cell": mark("Cell"),
    "category": mark("Category"),
}


@router.get("")
def programme(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Sees,
    days: Days,
) -> Response:
    """All of it, its classes and its categories."""
    found = programme_report(database, settings, first=days.first, last=days.last)
    report = Report(
        Name.PROGRAMME,
        _columns(settings.currency, found.unit_cents),
        parts_of(found),
        days=days._asdict(),
        notes=list(_notes(found, member.language)),
        facts=_facts(found, member.language, settings),
    )
    return base.show(request, member, report)


@router.get(".csv")
def programme_as_csv(
    database: DatabaseDep,
    settings: SettingsDep,
    member: Sees,
    days: Days,
) -> Response:
    """The same rows as a file."""
    found = programme_report(database, settings, first=days.first, last=days.last)
    columns = _columns(settings.currency, found.unit_cents)
    return csv_file("programme", in_file(parts_of(found)), columns, member.language)


def _notes(found: ProgrammeReport, language: Language) -> Iterator[str]:
    yield language.count(
        "%(number)s cycle whose lists became valid in these days.",
        "%(number)s cycles whose lists became valid in these days.",
        found.cycles,
    )
    yield language.text(
        "The effect of the offers against none, in the four weeks from validity; households count "
        "once a cycle. Below each estimate is its interval of 95 %. What letters cost is not in it."
    )
    if not found.is_final:
        yield language.text("Not final: late sales may come.")


def _facts(found: ProgrammeReport, language: Language, settings: Settings) -> list[tuple[str, str]]:
    text, cost = language.text, found.cost

    def money(cents: int) -> str:
        return language.money(cents, settings.currency)

    return [
        (text("Copies"), language.number(cost.copies)),
        (text("Letters"), language.number(cost.mailed)),
        (text("Uses"), language.number(cost.uses)),
        (text("Borne by suppliers"), money(cost.supplier_cents)),
        (text("Borne by the retailer"), money(cost.retailer_cents)),
        (text("Handling fees"), money(cost.fee_cents)),
    ]


def _columns(currency: str, unit_cents: int) -> list[Column]:
    effect = partial(_effect, currency=currency, unit_cents=unit_cents)
    return [
        Column("part", mark("Part"), _name),
        Column("households", mark("Households"), partial(_count, what="households"),
               is_number=True),
        Column("held_out", mark("Held out"), partial(_count, what="held_out"), is_number=True),
        Column("copies", mark("Copies"), partial(_count, what="copies"), is_number=True),
        *(Column(name, title, partial(effect, what=name), is_number=True)
          for name, title in _TITLES.items()),
    ]  # fmt: skip


def _name(row: Row, language: Language) -> Cell:
    part: Part = row["row"]
    if part.kind == "all":
        return Cell(language.text("In all"))
    brand, _, usage = part.name.rpartition("_")
    name = cell_name(language, brand, usage) if part.kind == "cell" else part.name
    return Cell(name or "–", below=language.text(_KINDS[part.kind]))


def _count(row: Row, language: Language, *, what: str) -> Cell:
    return base.count(getattr(row["row"], what), language)


def _effect(row: Row, language: Language, *, what: str, currency: str, unit_cents: int) -> Cell:
    found = row["row"].added(what)
    if found is None:
        return Cell(language.text("too few to say"), Kind.NUMBER, plain="")

    def write(value: float) -> str:
        if what in _MONEY:
            return language.money(round(value * unit_cents), currency)
        return language.number(round(value, 1))

    value, low, high = found
    between = language.text("%(low)s to %(high)s", low=write(low), high=write(high))
    plain = f"{value:.2f} ({low:.2f} {high:.2f})"
    return Cell(write(value), Kind.NUMBER, below=between, plain=plain)
