"""For the privacy desk: consents, contact, export and erasure of one household."""

from datetime import UTC, datetime
from http import HTTPStatus
from io import BytesIO

from fastapi import APIRouter, Response

from service.api.deps import AdminCaller, DatabaseDep, MarketingCaller, Name, SettingsDep
from service.api.description import may_answer
from service.api.schemas.members import (
    ConsentIn,
    ConsentOut,
    ConsentsOut,
    ContactIn,
    ContactOut,
    ErasureOut,
    WishesOut,
    WishIn,
    WishOut,
)
from service.members import consents, contact, wishes
from service.members.erase import erase
from service.members.export import export
from service.store.tables.consent import ConsentChannel

router = APIRouter(tags=["households"])

_ERASED = may_answer(HTTPStatus.CONFLICT)


@router.get("/households/{household_id}/consents", response_model=ConsentsOut, responses=_ERASED)
def show_consents(
    household_id: Name, database: DatabaseDep, _caller: MarketingCaller
) -> ConsentsOut:
    """All that a household agreed to and took back, the newest first."""
    found = consents.show(database, household_id)
    return ConsentsOut(
        household_id=household_id, consents=[ConsentOut.model_validate(row) for row in found]
    )


@router.post("/households/{household_id}/consents", response_model=ConsentsOut, responses=_ERASED)
def say(
    household_id: Name, said: ConsentIn, database: DatabaseDep, caller: MarketingCaller
) -> ConsentsOut:
    """Record what a household says of a purpose; saying the same again adds nothing."""
    now = datetime.now(UTC)
    found = consents.say(database, household_id, said.said(), by=caller.actor, now=now)
    return ConsentsOut(
        household_id=household_id, consents=[ConsentOut.model_validate(row) for row in found]
    )


@router.get("/households/{household_id}/wishes", response_model=WishesOut, responses=_ERASED)
def show_wishes(household_id: Name, database: DatabaseDep, _caller: MarketingCaller) -> WishesOut:
    """What a household says of items, brands and deals now, the newest first."""
    found = wishes.show(database, household_id)
    return WishesOut(household_id=household_id, wishes=[WishOut.of(each) for each in found])


@router.post("/households/{household_id}/wishes", response_model=WishesOut, responses=_ERASED)
def wish(
    household_id: Name,
    said: WishIn,
    database: DatabaseDep,
    settings: SettingsDep,
    caller: MarketingCaller,
) -> WishesOut:
    """Record what a household says of an item, a brand or a deal; its next list follows."""
    found = wishes.say(
        database, settings, household_id, said.wished(), channel=ConsentChannel.API,
        by=caller.actor, now=datetime.now(UTC),
    )  # fmt: skip
    return WishesOut(household_id=household_id, wishes=[WishOut.of(each) for each in found])


@router.get("/households/{household_id}/contact", response_model=ContactOut, responses=_ERASED)
def show_contact(
    household_id: Name, database: DatabaseDep, settings: SettingsDep, _caller: AdminCaller
) -> ContactOut:
    """Where a household may be written to beside its letter box."""
    ways = contact.ways(database, settings, household_id)
    return ContactOut(household_id=household_id, email=ways.email, phone=ways.phone)


@router.patch("/households/{household_id}/contact", response_model=ContactOut, responses=_ERASED)
def change_contact(
    household_id: Name,
    changes: ContactIn,
    database: DatabaseDep,
    settings: SettingsDep,
    caller: AdminCaller,
) -> ContactOut:
    """Change where a household that agreed to it is written to."""
    contact.change(
        database, settings, household_id, email=changes.email, phone=changes.phone,
        by=caller.actor, now=datetime.now(UTC),
    )  # fmt: skip
    ways = contact.ways(database, settings, household_id)
    return ContactOut(household_id=household_id, email=ways.email, phone=ways.phone)


@router.get(
    "/households/{household_id}/export",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}}, **_ERASED},
)
def export_one(
    household_id: Name, database: DatabaseDep, settings: SettingsDep, caller: AdminCaller
) -> Response:
    """All that is stored of a household, as one zip of JSON and CSV."""
    out = BytesIO()
    export(database, settings, household_id, out, by=caller.actor, now=datetime.now(UTC))
    return Response(
        out.getvalue(),
        media_type="application/zip",
        headers={
            "Content-Disposition": 'attachment; filename="household.zip"',
            "Cache-Control": "no-store",
        },
    )


@router.post("/households/{household_id}/erase", response_model=ErasureOut, responses=_ERASED)
def erase_one(
    household_id: Name, database: DatabaseDep, settings: SettingsDep, caller: AdminCaller
) -> ErasureOut:
    """Erase a household; nothing brings it back. Again it is a 404: nobody has that number."""
    report = erase(database, settings, household_id, by=caller.actor, now=datetime.now(UTC))
    return ErasureOut(
        reference=report.reference,
        lists=report.lists,
        released_cents=report.released_cents,
        batches_removed=list(report.files.removed),
        batches_again=list(report.files.again),
        batches_waiting=list(report.files.waiting),
    )
