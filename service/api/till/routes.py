"""For tills: look up, quote, redeem, void, return, replay."""

from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from service import checkout
from service.api.deps import DatabaseDep, PosCaller, SettingsDep, till_caller
from service.api.description import may_answer
from service.api.till import replays
from service.api.till.bodies import RawRoute, described, read, read_as
from service.api.till.counter import Counter
from service.api.till.forms import (
    House,
    basket_of,
    house_of,
    own_store,
    presented_of,
    reference_of,
    require_day,
    return_of,
)
from service.api.till.schemas import (
    AnswerOut,
    BasketIn,
    LookupIn,
    LookupOut,
    ReplayedOut,
    ReturnIn,
    ReturnOut,
    VoidIn,
    VoidOut,
)

router = APIRouter(tags=["till"])
raw = APIRouter(prefix="/v1", tags=["till"], route_class=RawRoute)


@raw.post("/quotes", response_model=AnswerOut, openapi_extra=described(BasketIn))
async def quote(request: Request) -> Response:
    """What this basket would get now. Nothing is written."""
    caller = await till_caller(request)
    make = partial(basket_of, caller=caller, house=_house(request), is_kept=False)
    basket = await read_as(request, BasketIn, make)
    steps = checkout.quoting(request.app.state.settings, basket)
    return await _answer(request, steps, write=False)


@raw.post("/redemptions", response_model=AnswerOut, openapi_extra=described(BasketIn))
async def redeem(request: Request) -> Response:
    """Redeem what is presented and write the basket into history.

    Safe to send again: the same transaction and body get the stored answer. The same transaction
    with another body is 422, and 409 once it was voided. A basket with nothing presented is
    history only.
    """
    caller = await till_caller(request)
    make = partial(basket_of, caller=caller, house=_house(request))
    basket = await read_as(request, BasketIn, make)
    steps = checkout.redeeming(request.app.state.settings, basket)
    return await _answer(request, steps, write=True)


@raw.post("/lists/lookup", response_model=LookupOut, openapi_extra=described(LookupIn))
async def lookup(request: Request) -> Response:
    """The open lines of whoever presents these. Nothing is written."""
    caller, body = await till_caller(request), await read(request, LookupIn)
    own_store(caller, body.store)
    require_day(body.business_date, _house(request), now=datetime.now(UTC), where="#/business_date")
    steps = checkout.looking_up(
        request.app.state.settings,
        store_id=body.store,
        on=body.business_date,
        presented=presented_of(body.presented),
        key_id=caller.key_id,
    )
    return await _answer(request, steps, write=False)


@raw.post("/voids", response_model=VoidOut, openapi_extra=described(VoidIn))
async def void(request: Request) -> Response:
    """Undo a sale or a return wholly. Safe to send again, and before the sale itself arrives."""
    caller, body = await till_caller(request), await read(request, VoidIn)
    own_store(caller, body.transaction.store)
    reference = reference_of(body.transaction)
    database = request.app.state.till.database
    return _json(await run_in_threadpool(checkout.void, database, reference, key_id=caller.key_id))


@raw.post(
    "/returns",
    response_model=ReturnOut,
    openapi_extra=described(ReturnIn),
    responses=may_answer(HTTPStatus.NOT_FOUND),
)
async def give_back(request: Request) -> Response:
    """Take goods back with the exact cents given on them. Safe to send again.

    404 for a sale that is not known here, 409 when it was voided or more comes back than is left.
    """
    caller, body = await till_caller(request), await read(request, ReturnIn)
    own_store(caller, body.transaction.store)
    app = request.app.state
    back = return_of(body, caller, house=_house(request))
    act = partial(checkout.give_back, app.till.database, app.settings, back)
    return _json(await run_in_threadpool(act))


@router.post(
    "/replays",
    response_class=replays.Lines,
    openapi_extra=replays.BODY,
    responses={200: {"model": ReplayedOut, "description": "One JSON object a line, in order"}},
)
async def replay(
    request: Request, caller: PosCaller, database: DatabaseDep, settings: SettingsDep
) -> replays.Lines:
    """Take up to 5,000 sales made offline, as they happened. Safe to send again.

    The answer streams one line per sale, in the order sent; a sale that cannot be read does not
    stop the others.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    counter: Counter = request.app.state.till
    parts = [part async for part in request.stream()]
    # To put the parts together takes long, too.
    sales = await counter.beside(lambda: replays.split(b"".join(parts), kind=kind))
    lines = replays.answers(sales, database=database, settings=settings, caller=caller)
    return replays.Lines(replays.beside(lines, counter.replaying))


async def _answer(request: Request, steps: checkout.Steps, *, write: bool) -> Response:
    counter: Counter = request.app.state.till
    return _json(await counter.run(steps, write=write))


def _house(request: Request) -> House:
    return house_of(request.app.state.settings)


def _json(text: str) -> Response:
    return Response(text, media_type="application/json")
