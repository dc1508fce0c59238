"""For marketing: deals with their state and history, and the acts that change the state."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from service.api.deps import DatabaseDep, Id, MarketingCaller, SettingsDep
from service.api.paging import Page, page_of
from service.api.schemas.deals import (
    BudgetIn,
    DealDetailOut,
    DealEventOut,
    DealsIn,
    DealStateOut,
    DealUsesOut,
    ListedDealOut,
    LoadedRowOut,
    NoteIn,
    ResumeIn,
    UsesIn,
)
from service.api.tables import AS_TABLE, AsCsv, every_page, listed, table
from service.deals import listing, picture_deal, steer
from service.deals.full_terms import loaded_rows, terms_of
from service.deals.uses_by_place import uses_by_place
from service.store.offers.uses import UsesPlace
from service.store.session import Database

PNG = "image/png"

router = APIRouter(tags=["deals"])


class DealPage(Page):
    """Some deals, by number."""

    deals: list[ListedDealOut]


class UsesPage(Page):
    """Some results, by deal, business day and store."""

    results: list[DealUsesOut]


@router.get("/deals", response_model=DealPage, responses=AS_TABLE)
def page(
    database: DatabaseDep,
    settings: SettingsDep,
    _caller: MarketingCaller,
    as_csv: AsCsv,
    chosen: Annotated[DealsIn, Query()],
) -> Any:
    """Deals with their terms, states and budgets; every filter given must match."""
    wanted = chosen.filter()

    def find(edge: int | None, most: int) -> list[ListedDealOut]:
        rows = listing.list_deals(
            database, wanted, currency=settings.currency, after_id=edge or 0, limit=most
        )
        return _listed(database, rows)

    return listed(
        DealPage, ListedDealOut, find, key=lambda deal: deal.number, after=chosen.after,
        limit=chosen.limit, as_csv=as_csv,
    )  # fmt: skip


@router.get("/results", response_model=UsesPage, responses=AS_TABLE)
def results(
    database: DatabaseDep,
    _caller: MarketingCaller,
    as_csv: AsCsv,
    chosen: Annotated[UsesIn, Query()],
) -> Any:
    """What deals came to at the tills, by deal, business day and store."""
    wanted, place = chosen.filter(), chosen.place()

    def find(edge: UsesPlace | None, most: int) -> list[DealUsesOut]:
        rows = uses_by_place(database, wanted, after=edge, limit=most)
        return [DealUsesOut(**row._asdict()) for row in rows]

    def key(row: DealUsesOut) -> UsesPlace:
        return UsesPlace(row.number, row.day, row.store)

    if as_csv:
        rows = every_page(find, place, key=key)
        return table("results", DealUsesOut, rows)
    found, cursor = page_of(
        partial(find, place), chosen.limit, key=lambda row: "/".join(map(str, key(row)))
    )
    return UsesPage(results=found, cursor=cursor)


@router.get("/deals/{number}", response_model=DealDetailOut)
def one(
    number: Id, database: DatabaseDep, settings: SettingsDep, _caller: MarketingCaller
) -> DealDetailOut:
    """One deal: its current revisions with their terms, what it may still cost, who did what."""
    current, exposure, trail = steer.show(database, number)
    numbers = [row["offer_id"] for row in current]
    rows = listing.deals_with_words(
        database, numbers, language=listing.LANGUAGE, currency=settings.currency
    )
    loaded = loaded_rows(database, numbers)
    return DealDetailOut(
        revisions=_listed(database, rows),
        loaded=[LoadedRowOut(**asdict(loaded[number])) for number in numbers],
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


def _listed(database: Database, rows: Sequence[dict[str, Any]]) -> list[ListedDealOut]:
    terms = terms_of(database, [row["offer_id"] for row in rows])
    return [
        ListedDealOut(**{**row, **asdict(terms[row["offer_id"]]), "number": row["offer_id"]})
        for row in rows
    ]
