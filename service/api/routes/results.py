"""For suppliers and whoever serves them: what copies did, as far as a supplier may see it."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from service.api.deps import DatabaseDep, ResultsCaller, SettingsDep, SupplierCaller
from service.api.description import may_answer
from service.api.schemas.results import ShowingOut, ShowingsOut
from service.results.supplier import (
    MEDIA_TYPES,
    Form,
    list_showings,
    report_for,
    subject_of,
    supplier_named,
)
from service.settings import Settings
from service.store.actor import Actor
from service.store.session import Database

router = APIRouter(tags=["results"])

_REPORT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The report: a record, or a document of it",
        "content": {media_type: {} for media_type in MEDIA_TYPES.values()},
    },
    **may_answer(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
}
# PostgreSQL cannot look for a text with NUL.
_PRINTED = r"^[^\x00-\x1f]*$"
Supplier = Annotated[
    str,
    Query(min_length=1, max_length=200, pattern=_PRINTED, description="Its name"),
]
Deal = Annotated[
    str,
    Query(max_length=200, pattern=_PRINTED, description="The deal's id in the supplier's file"),
]
Period = Annotated[str, Query(max_length=7, description="2026-09, 2026-Q3 or 2026")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Language = Annotated[str, Query(max_length=20, description="Of a PDF; else the account's")]


@router.get("/results/lift", response_class=Response, responses=_REPORT)
def lift(
    database: DatabaseDep,
    settings: SettingsDep,
    caller: ResultsCaller,
    supplier: Supplier,
    deal: Deal = "",
    period: Period = "",
    form: Form = Form.RECORD,
    language: Language = "",
) -> Response:
    """What a supplier may see of what its copies did; that it was shown is logged."""
    return _shown(database, settings, caller.actor, supplier, deal, period, form, language)


@router.get("/results/lift/showings")
def showings(database: DatabaseDep, _caller: ResultsCaller, limit: Limit = 50) -> ShowingsOut:
    """What was shown to whom and when, the newest first."""
    return _showings(database, None, limit)


@router.get("/supplier/results", response_class=Response, responses=_REPORT)
def own_lift(
    database: DatabaseDep,
    settings: SettingsDep,
    caller: SupplierCaller,
    deal: Deal = "",
    period: Period = "",
    form: Form = Form.RECORD,
    language: Language = "",
) -> Response:
    """What the copies of one's own deal, or of a period's deals, did; the showing is logged."""
    supplier = supplier_named(database, caller.supplier_id)
    return _shown(database, settings, caller.actor, supplier, deal, period, form, language)


@router.get("/supplier/results/showings")
def own_showings(database: DatabaseDep, caller: SupplierCaller, limit: Limit = 50) -> ShowingsOut:
    """What of one's own results was shown to whom and when, the newest first."""
    return _showings(database, caller.supplier_id, limit)


def _shown(
    database: Database,
    settings: Settings,
    actor: Actor,
    supplier: str,
    deal: str,
    period: str,
    form: Form,
    language: str,
) -> Response:
    shown = report_for(
        database,
        settings,
        supplier,
        subject_of(deal=deal, period=period),
        shown_to=actor.name,
        now=datetime.now(UTC),
        form=form,
        language=language,
    )
    headers = {"Content-Disposition": f'attachment; filename="{shown.name}"'}
    return Response(shown.content, media_type=shown.media_type, headers=headers)


def _showings(database: Database, supplier_id: int | None, limit: int) -> ShowingsOut:
    own = None if supplier_id is None else [supplier_id]
    found = list_showings(database, supplier_ids=own, limit=limit)
    return ShowingsOut(showings=[ShowingOut.model_validate(each._asdict()) for each in found])
