"""agreements, claims, disputes, books: clearing with suppliers at the command line."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from service.clearing.agreements import list_agreements, load_agreements
from service.clearing.books import check_books
from service.clearing.disputes import (
    answer_dispute,
    list_disputes,
    open_dispute,
    withdraw_dispute,
)
from service.clearing.draw import draw_claims, draw_due
from service.clearing.issue import cancel_claim, issue_claim
from service.clearing.show import list_claims, show_claim
from service.commands.console import EXIT_FAILED, progress_bars, say, show_table
from service.commands.database import acting, open_database
from service.commands.steer import read_cents
from service.engine.clearing.claim import (
    Claim,
    ClaimPart,
    ClaimState,
    Dispute,
    DisputeReason,
    DisputeState,
)
from service.engine.money import format_money
from service.files.agreements import example, read_agreements
from service.settings import Settings

By = Annotated[str | None, typer.Option("--by", help="E-mail address of the person who does it")]
Named = Annotated[str, typer.Argument(help="The claim's number, or its id in `larder claims list`")]
Number = Annotated[int, typer.Argument(help="Its number, as `larder disputes list` shows it")]
Day = Annotated[
    datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="Its date; today by default")
]


def load(
    file: Annotated[Path, typer.Argument(help="A JSON file; docs/clearing.md describes it")],
    by: By = None,
) -> None:
    """Add the agreements of a file, or a revision of each that changed; all of it or nothing."""
    form = read_agreements(file)
    with open_database() as (database, settings):
        who = acting(database, settings, by)
        loaded = load_agreements(database, settings, form, by=who, now=datetime.now(UTC))
    say(
        f"{loaded.added:,} agreements added, {loaded.revised:,} revised, "
        f"{loaded.unchanged:,} unchanged"
    )
    for name in loaded.new_brands:
        say(f"  {name} is new: no deal is of this supplier yet")
    if loaded.parties_given:
        say(f"  {loaded.parties_given:,} deals that are not printed yet got other parties")


def show_example() -> None:
    """Print a small file of agreements, to start from."""
    say(example())


def show_agreements() -> None:
    """Accounts with their agreements in force."""
    with open_database() as (database, settings):
        found = list_agreements(database)
    shown = Table(
        "account", "legal name", "agreement", "from", "to", "fee", "tax", "limit", "parties",
        box=None,
    )  # fmt: skip
    for account, agreements in found:
        for each in agreements:
            limit = each.credit_limit_cents
            shown.add_row(
                account.number,
                account.legal_name,
                f"{each.ref} r{each.revision}",
                f"{each.valid_from}",
                f"{each.valid_to}",
                format_money(each.fee_cents, settings.currency),
                f"{each.tax_code} {each.tax_basis_points / 100:g} %",
                "none" if limit is None else format_money(limit, settings.currency),
                ", ".join(party.supplier for party in each.parties) or "alone",
            )
    show_table(shown)


def draw(
    to: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="The last day; by default that of each agreement's newest month with its grace "
            "over, unless that is drawn",
        ),
    ] = None,
    account: Annotated[str, typer.Option(help="Only this account's")] = "",
    issue: Annotated[bool, typer.Option("--issue", help="Issue them at once, dated today")] = False,
    by: By = None,
) -> None:
    """Draw a claim for each agreement with entries that no claim has; safe to run again."""
    with open_database() as (database, settings), progress_bars() as progress:
        today = _today(settings)
        by_whom = acting(database, settings, by)
        on = today if issue else None
        now = datetime.now(UTC)
        if to is None:
            drawn = draw_due(
                database, settings, by=by_whom, now=now, issue_on=on, account=account,
                progress=progress,
            )  # fmt: skip
        else:
            drawn = draw_claims(
                database, settings, drawn_to=to.date(), by=by_whom, now=now, issue_on=on,
                account=account, progress=progress,
            )  # fmt: skip
    total = format_money(sum(each.total_cents for each in drawn), settings.currency)
    say(f"{len(drawn):,} claims {'issued' if issue else 'drawn as drafts'}: {total}")


def show_all(
    state: Annotated[ClaimState | None, typer.Option(help="Only those in this state")] = None,
    account: Annotated[str, typer.Option(help="Only this account's")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many at most")] = 50,
) -> None:
    """Claims, the newest first, with what is open of each."""
    with open_database() as (database, settings):
        found = list_claims(database, account=account, state=state, limit=limit)
    shown = Table("id", "number", "account", "state", "to", "due", "total", "open", box=None)
    for each in found:
        shown.add_row(
            f"{each.id}",
            each.number or "-",
            f"{each.account} {each.legal_name}",
            each.state,
            f"{each.drawn_to}",
            f"{each.due_on or '-'}",
            format_money(each.total_cents, settings.currency),
            format_money(each.open_cents, settings.currency),
        )
    show_table(shown)


def show_one(named: Named) -> None:
    """One claim: its lines, what it comes to, and what is open of it."""
    with open_database() as (database, settings):
        claim = show_claim(database, named)
    say(f"claim {claim.number or claim.id} of {claim.account.legal_name}: {claim.state}")
    say(
        f"  agreement {claim.agreement.ref} r{claim.agreement.revision}, entries from "
        f"{claim.first_day} to {claim.last_day}, due {claim.due_on or 'when it is issued'}"
    )
    _show_lines(claim, settings.currency)


def _show_lines(claim: Claim, currency: str) -> None:
    def money(cents: int) -> str:
        return format_money(cents, currency)

    shown = Table(
        "line", "supplier", "deal", "store", "late of", "copies", "uses", "off", "share", "fee",
        "slots", "adjusted", box=None,
    )  # fmt: skip
    for line in claim.lines:
        shown.add_row(
            f"{line.line}", line.supplier, f"{line.deal_ref} r{line.revision}",
            line.store_id or "-", line.late_of or "-", f"{line.circulation:,}",
            f"{line.redemptions:,}", money(line.redeemed_cents), money(line.share_cents),
            money(line.fee_cents), money(line.slot_cents), money(line.adjustment_cents),
        )  # fmt: skip
    show_table(shown)
    say(
        f"  share {money(claim.share_cents)}, fees {money(claim.fee_cents)}, slots "
        f"{money(claim.slot_cents)}, tax {money(claim.tax_cents)}: {money(claim.total_cents)}"
    )
    say(
        f"  opening {money(claim.opening_cents)}, closing {money(claim.closing_cents)}, open of "
        f"this claim {money(claim.open_cents)}"
    )


def issue(named: Named, on: Day = None, by: By = None) -> None:
    """Issue a draft: it gets its number, its dates and its tax, and is owed."""
    with open_database() as (database, settings):
        day = on.date() if on else _today(settings)
        who = acting(database, settings, by)
        claim = issue_claim(database, named, on=day, by=who, now=datetime.now(UTC))
        total = format_money(claim.total_cents, settings.currency)
        number = show_claim(database, claim.id).number
    say(f"claim {number} is {claim.state}: {total}, due {claim.due_on}")


def cancel(
    named: Named,
    note: Annotated[str, typer.Option(help="Why")],
    on: Day = None,
    by: By = None,
) -> None:
    """Give up a draft, or credit an issued claim in full; its entries come into a later one."""
    with open_database() as (database, settings):
        day = on.date() if on else _today(settings)
        who = acting(database, settings, by)
        claim = cancel_claim(database, named, note=note, on=day, by=who, now=datetime.now(UTC))
        credit = show_claim(database, claim.id).credit_number
    say(f"claim {named} is cancelled" + (f"; its credit is {credit}" if credit else ""))


def open_one(
    named: Named,
    line: Annotated[int, typer.Option(help="The line of the claim")],
    reason: Annotated[DisputeReason, typer.Option(help="Why")],
    part: Annotated[ClaimPart, typer.Option(help="Of what")] = ClaimPart.SHARE,
    amount: Annotated[str, typer.Option(help="How much, such as 12.50; all of it by default")] = "",
    note: Annotated[str, typer.Option(help="More about why; needed with the reason other")] = "",
    by: By = None,
) -> None:
    """Dispute an amount of a line for its supplier; the rest of the claim stays due."""
    with open_database() as (database, settings):
        dispute = open_dispute(
            database,
            named,
            line=line,
            part=part,
            reason=reason,
            cents=read_cents(amount, settings.currency) if amount else None,
            note=note,
            on=_today(settings),
            by=acting(database, settings, by),
            now=datetime.now(UTC),
        )
    _say_dispute(dispute, settings.currency)


def answer(
    number: Number,
    accept: Annotated[str, typer.Option(help="How much is accepted, such as 12.50")],
    reason: Annotated[DisputeReason | None, typer.Option(help="Why not all of it")] = None,
    note: Annotated[str, typer.Option(help="More about why")] = "",
    by: By = None,
) -> None:
    """Accept all, a part or nothing of a dispute; what is accepted is credited with its tax."""
    with open_database() as (database, settings):
        dispute = answer_dispute(
            database,
            number,
            accepted_cents=read_cents(accept, settings.currency),
            reason=reason,
            note=note,
            by=acting(database, settings, by),
            now=datetime.now(UTC),
        )
    _say_dispute(dispute, settings.currency)


def withdraw(
    number: Number,
    note: Annotated[str, typer.Option(help="Why")] = "",
    by: By = None,
) -> None:
    """Give a dispute up for its supplier."""
    with open_database() as (database, settings):
        who = acting(database, settings, by)
        dispute = withdraw_dispute(database, number, note=note, by=who, now=datetime.now(UTC))
    _say_dispute(dispute, settings.currency)


def show_disputes(
    state: Annotated[DisputeState | None, typer.Option(help="Only those in this state")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many at most")] = 50,
) -> None:
    """Disputes, the newest first."""
    with open_database() as (database, settings):
        found = list_disputes(database, state=state, limit=limit)
    shown = Table(
        "number", "claim", "line", "part", "reason", "amount", "state", "accepted", "answer by",
        box=None,
    )  # fmt: skip
    for each in found:
        shown.add_row(
            f"{each.id}", each.claim_number, f"{each.line}", each.part, each.reason,
            format_money(each.claimed_cents, settings.currency), each.state,
            format_money(each.accepted_cents, settings.currency), f"{each.answer_by}",
        )  # fmt: skip
    show_table(shown)


def check() -> None:
    """Check every invariant of the books; say what breaks each, the ten worst first."""
    with open_database() as (database, settings):
        books = check_books(database, settings, now=datetime.now(UTC))
    shown = Table("invariant", "holds", "count", "apart", box=None)
    for each in books.checks:
        holds = "no" if each.is_broken else "yes" if each.is_fault else "-"
        apart = format_money(each.difference, settings.currency) if each.count else ""
        shown.add_row(each.name, holds, f"{each.count:,}", apart)
    show_table(shown)
    for each in books.checks:
        for worst in each.worst:
            say(f"  {each.name}: {worst.subject} by {worst.difference:,}")
    if not books.is_sound:
        raise typer.Exit(EXIT_FAILED)


def _say_dispute(dispute: Dispute, currency: str) -> None:
    accepted = format_money(dispute.accepted_cents, currency)
    say(
        f"dispute {dispute.id} about line {dispute.line} of claim {dispute.claim_number} is "
        f"{dispute.state}: {format_money(dispute.claimed_cents, currency)}, accepted {accepted}"
    )


def _today(settings: Settings) -> date:
    return datetime.now(ZoneInfo(settings.timezone)).date()
