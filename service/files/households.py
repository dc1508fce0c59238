"""Load households with their addresses, cards and phones."""

from pathlib import Path

import polars as pl
from pydantic import SecretStr

from service.digests import normal_identity
from service.files import rows
from service.files.report import LoadReport, Progress, silent
from service.files.rows import FileColumn
from service.store import households
from service.store.identities import known_as
from service.store.session import Database
from service.store.tables.household import IdentityKind


def _country(expr: pl.Expr) -> pl.Expr:
    code = expr.str.to_uppercase()
    return pl.when(code.str.contains("^[A-Z]{2}$")).then(code)


def _language(expr: pl.Expr) -> pl.Expr:
    return pl.when(expr.str.contains("^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")).then(expr)


def columns(language: str) -> tuple[FileColumn, ...]:
    """The columns of a file of households; `language` is the default of an empty language."""
    optional = ("name", "street", "extra", "postcode", "city", "region")
    return (
        FileColumn("household_id", rows.text, "text"),
        *(FileColumn(name, rows.text, "text", required=False, default="") for name in optional),
        FileColumn("country", _country, "two letters, as US", required=False),
        FileColumn(
            "language", _language, "a language tag, as en", required=False, default=language
        ),
        FileColumn("card", rows.text, "text", required=False),
        FileColumn("phone", rows.text, "text", required=False),
        FileColumn("mail_consent", rows.yes_no, "true or false", required=False, default="false"),
        FileColumn("consent_at", rows.moment, "a moment with offset", required=False),
        FileColumn("consent_source", rows.text, "text", required=False, default=""),
        FileColumn("carrier_order", rows.text, "text", required=False, default=""),
    )


def load_households(
    database: Database,
    path: Path,
    *,
    secret_key: SecretStr,
    language: str,
    country: str = "",
    progress: Progress = silent,
) -> LoadReport:
    """Add or update the households of a file; each chunk of rows is committed when it is done.

    Of several rows with one household_id the last counts. For households that exist already, what
    the file has no column for stays as it is. Cards and phones are stored as keyed digests of one
    form each; `country` is that of phones that name none. Raises as `rows.read` does.
    """
    report = LoadReport()
    for chunk in rows.read(path, columns(language)):
        good = chunk.rows.drop(rows.ROW).rename({"household_id": "ref"})
        frame = good.unique("ref", keep="last", maintain_order=True).with_columns(
            pl.col("country").fill_null("")
        )
        with database.write() as session:
            households.upsert_households(
                session,
                frame.drop("card", "phone"),
                *_identities(frame, secret_key, country),
                renewed=chunk.present,
            )
        report.read += chunk.rows.height + chunk.refused
        report.taken += frame.height
        report.known += good.height - frame.height
        report.refuse(chunk.problems, chunk.refused)
        progress("households", chunk.done, chunk.total)
    return report


def _identities(
    frame: pl.DataFrame, secret_key: SecretStr, country: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The digests to know cards and phones by, and those of other forms that are over."""
    found, over = [], []
    for kind in IdentityKind:
        for ref, value in frame.select("ref", kind.value).iter_rows():
            if value is None or not normal_identity(kind, value):
                continue
            first, *others = known_as(secret_key, kind, value, country=country)
            found.append((kind.value, first.digest, ref))
            over += [(kind.value, other.digest) for other in others if other.moves]
    schema = {"kind": pl.String, "digest": pl.String, "ref": pl.String}
    identities = pl.DataFrame(found, schema=schema, orient="row")
    older = pl.DataFrame(over, schema={"kind": pl.String, "digest": pl.String}, orient="row")
    return (
        identities.unique(["kind", "digest"], keep="last", maintain_order=True),
        older.unique(maintain_order=True),
    )
