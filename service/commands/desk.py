"""why and goodwill: the service desk at the command line."""

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from service.commands.console import say, show_table
from service.commands.database import acting, open_database
from service.commands.steer import read_cents
from service.desk import goodwill, outcomes
from service.desk.goodwill import GoodwillReason, GoodwillWanted
from service.desk.outcomes import LineOutcome
from service.engine.money import format_money
from service.errors import InvalidInput
from service.store.session import Database
from service.store.tables.goodwill import Goodwill, GoodwillState
from service.store.till import Reference

Receipt = Annotated[
    str, typer.Option(help="STORE/TERMINAL/NUMBER/DAY, as on the receipt; the day as 2026-03-05")
]
Code = Annotated[str, typer.Option("--list", help="Or the code of a printed list")]
By = Annotated[str | None, typer.Option("--by", help="E-mail address of the person who does it")]
Number = Annotated[int, typer.Argument(help="Its number, as `larder goodwill list` shows it")]
_PARTS = 4


def why(
    receipt: Receipt = "",
    list_code: Code = "",
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="With --list: on this day, else today"),
    ] = None,
) -> None:
    """What became of each line of a receipt or of a list, and why."""
    with open_database() as (database, settings):
        redemption_id, list_id = _subject(database, receipt, list_code)
        if redemption_id is not None:
            sale = outcomes.explain_receipt(database, redemption_id)
            off = format_money(sale.total_discount_cents, settings.currency)
            say(f"{sale.state} sale, {off} off")
            _show_lines(sale.lines, settings.currency)
            return
        day = on.date() if on else datetime.now(ZoneInfo(settings.timezone)).date()
        of_list = outcomes.explain_list(database, settings, list_id or 0, on=day)
        say(f"{of_list.state} list, {of_list.valid_from} to {of_list.valid_to}; on {day}:")
        _show_lines(of_list.lines, settings.currency)


def give(
    amount: Annotated[str, typer.Argument(help="What to give, such as 2.00")],
    reason: Annotated[GoodwillReason, typer.Option(help="Why")],
    receipt: Receipt = "",
    list_code: Code = "",
    line: Annotated[int | None, typer.Option(help="The line of the list that it is for")] = None,
    note: Annotated[str, typer.Option(help="More about why; needed with the reason other")] = "",
    request: Annotated[
        str, typer.Option(help="A name of one's own: the same one is given once")
    ] = "",
    by: By = None,
) -> None:
    """Give a household an amount that no supplier pays for; above a limit it waits."""
    with open_database() as (database, settings):
        redemption_id, list_id = _subject(database, receipt, list_code)
        wanted = GoodwillWanted(
            request=request or str(uuid.uuid4()),
            amount_cents=read_cents(amount, settings.currency),
            reason=reason,
            note=note,
            redemption_id=redemption_id,
            list_id=list_id,
            list_line=line,
        )
        who = acting(database, settings, by)
        given = goodwill.give(database, settings, wanted, by=who, now=datetime.now(UTC))
    _say(given)


def approve(number: Number, by: By = None) -> None:
    """Give what waits, as a second person."""
    with open_database() as (database, settings):
        who = acting(database, settings, by)
        _say(goodwill.approve(database, number, by=who, now=datetime.now(UTC)))


def decline(number: Number, by: By = None) -> None:
    """Give nothing of what waits."""
    with open_database() as (database, settings):
        who = acting(database, settings, by)
        _say(goodwill.decline(database, number, by=who, now=datetime.now(UTC)))


def take_back(number: Number, by: By = None) -> None:
    """Take back what was given; the ledger has the amount again."""
    with open_database() as (database, settings):
        who = acting(database, settings, by)
        _say(goodwill.take_back(database, number, by=who, now=datetime.now(UTC)))


def show(
    state: Annotated[GoodwillState | None, typer.Option(help="Only in this state")] = None,
    most: Annotated[int, typer.Option("--most", help="How many", min=1, max=1000)] = 50,
) -> None:
    """What was asked for and given, the newest first."""
    table = Table("number", "state", "amount", "reason", "for", "who", "when", box=None)
    with open_database() as (database, settings):
        for row in goodwill.show(database, state=state, limit=most):
            table.add_row(
                str(row.id), row.state, format_money(row.amount_cents, settings.currency),
                row.reason, row.subject, row.actor, f"{row.asked_at:%Y-%m-%d %H:%M}",
            )  # fmt: skip
    show_table(table)


def _subject(database: Database, receipt: str, code: str) -> tuple[str | None, int | None]:
    """The sale or the list that is named. Raises InvalidInput unless it is one of them."""
    if bool(receipt) == bool(code):
        raise InvalidInput("Say either --receipt STORE/TERMINAL/NUMBER/DAY or --list CODE.")
    if code:
        return None, outcomes.find_list(database, code)
    parts = receipt.split("/")
    if len(parts) != _PARTS:
        raise InvalidInput(f"{receipt[:80]!r} is no receipt such as 0042/1/1234/2026-03-05.")
    store_id, terminal, number, day = parts
    try:
        on = date.fromisoformat(day)
    except ValueError as error:
        raise InvalidInput(f"{day[:40]!r} is no day such as 2026-03-05.") from error
    return outcomes.find_receipt(database, Reference(store_id, terminal, on, number)), None


def _show_lines(lines: Sequence[LineOutcome], currency: str) -> None:
    table = Table("line", "offer", "outcome", "off", "reason", "told at the till", box=None)
    for each in lines:
        table.add_row(
            "" if each.list_line is None else str(each.list_line),
            each.text or each.presented, each.result,
            format_money(each.amount_cents, currency) if each.amount_cents else "",
            each.reason, each.detail,
        )  # fmt: skip
    show_table(table)


def _say(row: Goodwill) -> None:
    say(f"Goodwill {row.id} is {row.state}.")
