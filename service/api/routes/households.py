"""For marketing: households, without their addresses."""

from fastapi import APIRouter, Response
from sqlmodel import Session

from service.api.deps import DatabaseDep, MarketingCaller, Name, SettingsDep
from service.api.printed import pdf_of, printed, shown
from service.api.schemas.households import HouseholdOut, ListSummaryOut, NextListDocumentOut
from service.api.schemas.lists import ReasonOut
from service.engine.records import ListDocument
from service.errors import NotFound
from service.store import baskets, households, lists
from service.store.tables.shopping_list import ShoppingList

router = APIRouter(tags=["households"])


@router.get("/households/{household_id}", response_model=HouseholdOut)
def one(household_id: Name, database: DatabaseDep, _caller: MarketingCaller) -> HouseholdOut:
    """A household by the retailer's own number, with its lists, newest first."""
    with database.read() as session:
        found = households.by_ref(session, household_id)
        if found is None:
            raise NotFound("There is no such household.")
        return HouseholdOut(
            household_id=household_id,
            language=found.language,
            mail_consent=households.mail_consent(session, found.id),
            baskets=baskets.count(session, found.id),
            lists=[_summary(each) for each in lists.of_household(session, found.id)],
        )


@router.get("/households/{household_id}/next-list", response_model=NextListDocumentOut)
def next_list(
    household_id: Name, database: DatabaseDep, _caller: MarketingCaller
) -> NextListDocumentOut:
    """What a household's next list would be, as of the day after its last basket: a draft."""
    with database.read() as session:
        draft = _draft(session, household_id)
        reasons = lists.reasons(session, draft.id)
    return NextListDocumentOut(
        household_id=household_id,
        state="draft",
        as_of=draft.valid_from,
        written_at=draft.written_at,
        reasons=[ReasonOut(line=line, text=text, reason=why) for line, text, why in reasons],
        document=shown(draft),
    )


@router.get(
    "/households/{household_id}/next-list/pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
def next_list_pdf(
    household_id: Name, database: DatabaseDep, settings: SettingsDep, _caller: MarketingCaller
) -> Response:
    """The same as a PDF, which says that it is a draft and has no code."""
    with database.read() as session:
        draft = _draft(session, household_id)
    return pdf_of(printed(draft), database, settings, name="next-list")


def _draft(session: Session, household_id: str) -> ShoppingList:
    found = households.by_ref(session, household_id)
    if found is None:
        raise NotFound("There is no such household.")
    draft = lists.draft_of(session, found.id)
    if draft is None:
        raise NotFound("This household has no draft: it bought nothing since its last list.")
    return draft


def _summary(found: ShoppingList) -> ListSummaryOut:
    document = ListDocument.from_json(found.document)
    return ListSummaryOut(
        id=found.id,
        state=found.state,
        valid_from=found.valid_from,
        valid_to=found.valid_to,
        offers=len(document.offers),
        reminders=len(document.reminders),
        worth_cents=document.worth_cents,
    )
