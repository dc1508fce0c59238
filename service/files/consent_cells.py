"""What files of households say of consents, and which addresses they allow to keep."""

from collections import Counter
from collections.abc import Collection

import polars as pl

from service.files import rows
from service.files.report import LoadReport
from service.files.rows import FileColumn
from service.store import consents
from service.store.tables.consent import Purpose

CONSENTS = {
    "mail_consent": Purpose.LETTER,
    "email_consent": Purpose.EMAIL,
    "sms_consent": Purpose.SMS,
    "profile_consent": Purpose.PROFILE,
    "partner_consent": Purpose.PARTNER_SLOTS,
}
"""What the columns of consents are consents to."""
COLUMNS = tuple(
    FileColumn(name, rows.yes_no, "true or false", required=False, default="false")
    for name in CONSENTS
)
_ADDRESSES = {"email": "email_consent", "phone_sealed": "sms_consent"}


def allowed(frame: pl.DataFrame, present: Collection[str]) -> pl.DataFrame:
    """The rows without the addresses that their own row allows no use of.

    What a file has no column of consent for, the consents that are stored decide on.
    """
    return frame.with_columns(
        pl.when(consent).then(column).otherwise(pl.lit("")).alias(column)
        for column, consent in _ADDRESSES.items()
        if consent in present
    )


def said(frame: pl.DataFrame, present: Collection[str]) -> pl.DataFrame:
    """What the columns of consents that a file has say, a row a household and purpose."""
    found = [
        frame.select(
            "ref",
            pl.lit(purpose.value).alias("purpose"),
            pl.col(name).alias("granted"),
            pl.col("consent_at").alias("said_at"),
            pl.col("consent_source").alias("place"),
        )
        for name, purpose in CONSENTS.items()
        if name in present
    ]
    return pl.concat([consents.nothing_said(), *found])


def note(report: LoadReport, overruled: int, dropped: Counter[Purpose]) -> None:
    """Note what a file says of consents and addresses that is not taken."""
    if overruled:
        report.note(
            f"{overruled:,} consents that the file gives were taken back later by the households "
            "themselves, and stay so"
        )
    if dropped[Purpose.EMAIL]:
        report.note(
            f"{dropped[Purpose.EMAIL]:,} e-mail addresses are not kept, because their households "
            "did not agree to e-mail (email_consent)"
        )
