"""For marketing: households, without their addresses."""

from fastapi import APIRouter

from service.api.deps import DatabaseDep, MarketingCaller, Name
from service.api.schemas.households import HouseholdOut, ListSummaryOut
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
