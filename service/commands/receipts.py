"""receipts: what banks booked, matched with the claims that it settles."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from service.clearing.read_receipts import BankForm, load_bank_file
from service.clearing.receipts import (
    apply_suspense,
    match_receipts,
    show_receipts,
)
from service.clearing.set_off import set_off_due
from service.commands.console import say, show_notes, show_table
from service.commands.database import acting, open_database
from service.commands.steer import read_cents
from service.engine.money import format_money
from service.errors import InvalidInput
from service.settings import Settings
from service.store.tables.bank import ReceiptState

By = Annotated[str | None, typer.Option("--by", help="E-mail address of the person who does it")]
AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day; today if left out"),
]


def load(
    file: Annotated[Path, typer.Argument(help="camt.053 (XML), X12 820, or a bank's CSV or XLSX")],
    layout: Annotated[
        str, typer.Option(help="Of a CSV: a name in docs/payments.md, or a .json file")
    ] = "plain",
    account: Annotated[
        str, typer.Option(help="The account that the file is of, where it names none")
    ] = "",
    currency: Annotated[
        str, typer.Option(help="Its currency, where it names none; the retailer's if left out")
    ] = "",
    encoding: Annotated[
        str, typer.Option(help="The encoding of text that is not Unicode, such as gb18030")
    ] = "",
    by: By = None,
) -> None:
    """Keep what a bank booked, or what a payer says of it; a booking in two files counts once."""
    with open_database() as (database, settings):
        form = BankForm(
            books=settings.currency,
            layout=layout,
            account=account,
            currency=currency,
            encoding=encoding or settings.deals_encoding,
        )
        loaded = load_bank_file(
            database,
            file,
            form,
            shown=str(file),
            by=acting(database, settings, by),
            now=datetime.now(UTC),
        )
    show_notes(loaded.notes)
    noun = "remittance advices" if loaded.is_advice else "receipts"
    say(f"{loaded.added.taken:,} {noun} added, {loaded.added.known:,} known already")


def match(
    receipt: Annotated[
        int | None, typer.Argument(help="A receipt in suspense, by its number; all new if left out")
    ] = None,
    claim: Annotated[str, typer.Option(help="With a receipt: the claim that it is for")] = "",
    amount: Annotated[str, typer.Option(help="With a receipt: not all of it, such as 12.50")] = "",
    by: By = None,
) -> None:
    """Match new receipts with claims by number and amount, or say what one in suspense is for."""
    with open_database() as (database, settings):
        who = acting(database, settings, by)
        now = datetime.now(UTC)
        if receipt is not None:
            if not claim:
                raise InvalidInput("Say which claim the receipt is for: --claim C2026-000042.")
            cents = read_cents(amount, settings.currency) if amount else None
            row = apply_suspense(database, receipt, claim, cents, by=who, now=now)
            left = format_money(row.suspense_cents, settings.currency)
            say(f"receipt {row.id} is {row.state}; {left} of it is in suspense")
            return
        made = match_receipts(database, by=who, now=now)
    for state, count in sorted(made.states.items()):
        say(f"{count:,} {state}")
    for reason, count in sorted(made.reasons.items()):
        say(f"  {count:,} in suspense: {reason}")
    if made.waiting:
        say(f"{made.waiting:,} wait: their claims changed just now; match again")
    if not made.states and not made.waiting:
        say("no receipt is new")


def show(
    state: Annotated[ReceiptState | None, typer.Option(help="Only those in this state")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many at most")] = 50,
) -> None:
    """Receipts, the newest first, with what of each is in suspense and why."""
    with open_database() as (database, _):
        rows = show_receipts(database, state=state, limit=limit)
    shown = Table("number", "booked", "amount", "payer", "text", "state", "suspense", "why",
                  box=None)  # fmt: skip
    for row in rows:
        shown.add_row(
            f"{row.id}",
            f"{row.booked_on}",
            format_money(row.amount_cents, row.currency),
            row.payer,
            row.text[:40],
            row.state,
            format_money(row.suspense_cents, row.currency) if row.suspense_cents else "",
            row.reason or "",
        )
    show_table(shown)


def set_off(as_of: AsOf = None, by: By = None) -> None:
    """Set off what is due of accounts that agreed to it; what is in dispute stays."""
    with open_database() as (database, settings):
        who = acting(database, settings, by)
        day = day_of(as_of, settings)
        done = set_off_due(database, as_of=day, by=who, now=datetime.now(UTC))
        for each in done:
            say(f"{each.number}: {format_money(each.undisputed_cents, settings.currency)} set off")
    say(f"{len(done):,} claims set off")


def day_of(given: datetime | None, settings: Settings) -> date:
    """A day that was given, or today where the retailer is."""
    if given is not None:
        return given.date()
    return datetime.now(ZoneInfo(settings.timezone)).date()
