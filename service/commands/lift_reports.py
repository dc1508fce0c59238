"""lift reports, redraw, supplier, log: frozen reports, drawn again, and shown to suppliers."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from service.commands.console import say, show_table
from service.commands.database import acting, open_database
from service.commands.receipts import By
from service.engine.lift.redraw import DRAWS, Redrawn
from service.errors import InvalidInput, NotFound
from service.results.redraw import (
    Draws,
    list_reports,
    read_rows,
    redraw_report,
    redrawn_from,
    rows_from,
)
from service.results.supplier import Form, list_showings, report_for, subject_of

Against = Annotated[
    str, typer.Option("--against", help="Of a file: the arm to compare with, holdout or control")
]


def reports(cycle: Annotated[int, typer.Argument(help="The number of the cycle")]) -> None:
    """The frozen reports of a cycle: a deal in a window that became final."""
    with open_database() as (database, _):
        found = list_reports(database, cycle)
    table = Table("report", "deal", "days", "", "SHA-256 of its rows", box=None)
    for each in found:
        addendum = "addendum" if each.is_addendum else ""
        days = f"{each.first_day} to {each.last_day - 1}"
        table.add_row(f"{each.id}", each.deal_ref, days, addendum, each.sha256 or "nobody held out")
    show_table(table)
    say(f"{len(found):,} reports are frozen")


def redraw(
    report: Annotated[str, typer.Argument(help="The number of a report, or a file of its rows")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the rows here, as Parquet, for an auditor")
    ] = None,
    against: Against = "",
    percent: Annotated[int, typer.Option(min=0, max=99, help="Of a file: drawn so many %")] = 0,
    salt: Annotated[str, typer.Option("--salt", help="Of a file: what the arm is drawn with")] = "",
    draws: Annotated[int, typer.Option(min=1, max=100_000, help="How often")] = DRAWS,
) -> None:
    """Draw the arms of a report again and say how often chance goes as far; same rows, same
    salt, same number."""
    if not report.isdigit():
        _redraw_file(Path(report), Draws(percent, salt), against, draws)
        return
    with open_database() as (database, _):
        if out is not None:
            out.write_bytes(read_rows(database, int(report))[1])
        found = redraw_report(database, int(report), draws=draws)
    say(f"report {report}, deal {found.deal_ref}; rows {found.sha256}")
    for each, drawn in found.draws.items():
        say(f"{each}: {drawn.percent} % drawn with the salt {drawn.salt}")
        redrawn = found.found.get(each)
        say(f"  {'nobody to compare with' if redrawn is None else _said(redrawn)}")


def supplier(
    name: Annotated[str, typer.Argument(help="The supplier's name as in the catalogue")],
    deal: Annotated[str, typer.Option("--deal", help="The deal's id in the supplier's file")] = "",
    period: Annotated[str, typer.Option("--period", help="2026-09, 2026-Q3 or 2026")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", help="Write it here: .pdf, .xlsx or .json")
    ] = None,
    language: Annotated[str, typer.Option("--language", help="Of a PDF; else the account's")] = "",
    by: By = None,
) -> None:
    """What a supplier may see of a deal or a period; that it was shown is logged."""
    form = Form.RECORD if out is None else _form_of(out)
    with open_database() as (database, settings):
        shown = report_for(
            database,
            settings,
            name,
            subject_of(deal=deal, period=period),
            shown_to=acting(database, settings, by).name,
            now=datetime.now(UTC),
            form=form,
            language=language,
        )
    if out is None:
        say(shown.content.decode())
        return
    out.write_bytes(shown.content)
    release = shown.release
    say(f"{out}: {release.subject}, release {release.number}, digest {release.digest}")


def show_log(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many at most")] = 50,
) -> None:
    """What suppliers were shown: of what, to whom, when, and its digests."""
    with open_database() as (database, _):
        found = list_showings(database, limit=limit)
    table = Table("shown", "to", "supplier", "of", "release", "form", "digest", box=None)
    for each in found:
        table.add_row(
            f"{each.shown_at:%Y-%m-%d %H:%M}", each.shown_to, f"{each.supplier_id}", each.subject,
            f"{each.number}", each.form, each.digest,
        )  # fmt: skip
    show_table(table)


def _form_of(path: Path) -> Form:
    known = {".pdf": Form.PDF, ".xlsx": Form.XLSX, ".json": Form.RECORD}
    if path.suffix.lower() not in known:
        raise InvalidInput("Reports are written as .pdf, .xlsx or .json.")
    return known[path.suffix.lower()]


def _redraw_file(path: Path, drawn: Draws, against: str, draws: int) -> None:
    if not path.is_file():
        raise NotFound(f"There is no file {path}, and no report of that number.")
    if not (drawn.percent and drawn.salt and against):
        raise InvalidInput("A file needs --against, --percent and --salt, as its report says them.")
    content = path.read_bytes()
    try:
        found = redrawn_from(rows_from(content), against, drawn, draws=draws)
    except ValueError as error:
        raise InvalidInput(f"{path}: {error}.") from error
    say(f"rows {hashlib.sha256(content).hexdigest()}")
    say(f"{against}: {_said(found)}")


def _said(found: Redrawn) -> str:
    return (
        f"p = {found.p_value:.4f} in {found.draws:,} draws; "
        f"the difference is {found.statistic:+.3f} of its errors"
    )
