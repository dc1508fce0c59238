"""Which rows of a file claim which card or phone, and who has them already."""

from pathlib import Path

import polars as pl
from sqlmodel import Session

from service.errors import Problem
from service.files import rows
from service.files.notes import shown_rows
from service.files.report import KEPT_PROBLEMS
from service.files.staging import Staging
from service.store import identities
from service.store.tables.household import IdentityKind


def claims_in(frame: pl.DataFrame) -> pl.DataFrame:
    """Who claims which number: row, kind, digest, the other digests, household_id."""
    return pl.concat(
        frame.filter(pl.col(f"{kind.value}_digest").is_not_null()).select(
            pl.col(rows.ROW),
            pl.lit(kind.value).alias("kind"),
            pl.col(f"{kind.value}_digest").alias("digest"),
            pl.col(f"{kind.value}_older").alias("older"),
            "household_id",
        )
        for kind in IdentityKind
    )


def belonging_to_others(session: Session, claims: pl.DataFrame) -> list[int]:
    """The rows with a number that another household of the database is known by."""
    owners = identities.ids_by_ref(session, claims["household_id"])
    moved = []
    for kind in IdentityKind:
        mine = claims.filter(pl.col("kind") == kind.value)
        wanted = {*mine["digest"], *mine["older"].explode().drop_nulls()}
        known = identities.ids_by_digest(session, kind, wanted) if wanted else {}
        if not known:
            continue
        for row, digest, older, ref in mine.select(
            rows.ROW, "digest", "older", "household_id"
        ).iter_rows():
            of = {known[each] for each in (digest, *older) if each in known}
            if of - {owners.get(ref)}:
                moved.append(row)
    return moved


def refuse_shared(staged: Staging, path: Path, claims: pl.DataFrame) -> None:
    """Refuse the rows of households that claim the same card or phone."""
    shared = claims.filter(pl.col("household_id").n_unique().over("kind", "digest") > 1)
    if shared.is_empty():
        return
    by_number = shared.group_by("kind", "digest").agg(rows.ROW)
    of_number = {(kind, digest): found for kind, digest, found in by_number.iter_rows()}
    problems = []
    for row, kind, digest in shared.select(rows.ROW, "kind", "digest").sort(rows.ROW).iter_rows():
        others = shown_rows(sorted(each for each in of_number[kind, digest] if each != row))
        detail = f"another household has the same {kind} in {others}"
        where = f"{path}, row {row}, column {kind}"
        problems.append(Problem(where, detail, "leave it with the household that it belongs to"))
        if len(problems) == KEPT_PROBLEMS:
            break
    refused = shared[rows.ROW].unique()
    staged.drop(refused)
    staged.report.refuse(tuple(problems), len(refused))
