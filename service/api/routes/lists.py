"""For marketing: lists as they were printed."""

import json

from fastapi import APIRouter, Response

from service.api.deps import DatabaseDep, Id, MarketingCaller, SettingsDep
from service.api.schemas.lists import ListOut, ReasonOut
from service.engine.records import ListDocument
from service.engine.render import render_one
from service.errors import NotFound
from service.files import layouts
from service.store import households, lists
from service.store.session import Database
from service.store.tables.shopping_list import ShoppingList

router = APIRouter(tags=["lists"])


@router.get("/lists/{list_id}", response_model=ListOut)
def one(list_id: Id, database: DatabaseDep, _caller: MarketingCaller) -> ListOut:
    """One list: the printed document, why each line is on it, and which lines are redeemed."""
    with database.read() as session:
        found = lists.get(session, list_id)
        if found is None:
            raise NotFound("There is no such list.")
        refs = households.refs(session, [found.household_id])
        redeemed = lists.redeemed_lines(session, list_id)
        reasons = lists.reasons(session, list_id)
    return ListOut(
        id=list_id,
        code=found.code,
        household_id=refs[found.household_id],
        state=found.state,
        valid_from=found.valid_from,
        valid_to=found.valid_to,
        redeemed_lines=redeemed,
        reasons=[ReasonOut(line=line, text=text, reason=why) for line, text, why in reasons],
        document=json.loads(found.document),
    )


@router.get(
    "/lists/{list_id}/pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
def pdf(
    list_id: Id, database: DatabaseDep, settings: SettingsDep, _caller: MarketingCaller
) -> Response:
    """One list as a PDF, without an address."""
    document = ListDocument.from_json(_found(database, list_id).document)
    return Response(
        render_one(
            document,
            None,
            layouts.load(settings.layout),
            departments=settings.walking_order,
        ),
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="list-{list_id}.pdf"'},
    )


def _found(database: Database, list_id: int) -> ShoppingList:
    with database.read() as session:
        found = lists.get(session, list_id)
    if found is None:
        raise NotFound("There is no such list.")
    return found
