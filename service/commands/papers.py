"""ageing, reminders, documents, postings, suppliers: what is owed, and the papers of claims."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from service.clearing import documents as papers
from service.clearing import dunning, reports
from service.clearing.evidence import make_evidence
from service.commands.console import progress_bars, say, show_table
from service.commands.database import acting, open_database
from service.commands.receipts import AsOf, By, day_of
from service.engine.clearing.ageing import Age
from service.engine.clearing.evaluation import Figure, quarter_of
from service.engine.money import format_money
from service.files.clearing.general_ledger import read_account_map

Claim = Annotated[str, typer.Argument(help="The claim's number, or its id in `larder claims list`")]


def ageing(as_of: AsOf = None) -> None:
    """What each account owes, by days past the due day."""
    with open_database() as (database, settings):
        found = dunning.show_ages(database, as_of=day_of(as_of, settings))
    titles = [age.value.replace("_", " ") for age in Age]
    shown = Table("account", "legal name", *titles, "all", "in dispute", box=None)
    for each in found:
        amounts = [*each.ages.by_age.values(), each.ages.total_cents, each.ages.disputed_cents]
        shown.add_row(
            each.account.number,
            each.account.legal_name,
            *[format_money(cents, settings.currency) for cents in amounts],
        )
    show_table(shown)


def remind(as_of: AsOf = None, by: By = None) -> None:
    """Write the reminders that are due, one an account; written again, there are none."""
    with open_database() as (database, settings):
        who = acting(database, settings, by)
        written = dunning.write_reminders(
            database, settings, as_of=day_of(as_of, settings), by=who, now=datetime.now(UTC)
        )
        for each in written:
            money = format_money(each.reminder.open_cents, settings.currency)
            say(
                f"{each.account} {each.legal_name}: reminder {each.reminder.level} of {money}, "
                f"document {each.reminder.document_id}"
            )
    say(f"{len(written):,} reminders written")


def show_reminders(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many at most")] = 50,
) -> None:
    """Reminders, the newest first."""
    with open_database() as (database, settings):
        rows = dunning.show_reminders(database, limit=limit)
    shown = Table("written", "account", "level", "asked for", "until", "document", box=None)
    for each in rows:
        shown.add_row(
            f"{each.reminder.written_on}",
            f"{each.account} {each.legal_name}",
            f"{each.reminder.level}",
            format_money(each.reminder.open_cents, settings.currency),
            f"{each.reminder.answer_by}",
            f"{each.reminder.document_id}",
        )
    show_table(shown)


def make_documents() -> None:
    """Make the documents of every issued or credited claim that has none; safe to run again."""
    with open_database() as (database, settings), progress_bars() as progress:
        made = papers.make_missing(database, settings, now=datetime.now(UTC), progress=progress)
    say(f"documents of {made:,} claims made")


def show_documents(claim: Claim) -> None:
    """The documents of a claim with their SHA-256."""
    with open_database() as (database, _):
        found = papers.list_documents(database, claim)
    shown = Table("number", "kind", "name", "bytes", "sha256", box=None)
    for each in found:
        shown.add_row(f"{each.id}", each.kind, each.name, f"{each.bytes:,}", each.sha256)
    show_table(shown)


def write_documents(
    claim: Claim,
    folder: Annotated[Path, typer.Argument(help="Where they are written")],
    draft: Annotated[
        bool, typer.Option("--draft", help="The statement of a draft, as it would be; not kept")
    ] = False,
) -> None:
    """Write the documents of a claim as files, just as they went out."""
    with open_database() as (database, settings):
        if draft:
            files = [papers.draft(database, settings, claim)]
        else:
            kept = papers.list_documents(database, claim)
            rows = [papers.read_document(database, each.id) for each in kept]
            files = [(row.name, row.content) for row in rows]
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files:
        unfinished = folder / f"{name}.part"
        unfinished.write_bytes(content)
        unfinished.replace(folder / name)
    say(f"{len(files):,} documents written to {folder}")


def write_evidence(
    claim: Claim,
    file: Annotated[Path, typer.Argument(help="The CSV to write")],
    by: By = None,
) -> None:
    """Write what stands behind a claim's lines: every event by product, without a household."""
    with open_database() as (database, settings):
        who = acting(database, settings, by)
        kept = make_evidence(database, settings, claim, by=who, now=datetime.now(UTC))
        content = papers.read_document(database, kept.id).content
    unfinished = file.with_name(f"{file.name}.part")
    unfinished.write_bytes(content)
    unfinished.replace(file)
    say(f"document {kept.id}, {kept.bytes:,} bytes, written to {file}")


def export_postings(
    file: Annotated[Path, typer.Argument(help="The CSV to write")],
    accounts: Annotated[
        Path, typer.Option(help="A JSON file: the general ledger's number of each account")
    ],
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day, UTC")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day, UTC")],
    each: Annotated[
        bool, typer.Option("--each", help="Every posting, not the sums of a day by kind")
    ] = False,
) -> None:
    """Write what was posted for the general ledger; debits and credits of each posting agree."""
    mapped = read_account_map(accounts)
    with open_database() as (database, settings):
        lines = reports.write_postings(
            database, settings, file, mapped,
            first=first.date(), last=last.date(), each=each, now=datetime.now(UTC),
        )  # fmt: skip
    say(f"{lines:,} lines written to {file}")


def suppliers(
    day: Annotated[
        datetime | None,
        typer.Option("--day", formats=["%Y-%m-%d"], help="A day of the quarter; today if left out"),
    ] = None,
) -> None:
    """Suppliers by class in a quarter, with the figures and what keeps each from a better class."""
    with open_database() as (database, settings):
        of = day_of(day, settings)
        found = reports.evaluate_suppliers(database, day=of)
    first, last = quarter_of(of)
    say(f"{first} to {last}")
    titles = [figure.value.replace("_", " ") for figure in Figure]
    shown = Table("supplier", "class", "points", *titles, "held back by", box=None)
    for each in found:
        shown.add_row(
            each.supplier,
            each.supplier_class or "-",
            "-" if each.mean_points is None else f"{each.mean_points:.2f}",
            *[_figure(scored.figure, scored.value) for scored in each.scored],
            ", ".join(figure.value.replace("_", " ") for figure in each.reasons),
        )
    show_table(shown)


def _figure(figure: Figure, value: float | None) -> str:
    if value is None:
        return "-"
    if figure in (Figure.DAYS_TO_PAY, Figure.STOCK_STOPS):
        return f"{value:.1f}".removesuffix(".0")
    return f"{100 * value:.1f} %"
