"""A supplier's report of lift as a record or a document; every showing of it is logged."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from service.engine.clearing.claim import Address, Channel, SupplierAccount
from service.engine.lift.subject import Subject, of_deal, of_period
from service.errors import InvalidInput, NotFound
from service.files.clearing.creditor import retailer_of
from service.files.clearing.words import words_of
from service.files.results.report_pdf import ReleaseFacts, report_pdf
from service.files.results.report_xlsx import report_xlsx
from service.results.release import record_json, release_for
from service.settings import Settings
from service.store import lift_reports
from service.store.clearing import accounts
from service.store.lift_reports import Showing
from service.store.session import Database
from service.store.tables.catalogue import Supplier
from service.store.tables.lift_report import LiftRelease, LiftShowing


class Form(StrEnum):
    """In which form a report is shown."""

    RECORD = "record"
    PDF = "pdf"
    XLSX = "xlsx"


MEDIA_TYPES = {
    Form.RECORD: "application/json",
    Form.PDF: "application/pdf",
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A release as it was shown: a file name, its bytes and their type."""

    release: LiftRelease
    name: str
    media_type: str
    content: bytes


def subject_of(*, deal: str = "", period: str = "") -> Subject:
    """The subject that is named: a deal by its reference, or a period. Raises InvalidInput."""
    if bool(deal) == bool(period):
        raise InvalidInput("Name either a deal or a period.")
    return of_deal(deal) if deal else of_period(period)


def report_for(
    database: Database,
    settings: Settings,
    supplier: str,
    subject: Subject,
    *,
    shown_to: str,
    now: datetime,
    form: Form = Form.RECORD,
    language: str = "",
) -> Shown:
    """What a supplier is shown of a deal or a period; who is shown it stands in the log.

    In the language of the supplier's account unless one is named; the record is the same in all.
    Raises as `release_for` does, and Misconfigured for what documents need and nobody set.
    """
    today = now.astimezone(ZoneInfo(settings.timezone)).date()
    release = release_for(database, settings, supplier, subject, today=today, now=now)
    content = _content(database, settings, release, form, language)
    name = f"{subject.key.replace(':', '-')}-{release.number}"
    suffix = "json" if form is Form.RECORD else form.value
    shown = Shown(release, f"{_plain(name)}.{suffix}", MEDIA_TYPES[form], content)
    with database.write() as session:
        showing = LiftShowing(
            release_id=release.id,
            shown_to=shown_to,
            shown_at=now,
            form=form.value,
            sha256=hashlib.sha256(content).hexdigest(),
        )
        lift_reports.add_showing(session, showing)
    return shown


def list_showings(
    database: Database, *, supplier_ids: Collection[int] | None = None, limit: int = 50
) -> list[Showing]:
    """What was shown to whom and when, the newest first; of some suppliers or of all."""
    with database.read() as session:
        return lift_reports.showings(session, supplier_ids=supplier_ids, limit=limit)


def supplier_named(database: Database, supplier_id: int) -> str:
    """The name of a supplier. Raises NotFound."""
    with database.read() as session:
        found = session.get(Supplier, supplier_id)
    if found is None:
        raise NotFound("There is no such supplier.")
    return found.name


def _content(
    database: Database, settings: Settings, release: LiftRelease, form: Form, language: str
) -> bytes:
    if form is Form.RECORD:
        return record_json(release.content).encode()
    made_on = release.made_at.astimezone(ZoneInfo(settings.timezone)).date()
    if form is Form.XLSX:
        return report_xlsx(release.content, made_on=made_on)
    retailer = retailer_of(settings)
    with database.read() as session:
        account = accounts.of_supplier(session, release.supplier_id)
    spoken = language or (account.language if account else settings.language)
    return report_pdf(
        release.content,
        ReleaseFacts(release.number, made_on, release.digest),
        account or _without_account(release.content.supplier, retailer.address.country, settings),
        retailer,
        language=words_of(spoken, settings.currency).language,
    )


def _without_account(name: str, country: str, settings: Settings) -> SupplierAccount:
    """A supplier of which nobody said who pays: its name alone."""
    return SupplierAccount(
        id=0,
        number="",
        legal_name=name,
        address=Address("", "", "", country),
        tax_number="",
        language=settings.language,
        currency=settings.currency,
        channel=next(iter(Channel)),
    )


def _plain(name: str) -> str:
    """A file name: what else there is in a deal's reference becomes a hyphen."""
    return "".join(each if each.isascii() and each.isalnum() else "-" for each in name)
