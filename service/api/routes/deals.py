"""For marketing: deals with their state and history, and the acts that change the state."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from service.api.deps import DatabaseDep, Id, MarketingCaller, SettingsDep
from service.api.paging import Page, page_of
from service.api.schemas.deals import (
    BudgetIn,
    DealDetailOut,
    DealEventOut,
    DealOut,
    DealsIn,
    DealStateOut,
    ListedDealOut,
    NoteIn,
    ResumeIn,
)
from service.deals import listing, picture_deal, steer

PNG = "image/png"

router = APIRouter(tags=["deals"])


class DealPage(Page):
    """Some deals, by number."""

    deals: list[ListedDealOut]


@router.get("/deals", response_model=DealPage)
def page(
    database: DatabaseDep,
    settings: SettingsDep,
    _caller: MarketingCaller,
    chosen: Annotated[DealsIn, Query()],
) -> DealPage:
    """Deals with what they give, their states and budgets; every filter given must match."""
    found, cursor = page_of(
        lambda most: listing.list_deals(
            database,
            chosen.filter(),
            currency=settings.currency,
            after_id=chosen.after or 0,
            limit=most,
        ),
        chosen.limit,
        key=lambda row: row["offer_id"],
    )
    return DealPage(deals=[_listed(row) for row in found], cursor=cursor)


@router.get("/deals/{number}", response_model=DealDetailOut)
def one(number: Id, database: DatabaseDep, _caller: MarketingCaller) -> DealDetailOut:
    """One deal: its current revisions, what it may still cost, and who did what to it."""
    current, exposure, trail = steer.show(database, number)
    return DealDetailOut(
        revisions=[_out(row) for row in current],
        open_copies=exposure.open_copies,
        expected_cents=exposure.expected_cents,
        worst_cents=exposure.worst_cents,
        overspend_chance=exposure.overspend_chance,
        events=[
            DealEventOut(
                revision=revision,
                act=event.act,
                from_state=event.from_state,
                to_state=event.to_state,
                actor=event.actor,
                happened_at=event.happened_at,
                detail=event.detail,
            )
            for revision, event in trail
        ],
    )


@router.get(
    "/deals/{number}/picture",
    response_class=Response,
    responses={200: {"description": "The offer as printed", "content": {PNG: {}}}},
)
def picture(
    number: Id,
    database: DatabaseDep,
    settings: SettingsDep,
    _caller: MarketingCaller,
    language: Annotated[
        str, Query(max_length=12, pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]+)*)?$")
    ] = "",
) -> Response:
    """One deal as it is printed in a language, by default that of households without one."""
    drawn = picture_deal(database, settings, number, language=language)
    return Response(drawn.png, media_type=PNG)


@router.post("/deals/{number}/check", response_model=DealStateOut)
def check(number: Id, database: DatabaseDep, caller: MarketingCaller) -> DealStateOut:
    """Confirm that a draft is as it was meant."""
    return DealStateOut(state=steer.check(database, number, by=caller.actor))


@router.post("/deals/{number}/approve", response_model=DealStateOut)
def approve(
    number: Id, database: DatabaseDep, settings: SettingsDep, caller: MarketingCaller
) -> DealStateOut:
    """Approve a checked deal; where approval is required, with a key bound to a second person."""
    return DealStateOut(state=steer.approve(database, settings, number, by=caller.actor))


@router.post("/deals/{number}/send-back", response_model=DealStateOut)
def send_back(
    number: Id, body: NoteIn, database: DatabaseDep, caller: MarketingCaller
) -> DealStateOut:
    """Make a checked deal a draft again."""
    state = steer.send_back(database, number, by=caller.actor, note=body.note)
    return DealStateOut(state=state)


@router.post("/deals/{number}/stop", response_model=DealStateOut)
def stop(number: Id, body: NoteIn, database: DatabaseDep, caller: MarketingCaller) -> DealStateOut:
    """Stop a deal at once; tills refuse its lines from now on."""
    return DealStateOut(state=steer.stop(database, number, by=caller.actor, note=body.note))


@router.post("/deals/{number}/resume", response_model=DealStateOut)
def resume(
    number: Id, body: ResumeIn, database: DatabaseDep, caller: MarketingCaller
) -> DealStateOut:
    """Resume a stopped deal."""
    state = steer.resume(
        database,
        number,
        by=caller.actor,
        new_copies_only=body.new_copies_only,
        note=body.note,
    )
    return DealStateOut(state=state)


@router.post("/deals/{number}/budget", response_model=DealStateOut)
def budget(
    number: Id,
    body: BudgetIn,
    database: DatabaseDep,
    settings: SettingsDep,
    caller: MarketingCaller,
) -> DealStateOut:
    """Raise the budget of a deal while it runs."""
    state = steer.raise_budget(database, settings, number, body.budget_cents, by=caller.actor)
    return DealStateOut(state=state)


def _listed(row: dict[str, Any]) -> ListedDealOut:
    return ListedDealOut(**{**row, "number": row["offer_id"]})


def _out(row: dict[str, Any]) -> DealOut:
    names = {"number": "offer_id"}
    return DealOut(**{name: row[names.get(name, name)] for name in DealOut.model_fields})
