"""load deals, deals: suppliers' spreadsheets, their template, and the history of a deal."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from service.commands.console import (
    EXIT_FAILED,
    out,
    progress_bars,
    say,
    show_notes,
    show_problems,
    show_table,
)
from service.commands.database import acting, open_database
from service.deals import (
    Order,
    Preview,
    ReadOptions,
    add_remarks,
    load_body,
    make_template,
    preview_deals,
    preview_pictures,
)
from service.deals.listing import split_name
from service.deals.one_deal import row_with
from service.engine.money import format_money
from service.errors import InvalidInput, LarderError, NotFound
from service.files.notes import ALL
from service.settings import Settings
from service.store.offers import revisions
from service.store.session import Database

_SHOWN = 20

File = Annotated[Path, typer.Argument(help="An XLSX, CSV or other text file, or Parquet")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what every row means, and load nothing")
]
Remarks = Annotated[
    Path | None,
    typer.Option("--remarks", help="Write the file with a column of remarks here, as .xlsx"),
]
Accept = Annotated[
    bool, typer.Option("--accept", help="Load although notes must be accepted: they are accepted")
]
Pictures = Annotated[
    Path | None,
    typer.Option("--pictures", help="With --dry-run: draw every deal into this folder, as printed"),
]
Encoding = Annotated[
    str | None,
    typer.Option("--encoding", help="The encoding of text that is not Unicode, such as gb18030"),
]
Dates = Annotated[
    Order | None, typer.Option("--dates", help="What comes first where dates can be read both ways")
]


def load_file(
    file: File,
    dry_run: DryRun = False,
    accept: Accept = False,
    remarks: Remarks = None,
    pictures: Pictures = None,
    encoding: Encoding = None,
    dates: Dates = None,
) -> None:
    """Suppliers' deals: the whole file, or nothing and every fault by cell.

    Where a file has faults it is written again as NAME-remarks.xlsx, with what is wrong in each
    row.
    """
    if pictures is not None and not dry_run:
        raise InvalidInput("--pictures draws what a dry run shows: add --dry-run.")
    body = _read_bytes(file)
    with open_database() as (database, settings):
        options = ReadOptions.of(settings, encoding=encoding, dates=dates)
        if remarks is not None:
            _write_remarks(database, file, body, options, remarks)
        try:
            if dry_run:
                if pictures is not None:
                    _draw(database, file, body, options, pictures)
                _dry_run(database, file, body, options)
            else:
                _load(database, settings, file, body, options, accept=accept)
        except InvalidInput as error:
            if error.problems and remarks is None:
                _write_remarks_beside(database, file, body, options)
            raise


def template(file: Annotated[Path, typer.Argument(help="Where to write it, as .xlsx")]) -> None:
    """Write the form as a workbook: columns with examples, then the rules."""
    _write_book(file, make_template())
    say(f"template: {file}")


def history(
    supplier: Annotated[str, typer.Argument(help="The supplier's name as in the catalogue")],
    deal_id: Annotated[str, typer.Argument(help="The deal's id in the supplier's file")],
) -> None:
    """Every revision of a deal: who loaded it when, from which file, and what changed."""
    with open_database() as (database, _), database.read() as session:
        found = revisions.of_deal(session, supplier, deal_id)
    if not found:
        raise NotFound(f"{supplier} has no deal {deal_id}.")
    before: dict[str, str] = {}
    for each in found:
        say(
            f"revision {each.revision}, {each.state}: {each.loaded_at:%Y-%m-%d %H:%M} UTC by "
            f"{each.loaded_by}, from {each.file}"
        )
        for name in sorted(before.keys() | each.given.keys()) if before else ():
            was, now = before.get(name, "nothing"), each.given.get(name, "nothing")
            if was != now:
                say(f"  {name}: {was[:80]} -> {now[:80]}")
        before = each.given


def set_cells(
    deal: Annotated[str, typer.Argument(help="SUPPLIER:ID; a deal that is not there is made")],
    cells: Annotated[list[str], typer.Argument(help="COLUMN=VALUE; an empty value clears it")],
    dry_run: DryRun = False,
    accept: Accept = False,
) -> None:
    """Make or edit one deal by itself, with the checks of a file."""
    changes = {}
    for cell in cells:
        name, equals, value = cell.partition("=")
        if not equals or name in changes:
            raise InvalidInput(f"{cell[:60]!r} is not COLUMN=VALUE, each column once.")
        changes[name] = value
    with open_database() as (database, settings):
        name, body = row_with(database, *split_name(database, deal), changes)
        options = ReadOptions.of(settings)
        if dry_run:
            found = preview_deals(database, name, body, options=options)
            _show(found, currency=options.currency)
            if found.faults:
                raise typer.Exit(EXIT_FAILED)
            return
        _load(database, settings, Path(name), body, options, accept=accept)


def _load(
    database: Database,
    settings: Settings,
    file: Path,
    body: bytes,
    options: ReadOptions,
    *,
    accept: bool,
) -> None:
    actor = acting(database, settings)
    with progress_bars() as progress:
        report = load_body(
            database, file.name, body, uploaded_by=actor, options=options,
            with_approval=settings.deal_approval, accept=ALL if accept else "", progress=progress,
        )  # fmt: skip
    if report.already_loaded:
        say(f"deals: this very file is loaded already ({report.rows} rows)")
    else:
        say(
            f"deals: {report.rows} rows, {report.added} added, {report.revised} revised, "
            f"{report.unchanged} unchanged"
        )
    show_notes(report.notes)


def _dry_run(database: Database, file: Path, body: bytes, options: ReadOptions) -> None:
    found = preview_deals(database, file.name, body, options=options, listed=_SHOWN)
    _show(found, currency=options.currency)
    if found.faults:
        _write_remarks_beside(database, file, body, options)
        raise typer.Exit(EXIT_FAILED)


def _draw(database: Database, file: Path, body: bytes, options: ReadOptions, folder: Path) -> None:
    count = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for count, drawn in enumerate(
            preview_pictures(database, file.name, body, options=options), 1
        ):
            (folder / f"{count:03d}-{drawn.file_name}").write_bytes(drawn.png)
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be written to: {error.strerror}.") from None
    say(f"pictures: {count} in {folder}")


def _show(found: Preview, *, currency: str) -> None:
    say(
        f"{found.name}: {found.rows:,} rows, {found.added:,} to add, {found.revised:,} to revise, "
        f"{found.unchanged:,} unchanged, {found.faults:,} fault{'s' * (found.faults != 1)}"
    )
    if found.loaded_before:
        say(f"  these very bytes were loaded {found.loaded_before}")
    _show_headers(found)
    show_notes(found.notes)
    for deal in found.deals:
        say(f"  {deal.place} {deal.deal_id} ({deal.change}): {deal.sentence}")
    more = found.added + found.revised + found.unchanged - len(found.deals)
    if more > 0:
        say(f"  and {more:,} more")
    if found.totals:
        table = Table("supplier", "deals", "budget", "without", "copies", "without", box=None)
        for each in found.totals:
            table.add_row(
                each.supplier, str(each.deals), format_money(each.budget_cents, currency),
                str(each.without_budget), f"{each.circulation_max:,}",
                str(each.without_circulation),
            )  # fmt: skip
        show_table(table)
    show_problems(found.problems, total=found.faults)
    if not found.faults:
        out.print("nothing was loaded: this was a dry run")


def _show_headers(found: Preview) -> None:
    """One line a sheet: what each header was taken for; a header that names its column is short."""
    sheets: dict[str, list[str]] = {}
    for each in found.headers:
        taken = each.column or "not used"
        shown = each.header if each.header == taken else f"{each.header!r} = {taken}"
        sheets.setdefault(each.sheet, []).append(f"{each.cell} {shown}")
    for sheet, shown_headers in sheets.items():
        say(f"  headers{f' of {sheet}' if sheet else ''}: {', '.join(shown_headers)}")


def _read_bytes(file: Path) -> bytes:
    if not file.is_file():
        raise NotFound(f"There is no file {file}.")
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}.") from None


def _write_remarks_beside(
    database: Database, file: Path, body: bytes, options: ReadOptions
) -> None:
    """Write remarks on a file with faults beside it; none for a file that is not a table."""
    try:
        _write_remarks(database, file, body, options, file.with_name(f"{file.stem}-remarks.xlsx"))
    except LarderError:
        return


def _write_remarks(
    database: Database, file: Path, body: bytes, options: ReadOptions, to: Path
) -> None:
    _write_book(to, add_remarks(database, file.name, body, options=options))
    say(f"remarks: {to}")


def _write_book(file: Path, book: bytes) -> None:
    try:
        file.write_bytes(book)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror}.") from None
