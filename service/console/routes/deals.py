"""Deals: the table, one deal, and acts on one or many after a page that says what they touch."""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request
from starlette.datastructures import QueryParams
from starlette.responses import Response

from service.console.routes import one_deal
from service.console.routes.deal_acts import BULK_ACTS, EXPLAINED, do_to_each, may_do
from service.console.routes.deal_columns import ORDERS, deal_columns, deal_filters, filter_of
from service.deals import listing, picture_deal, results
from service.engine.lifecycle import Act
from service.engine.rights import Right
from service.errors import InvalidInput, NotFound
from service.pages import labels, page, saying
from service.pages.flash import Message, Tone
from service.pages.listing import Filter, Listing, View, csv_file, every_row, read_view
from service.pages.visitor import DatabaseDep, Member, SettingsDep, may
from service.settings import Settings
from service.store.offers.overview import DealFilter
from service.store.offers.pages import DealOrder, Place
from service.store.session import Database

router = APIRouter(prefix="/deals")

PATH = "/deals"
ROWS = 50
_MOST_COUNTED = 10_001
_PNG = "image/png"
_LARGEST_ID = 2**63 - 1

Sees = Annotated[Member, Depends(may(Right.SEE_DEALS))]
Acts = Annotated[Member, Depends(may(Right.CHANGE_DEALS, Right.APPROVE_DEALS, Right.STOP_DEALS))]
Word = Annotated[str, Form(max_length=500)]


@router.get("")
def table(request: Request, database: DatabaseDep, settings: SettingsDep, member: Sees) -> Response:
    """The table of deals; its view is the query."""
    view, shown = _view(request, database, settings, member)
    return page.show(
        request,
        "deals.html",
        listing=shown(),
        acts=[act for act in BULK_ACTS if may_do(member, act)],
        view=view,
    )


@router.get(".csv")
def table_as_csv(
    request: Request, database: DatabaseDep, settings: SettingsDep, member: Sees
) -> Response:
    """The same view as a file: every row that matches, up to 100,000; money in minor units."""
    view, _ = _view(request, database, settings, member)
    columns = [each for each in deal_columns(settings.currency) if each.name in view.columns]
    pages = every_row(
        view,
        lambda part, limit: _page(database, settings, member, part, limit=limit),
        lambda row: row["offer_id"],
    )
    return csv_file("deals", pages, columns, member.language)


@router.get("/{number}")
def one(
    request: Request, number: int, database: DatabaseDep, settings: SettingsDep, member: Sees
) -> Response:
    """One deal: what it gives, what it came to, and who did what to it."""
    found = one_deal.look_at(database, settings, member, _known(number))
    return page.show(request, "deal.html", **found)


@router.get("/{number}/picture")
def picture(
    number: int, database: DatabaseDep, settings: SettingsDep, _member: Sees, language: str = ""
) -> Response:
    """The offer as it is printed in a language."""
    drawn = picture_deal(database, settings, _known(number), language=language[:12])
    return Response(drawn.png, media_type=_PNG, headers={"Cache-Control": "private, max-age=300"})


