"""overrides: pin deals to households, and ban them."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from service.commands.console import say, show_table
from service.commands.database import acting, open_database
from service.cycle.overrides import (
    OverrideWanted,
    end_override,
    make_override,
    page_overrides,
)
from service.engine.offers.overrides import OverrideAct
from service.store.overrides import NamedOverride

Deal = Annotated[int, typer.Argument(help="The deal's number, as `larder deals list` shows it")]
Why = Annotated[str, typer.Option(help="Why, for whoever asks later")]
Household = Annotated[
    str, typer.Option(help="Only for the household with this number of the retailer")
]
Cell = Annotated[str, typer.Option(help="Or only for this cell, such as switcher_heavy")]
By = Annotated[str | None, typer.Option("--by", help="E-mail address of the person who does it")]


def pin(deal: Deal, why: Why, household: Household = "", cell: Cell = "", by: By = None) -> None:
    """Give a deal's copy to a household, a cell or all, unless a limit or a target forbids it."""
    _make(OverrideWanted(OverrideAct.PIN, deal, why, household=household, cell=cell), by)


def ban(deal: Deal, why: Why, household: Household = "", cell: Cell = "", by: By = None) -> None:
    """Give no copy of a deal to a household, a cell or all, whatever is pinned."""
    _make(OverrideWanted(OverrideAct.BAN, deal, why, household=household, cell=cell), by)


def end(
    number: Annotated[int, typer.Argument(help="Its number, as `larder overrides list` shows it")],
    by: By = None,
) -> None:
    """End a pin or a ban; lists that are issued stay."""
    with open_database() as (database, settings):
        who = acting(database, settings, by)
        found = end_override(database, number, by=who, now=datetime.now(UTC))
    say(f"{_said(found)} ended.")


def show(
    deal: Annotated[int | None, typer.Option(help="Only of this deal")] = None,
    household: Annotated[str, typer.Option(help="Only for this household")] = "",
    every: Annotated[bool, typer.Option("--all", help="Also those that were ended")] = False,
    most: Annotated[int, typer.Option("--most", help="How many", min=1, max=10_000)] = 100,
) -> None:
    """What is pinned and banned, the newest first: for whom, by whom, when and why."""
    table = Table(
        "number", "act", "deal", "supplier", "title", "for", "why", "who", "when", "ended", box=None
    )
    with open_database() as (database, _):
        found = page_overrides(
            database, deal=deal, household=household, is_open=None if every else True, limit=most
        )
    for each in found:
        row = each.override
        table.add_row(
            str(row.id), row.act, each.deal_ref, each.supplier, each.title, _whom(each),
            row.reason, row.actor, f"{row.made_at:%Y-%m-%d %H:%M}",
            "" if row.ended_at is None else f"{row.ended_at:%Y-%m-%d %H:%M} by {row.ended_by}",
        )  # fmt: skip
    show_table(table)
    say(f"{len(found)} pins and bans")


def _make(wanted: OverrideWanted, by: str | None) -> None:
    with open_database() as (database, settings):
        who = acting(database, settings, by)
        found = make_override(database, wanted, by=who, now=datetime.now(UTC))
    say(f"{_said(found)} holds from the next list on.")


def _said(each: NamedOverride) -> str:
    row = each.override
    return f"Override {row.id}, a {row.act} of {each.supplier} {each.deal_ref} for {_whom(each)},"


def _whom(each: NamedOverride) -> str:
    if each.household:
        return f"household {each.household}"
    return each.override.cell or "all"
