"""deals list, show, check, approve, send-back, stop, resume, budget: people steer deals."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.table import Table

from service.commands.console import EXIT_FAILED, say, show_table
from service.commands.database import acting, open_database
from service.currencies import minor_digits
from service.deals import listing, picture_deal, steer
from service.engine.codes import gtin
from service.engine.lifecycle import DealState
from service.engine.money import format_money
from service.errors import InvalidInput
from service.store.offers.overview import DealFilter
from service.store.session import Database

Number = Annotated[int, typer.Argument(help="The deal's number, as `larder deals list` shows it")]
By = Annotated[str | None, typer.Option("--by", help="E-mail address of the person who does it")]
SomeNumber = Annotated[
    int | None, typer.Argument(help="The deal's number, as `larder deals list` shows it")
]
All = Annotated[bool, typer.Option("--all", help="Every deal")]
OfSupplier = Annotated[str, typer.Option("--supplier", help="Every deal of this supplier")]
OfUpload = Annotated[int | None, typer.Option("--upload", help="Every deal of this upload")]
Named = Annotated[
    list[str] | None, typer.Option("--deal", help="SUPPLIER:ID, a deal; may be repeated")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask when there are several")]
Day = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only those of which it is a day")
]
_NAMED = 5

Note = Annotated[str, typer.Option(help="Why, for the audit trail")]


def show_all(
    state: Annotated[
        list[DealState] | None, typer.Option(help="Only deals in this state; may be repeated")
    ] = None,
    supplier: Annotated[str, typer.Option(help="Only this supplier's")] = "",
    upload: Annotated[int | None, typer.Option(help="Only those of this upload")] = None,
    category: Annotated[str, typer.Option(help="Only those of this category")] = "",
    product: Annotated[str, typer.Option(help="Only those that count this GTIN")] = "",
    text: Annotated[str, typer.Option(help="Only those with this in the title or the id")] = "",
    benefit: Annotated[str, typer.Option(help="Only this benefit, such as percent_off")] = "",
    target: Annotated[str, typer.Option(help="Only those with this among their targets")] = "",
    worth_from: Annotated[str, typer.Option(help="Only those worth this or more, as 1.00")] = "",
    worth_to: Annotated[str, typer.Option(help="Only those worth this or less")] = "",
    mailed_on: Day = None,
    redeemed_on: Day = None,
) -> None:
    """Deals with title, products, value, dates, targets, state, copies and money."""
    chosen = DealFilter(
        states=state or (),
        supplier=supplier,
        upload=upload,
        category=category,
        gtin=gtin(product) if product else None,
        text=text,
        benefit=benefit,
        target=target,
        mailed_on=mailed_on.date() if mailed_on else None,
        redeemed_on=redeemed_on.date() if redeemed_on else None,
    )
    with open_database() as (database, settings):
        chosen = replace(
            chosen,
            worth_from_cents=read_cents(worth_from, settings.currency) if worth_from else None,
            worth_to_cents=read_cents(worth_to, settings.currency) if worth_to else None,
        )
        found = listing.list_deals(database, chosen, currency=settings.currency)
    table = Table(
        "number", "deal", "supplier", "state", "mailed", "copies", "budget", "reserved", "spent",
        "title", "value", "products", "redeemed", "targets", box=None,
    )  # fmt: skip
    for row in found:
        table.add_row(*_cells(row, settings.currency))
    show_table(table)
    say(f"{len(found)} deals")


def _cells(row: dict[str, Any], currency: str) -> list[str]:
    budget = row["budget_cents"]
    more = f" and {row['products'] - 1:,} more" if row["products"] > 1 else ""
    targets = (f"{name} {', '.join(values)}" for name, values in row["targets"].items())
    return [
        str(row["offer_id"]), row["deal_id"], row["supplier"], row["state"],
        f"{row['mail_from']} to {row['mail_to']}", f"{row['issued']:,}",
        "no limit" if budget is None else format_money(budget, currency),
        format_money(row["reserved_cents"], currency), format_money(row["spent_cents"], currency),
        row["title"], row["value"], f"{row['product'] or ''}{more}",
        f"{row['redeem_from']} to {row['redeem_to']}", "; ".join(targets),
    ]  # fmt: skip


def show(number: Number) -> None:
    """One deal: its state, what it may still cost, and who did what to it."""
    with open_database() as (database, settings):
        current, exposure, trail = steer.show(database, number)
    for row in current:
        budget = row["budget_cents"]
        limit = "no limit" if budget is None else format_money(budget, settings.currency)
        say(
            f"{row['offer_id']} {row['supplier']} {row['deal_id']}, revision {row['revision']}: "
            f"{row['title']}, {row['state']}{', stopped' if row['stopped'] else ''}; budget {limit}"
        )

    def money(cents: int) -> str:
        return format_money(cents, settings.currency)

    live = current[0]
    say(
        f"{live['issued']:,} copies issued, {exposure.open_copies:,} open; spent "
        f"{money(live['spent_cents'])}, reserved {money(live['reserved_cents'])}, expected "
        f"{money(exposure.expected_cents)}, at worst {money(exposure.worst_cents)}"
    )
    if exposure.overspend_chance is not None:
        say(f"chance of more than the budget: at most {exposure.overspend_chance:.2g}")
    for revision, event in trail:
        change = f"{event.from_state or 'new'} -> {event.to_state}"
        detail = f" {json.dumps(event.detail, sort_keys=True)}" if event.detail else ""
        say(
            f"  {event.happened_at:%Y-%m-%d %H:%M:%S} UTC revision {revision}: {event.act} by "
            f"{event.actor}, {change}{detail}"
        )


def picture(
    number: Number,
    out_file: Annotated[Path, typer.Option("--out", help="PNG to write")],
    language: Annotated[str, typer.Option(help="The language of the list it is printed on")] = "",
) -> None:
    """Draw a deal as it is printed on a list, with its small print."""
    with open_database() as (database, settings):
        drawn = picture_deal(database, settings, number, language=language)
    try:
        out_file.write_bytes(drawn.png)
    except OSError as error:
        raise InvalidInput(f"{out_file} cannot be written: {error.strerror}.") from None
    say(f"{out_file}: deal {number} in {drawn.language}")


def check(
    number: SomeNumber = None,
    every: All = False,
    supplier: OfSupplier = "",
    upload: OfUpload = None,
    deal: Named = None,
    yes: Yes = False,
    by: By = None,
) -> None:
    """Confirm that drafts are as intended; then another person may approve them."""
    with open_database() as (database, settings):
        actor = acting(database, settings, by)
        _act(
            database, number, _Choice(every, supplier, upload, deal or ()), yes, "checked",
            lambda each: steer.check(database, each, by=actor),
        )  # fmt: skip


def approve(
    number: SomeNumber = None,
    every: All = False,
    supplier: OfSupplier = "",
    upload: OfUpload = None,
    deal: Named = None,
    yes: Yes = False,
    by: By = None,
) -> None:
    """Approve checked deals. With approval on, whoever loaded them may not."""
    with open_database() as (database, settings):
        actor = acting(database, settings, by)
        _act(
            database, number, _Choice(every, supplier, upload, deal or ()), yes, "approved",
            lambda each: steer.approve(database, settings, each, by=actor),
        )  # fmt: skip


def send_back(number: Number, by: By = None, note: Note = "") -> None:
    """Make a checked deal a draft again."""
    with open_database() as (database, settings):
        actor = acting(database, settings, by)
        _say(number, steer.send_back(database, number, by=actor, note=note))


def stop(
    number: SomeNumber = None,
    every: All = False,
    supplier: OfSupplier = "",
    upload: OfUpload = None,
    deal: Named = None,
    yes: Yes = False,
    by: By = None,
    note: Note = "",
) -> None:
    """Stop deals at once: no more copies, and tills refuse those in circulation."""
    with open_database() as (database, settings):
        actor = acting(database, settings, by)
        _act(
            database, number, _Choice(every, supplier, upload, deal or ()), yes, "stopped",
            lambda each: steer.stop(database, each, by=actor, note=note),
        )  # fmt: skip


def resume(
    number: Number,
    by: By = None,
    note: Note = "",
    new_copies_only: Annotated[
        bool,
        typer.Option("--new-copies-only", help="Keep refusing the copies of earlier revisions"),
    ] = False,
) -> None:
    """Resume a stopped deal."""
    with open_database() as (database, settings):
        actor = acting(database, settings, by)
        state = steer.resume(database, number, by=actor, new_copies_only=new_copies_only, note=note)
        _say(number, state)


def budget(
    number: Number,
    amount: Annotated[str, typer.Argument(help="The whole budget from now on, as 5000.00")],
    by: By = None,
) -> None:
    """Raise the budget of a deal while it runs."""
    with open_database() as (database, settings):
        cents = read_cents(amount, settings.currency)
        actor = acting(database, settings, by)
        _say(number, steer.raise_budget(database, settings, number, cents, by=actor))


def _say(number: int, state: DealState) -> None:
    say(f"Deal {number} is {state}.")


def read_cents(amount: str, currency: str) -> int:
    """An amount as it was typed, in minor units. Raises InvalidInput."""
    digits = minor_digits(currency)
    decimals = rf"(\.[0-9]{{{digits}}})?" if digits else ""
    if not re.fullmatch(rf"[0-9]{{1,9}}{decimals}", amount):
        example = f"{5000:.{digits}f}"
        raise InvalidInput(f"{amount[:40]!r} is not an amount of money such as {example}.")
    return int(Decimal(amount).scaleb(digits))


class _Choice(NamedTuple):
    """Which deals an act is for, beside a number."""

    every: bool
    supplier: str
    upload: int | None
    names: Sequence[str]

    def filters(self, database: Database) -> list[DealFilter]:
        """One filter for each way they were chosen in."""
        named = [listing.split_name(database, name) for name in self.names]
        found = [DealFilter(supplier=supplier, deal_id=deal_id) for supplier, deal_id in named]
        if self.supplier or self.upload is not None:
            found.append(DealFilter(supplier=self.supplier, upload=self.upload))
        return [*found, DealFilter()] if self.every else found


def _act(
    database: Database,
    number: int | None,
    choice: _Choice,
    yes: bool,
    done: str,
    act: Callable[[int], DealState],
) -> None:
    """Do an act to one deal by its number, or to many after asking."""
    filters = choice.filters(database)
    if (number is None) == (not filters):
        raise InvalidInput(
            "Say which deals: either a number, or --all, --supplier, --upload or --deal."
        )
    if number is not None:
        _say(number, act(number))
        return
    chosen = listing.choose_deals(database, filters)
    if len(chosen) > 1 and not yes:
        typer.confirm(f"{len(chosen):,} deals are to be {done}. Go on?", abort=True)
    report = listing.act_on_each(chosen, act)
    say(f"{len(report.done):,} of {len(chosen):,} deals {done}, {len(report.skipped):,} skipped")
    for reason, count in report.reasons():
        named = [deal.deal_id for deal, why in report.skipped if why == reason]
        more = f" and {count - _NAMED:,} more" if count > _NAMED else ""
        say(f"  {count:,} skipped: {reason} ({', '.join(named[:_NAMED])}{more})")
    if not report.done:
        raise typer.Exit(EXIT_FAILED)
