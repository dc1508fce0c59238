"""For suppliers and whoever serves them: what copies did, as far as a supplier may see it."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from service.admin.keys import Caller
from service.api.deps import DatabaseDep, ResultsCaller, SettingsDep
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
from service.store.session import Database
from service.store.tables.access import Role

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
    Query(max_length=200, pattern=_PRINTED, description="Its name; a supplier's key has one"),
]
Deal = Annotated[
    str,
    Query(max_length=200, pattern=_PRINTED, description="The deal's id in the supplier's file"),
]
Period = Annotated[str, Query(max_length=7, description="2026-09, 2026-Q3 or 2026")]
Language = Annotated[str, Query(max_length=20, description="Of a PDF; else the account's")]


@router.get("/results/lift", response_class=Response, responses=_REPORT)
def lift(
    database: DatabaseDep,
    settings: SettingsDep,
    caller: ResultsCaller,
    supplier: Supplier = "",
    deal: Deal = "",
    period: Period = "",
    form: Form = Form.RECORD,
    language: Language = "",
) -> Response:
    """What the copies of a deal, or of a period's deals, did; the showing is logged."""
    shown = report_for(
        database,
        settings,
        _supplier_of(database, caller, supplier),
        subject_of(deal=deal, period=period),
        shown_to=caller.actor.name,
        now=datetime.now(UTC),
        form=form,
        language=language,
    )
    headers = {
        "Content-Disposition": f'attachment; filename="{shown.name}"',
    }
    return Response(shown.content, media_type=shown.media_type, headers=headers)


@router.get("/results/lift/showings")
def showings(
    database: DatabaseDep,
    caller: ResultsCaller,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> ShowingsOut:
    """What was shown to whom and when, the newest first; a supplier's key sees its own."""
    own = None if caller.supplier_id is None else [caller.supplier_id]
    found = list_showings(database, supplier_ids=own, limit=limit)
    return ShowingsOut(showings=[ShowingOut.model_validate(each._asdict()) for each in found])


def _supplier_of(database: Database, caller: Caller, named: str) -> str:
    """The supplier of a supplier's key, whatever is named; else the one that is."""
    if caller.role is Role.SUPPLIER and caller.supplier_id is not None:
        return supplier_named(database, caller.supplier_id)
    return named
