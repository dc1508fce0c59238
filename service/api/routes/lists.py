"""For marketing: lists as they were printed."""

from fastapi import APIRouter, Response

from service.api.deps import DatabaseDep, Id, MarketingCaller, SettingsDep
from service.api.printed import pdf_of, printed, shown
from service.api.schemas.lists import ListOut, ReasonOut
from service.errors import NotFound
from service.store import households, lists
from service.store.session import Database
from service.store.tables.shopping_list import ListState, ShoppingList

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
        code=found.code if found.state != ListState.DRAFT else None,
        household_id=refs[found.household_id],
        state=found.state,
        valid_from=found.valid_from,
        valid_to=found.valid_to,
        redeemed_lines=redeemed,
        reasons=[ReasonOut(line=line, text=text, reason=why) for line, text, why in reasons],
        document=shown(found),
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
    return pdf_of(printed(_found(database, list_id)), database, settings, name=f"list-{list_id}")


def _found(database: Database, list_id: int) -> ShoppingList:
    with database.read() as session:
        found = lists.get(session, list_id)
    if found is None:
        raise NotFound("There is no such list.")
    return found
