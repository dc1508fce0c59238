"""All that is stored of a household as one zip: each table as CSV, all of them as one JSON file."""

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from service.engine.texts import clean
from service.files.csv_cells import guarded_text
from service.members.finding import member
from service.sealing import PHONES, Sealer
from service.settings import Settings
from service.store import audit, exports, household_views
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.household import Household

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENTS = ("_at",)
_DAY_ONE = (1980, 1, 1, 0, 0, 0)
_ABOUT = """What {retailer} stores of household {ref}, written on {now:%Y-%m-%d %H:%M} UTC.

household.json holds everything; each .csv file holds one table of it. Amounts are in cents of
{currency}, quantities in thousandths of their unit. Cards and telephone numbers that tills know the
household by are stored as digests that cannot be read back, so only how many there are is written.
"""


def export(
    database: Database, settings: Settings, ref: str, out: BinaryIO, *, by: Actor, now: datetime
) -> None:
    """Write the zip of the household with the retailer's number `ref`.

    The same data at the same moment gives the same bytes. Raises NotFound, and Conflict for one
    that was erased.
    """
    ref = clean(ref)
    with database.write() as session:
        household = member(session, ref)
        audit.add(session, by, "export", "household", household.id, at=now)
    with database.read() as session, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        contact = household_views.contact(session, household.id)
        phone = Sealer(settings.secret_key, PHONES).open(contact.phone_sealed if contact else "")
        whole: dict[str, object] = {
            "household": _household(household),
            "phone": phone,
            "written_at": now.isoformat(),
        }
        for table in exports.tables(session, household.id):
            rows = [
                tuple(_plain(name, value) for name, value in zip(table.columns, row, strict=True))
                for row in table.rows
            ]
            whole[table.name] = [dict(zip(table.columns, row, strict=True)) for row in rows]
            _put(packed, f"{table.name}.csv", _csv(table.columns, rows))
        _put(packed, "household.json", json.dumps(whole, ensure_ascii=False, indent=1))
        about = _ABOUT.format(
            retailer=settings.retailer, ref=ref, now=now.astimezone(UTC), currency=settings.currency
        )
        _put(packed, "README.txt", about)


def _household(household: Household) -> dict[str, str]:
    return {"number": household.ref, "language": household.language}


def _plain(name: str, value: object) -> object:
    """A value as JSON has it; moments in UTC, also those that SQLite holds as numbers."""
    if value is None:
        return None
    if name.endswith(_MOMENTS) and isinstance(value, int):
        return (_EPOCH + timedelta(microseconds=value)).isoformat()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if name in ("granted", "mail_consent", "live", "ticked", "gone"):
        return bool(value)
    return value if isinstance(value, int | float | str) else str(value)


def _csv(columns: Sequence[str], rows: Sequence[tuple[object, ...]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([guarded_text(each) if isinstance(each, str) else each for each in row])
    return out.getvalue()


def _put(packed: zipfile.ZipFile, name: str, content: str) -> None:
    # A fixed date, so that the same data gives the same bytes.
    info = zipfile.ZipInfo(name, date_time=_DAY_ONE)
    info.compress_type = zipfile.ZIP_DEFLATED
    packed.writestr(info, content)