@router.post("/confirm")
def confirm(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Acts,
    act: Annotated[Act, Form()],
    deal: Annotated[list[int] | None, Form(max_length=results.MOST_AT_ONCE)] = None,
    scope: Word = "",
    view: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """What an act on the chosen deals would touch: deals, money and households."""
    _require(member, act)
    if scope == "all":
        numbers = results.choose_numbers(database, _filter_in(database, member, settings, view))
    else:
        numbers = [_known(each) for each in deal or ()]
    if not numbers:
        said = Message(member.language.text("Choose a deal first."), Tone.WARNING)
        return page.go_to(request, view or PATH, said)
    touched = results.look_ahead(database, numbers, act)
    return page.show(
        request,
        "deal_confirm.html",
        act=act,
        explanation=member.language.text(EXPLAINED[act]),
        touched=touched,
        digest=_digest([each.number for each in touched.possible]),
        back=page.own_path(request, page.address(request, view or PATH)),
        view=view,
        current=one_deal.row_of(database, settings, member, touched.possible[0].number)
        if len(touched.possible) == 1
        else None,
    )


@router.post("/act")
def do(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Acts,
    act: Annotated[Act, Form()],
    deal: Annotated[list[int] | None, Form(max_length=results.MOST_AT_ONCE)] = None,
    digest: Word = "",
    note: Word = "",
    new_copies_only: Annotated[bool, Form()] = False,
    budget: Word = "",
    view: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Do what was confirmed; deals that somebody else changed meanwhile are named."""
    _require(member, act)
    numbers = [_known(each) for each in deal or ()]
    if not numbers or digest != _digest(numbers):
        raise InvalidInput("These are not the deals that were shown.")
    report = do_to_each(
        database, settings, member, act, numbers,
        note=note, new_copies_only=new_copies_only, budget=budget,
    )  # fmt: skip
    request.app.state.today.forget()
    messages = _outcome(member, settings, act, report)
    target = view or (f"{PATH}/{numbers[0]}" if len(numbers) == 1 else PATH)
    return page.go_to(request, target, *messages)


def _outcome(
    member: Member, settings: Settings, act: Act, report: listing.BulkReport
) -> Sequence[Message]:
    language = member.language
    messages = []
    if report.done:
        what = labels.done(language, act)
        said = language.count(
            "%(number)s deal: %(done)s.", "%(number)s deals: %(done)s.",
            len(report.done), done=what,
        )  # fmt: skip
        messages.append(Message(said))
    for reason, count in report.reasons()[:3]:
        said = language.count(
            "%(number)s deal was left as it is: %(reason)s",
            "%(number)s deals were left as they are: %(reason)s",
            count,
            reason=saying.say(language, reason, settings.currency),
        )
        messages.append(Message(said, Tone.ERROR))
    return messages


def _view(
    request: Request, database: Database, settings: Settings, member: Member
) -> tuple[View, Any]:
    filters = _filters(database, member)
    columns = deal_columns(settings.currency)
    view = read_view(PATH, request.query_params, filters=filters, columns=columns, orders=ORDERS)

    def shown() -> Listing:
        found = _page(database, settings, member, view, limit=ROWS, most_counted=_MOST_COUNTED)
        drawn = [each for each in columns if each.name in view.columns]
        return Listing(
            view=view,
            filters=filters,
            columns=columns,
            shown=drawn,
            rows=[
                (row["offer_id"], f"{row['title']} {row['deal_id']}",
                 [column.cell(row, member.language) for column in drawn])
                for row in found.rows
            ],
            has_before=found.has_before,
            has_after=found.has_after,
            total=_total(member, found.count),
        )  # fmt: skip

    return view, shown


def _filters(database: Database, member: Member) -> list[Filter]:
    suppliers, categories = listing.names_to_filter(database)
    return deal_filters(member.language, suppliers=suppliers, categories=categories)


def _filter_in(database: Database, member: Member, settings: Settings, address: str) -> DealFilter:
    """Which deals a view of the table asks for, by its address."""
    view = read_view(
        PATH,
        QueryParams(urlsplit(address).query),
        filters=_filters(database, member),
        columns=deal_columns(settings.currency),
        orders=ORDERS,
    )
    return filter_of(view)


def _total(member: Member, count: int) -> str:
    if count >= _MOST_COUNTED:
        most = member.language.number(_MOST_COUNTED - 1)
        return member.language.text("more than %(number)s deals", number=most)
    return member.language.count("%(number)s deal", "%(number)s deals", count)


def _page(
    database: Database,
    settings: Settings,
    member: Member,
    view: View,
    *,
    limit: int,
    most_counted: int = 0,
) -> listing.ListedDeals:
    place = None
    if view.after_number is not None:
        place = Place(view.after_number)
    elif view.before_number is not None:
        place = Place(view.before_number, before=True)
    return listing.page_deals(
        database,
        filter_of(view),
        order=DealOrder(view.order),
        place=place,
        limit=limit,
        language=member.language.tag,
        currency=settings.currency,
        most_counted=most_counted,
    )


def _require(member: Member, act: Act) -> None:
    """Raises NotFound for an act that they have no right to."""
    if not may_do(member, act):
        raise NotFound("There is no such page.")


def _known(number: int) -> int:
    if not 0 < number <= _LARGEST_ID:
        raise NotFound("There is no such deal.")
    return number


def _digest(numbers: Sequence[int]) -> str:
    """Of the deals that were shown, so that no others are acted on."""
    text = ",".join(map(str, sorted(numbers)))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
