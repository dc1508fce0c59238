"""Drawing the arms of a frozen report again, from its kept rows alone."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
from sqlmodel import Session

from service.engine.lift.redraw import DRAWS, ROWS, Redrawn, redraw
from service.errors import Conflict, InvalidInput, LarderError, NotFound
from service.store import cycles, lift_reports
from service.store.lift_reports import Listed, OfDeal
from service.store.session import Database


class Changed(LarderError):
    """Rows that were kept are not what their SHA-256 says."""


@dataclass(frozen=True, slots=True)
class Draws:
    """What the arms of a report were drawn with: by control, the per cent and the salt."""

    percent: int
    salt: str


@dataclass(frozen=True, slots=True)
class RedrawnReport:
    """A report's p-values by control, from rows with this SHA-256."""

    report_id: int
    deal_ref: str
    sha256: str
    draws: Mapping[str, Draws]
    found: Mapping[str, Redrawn]


def list_reports(database: Database, cycle_id: int) -> list[Listed]:
    """The frozen reports of a cycle, by deal and window. Raises NotFound."""
    with database.read() as session:
        if cycles.get(session, cycle_id) is None:
            raise NotFound("There is no such cycle.")
        return lift_reports.of_cycle(session, cycle_id)


def redraw_report(database: Database, report_id: int, *, draws: int = DRAWS) -> RedrawnReport:
    """Draw a report's arms again, against each of its controls.

    The p-values of `DRAWS` draws are kept, for what suppliers are shown from now on. Raises
    NotFound for a report there is not, Conflict for one without rows, Changed.
    """
    with database.read() as session:
        found = _report(session, report_id)
        sha256, content = _kept(session, report_id)
    drawn = {
        against: Draws(each.control_percent, each.salt)
        for against, each in found.report.figures.comparisons.items()
    }
    rows = rows_from(content)
    redrawn = {
        against: redrawn_from(rows, against, each, draws=draws)
        for against, each in drawn.items()
        if _has_both(rows, against)
    }
    if draws == DRAWS:
        with database.write() as session:
            p_values = {against: each.p_value for against, each in redrawn.items()}
            lift_reports.keep_p_values(session, report_id, p_values)
    return RedrawnReport(report_id, found.offer.deal_ref, sha256, drawn, redrawn)


def redrawn_from(rows: pl.DataFrame, against: str, drawn: Draws, *, draws: int = DRAWS) -> Redrawn:
    """The p-value of rows against one control, as anybody with the salt finds it."""
    return redraw(
        rows, against=against, control_percent=drawn.percent, salt=drawn.salt, draws=draws
    )


def read_rows(database: Database, report_id: int) -> tuple[str, bytes]:
    """The rows of a report as they were kept: their SHA-256, and Parquet; raises as above."""
    with database.read() as session:
        _report(session, report_id)
        return _kept(session, report_id)


def rows_from(content: bytes) -> pl.DataFrame:
    """Rows from Parquet. Raises InvalidInput for what has other columns."""
    try:
        rows = pl.read_parquet(io.BytesIO(content))
        return rows.select(pl.col(name).cast(kind) for name, kind in ROWS.items())
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(
            "These are no rows of a report: they need the columns %(columns)s.",
            columns=", ".join(ROWS),
        ) from error


def _report(session: Session, report_id: int) -> OfDeal:
    found = lift_reports.get(session, report_id)
    if found is None:
        raise NotFound(
            "There is no report %(number)s; `larder lift reports` lists them.", number=report_id
        )
    return found


def _kept(session: Session, report_id: int) -> tuple[str, bytes]:
    kept = lift_reports.rows(session, report_id)
    if kept is None:
        raise Conflict("Nobody was held out of that deal: there is nothing to draw again.")
    if hashlib.sha256(kept.content).hexdigest() != kept.sha256:
        raise Changed(f"the rows of report {report_id} are not what was kept")
    return kept.sha256, kept.content


def _has_both(rows: pl.DataFrame, against: str) -> bool:
    arms = set(rows["arm"].unique())
    return {"exposed", against} <= arms
