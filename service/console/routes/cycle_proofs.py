"""Lists of a plan as they will be printed: ten that show its extremes, or one that is asked for."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from service.admin import runs
from service.console import plan_words
from service.console.routes import household_words
from service.console.routes.cycle_plans import plan_run
from service.cycle.kept_plan import kept_plan
from service.cycle.proof import Proof, choose_proofs, proof_of, prove
from service.engine.allocate.value import CELLS
from service.engine.rights import Right
from service.errors import InvalidInput, NotFound
from service.files.pages import count_pages, draw_page
from service.pages import page
from service.pages.shelf import Shelf
from service.pages.visitor import DatabaseDep, Member, SettingsDep, may
from service.settings import Settings
from service.store.session import Database
from service.store.tables.cycle import Run

router = APIRouter(prefix="/cycles/runs/{run_id}/proof")

_PNG = "image/png"

Plans = Annotated[Member, Depends(may(Right.PLAN_CYCLES))]


@router.get("")
def ten(
    request: Request, run_id: str, database: DatabaseDep, settings: SettingsDep, member: Plans
) -> Response:
    """Ten lists that show the extremes of a plan. Who looked at which is written down."""
    run = plan_run(database, run_id)
    kept = kept_plan(settings, run_id)
    proofs = choose_proofs(database, kept, seed=run.arguments["seed"])
    return _show(request, database, settings, member, run, proofs)


@router.post("")
def asked_for(
    request: Request,
    run_id: str,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Plans,
    household: Annotated[str, Form(max_length=200, pattern=r"^[^\x00-\x1f]*$")],
) -> Response:
    """The list of one household, by the retailer's own number."""
    run = plan_run(database, run_id)
    try:
        wanted = proof_of(database, kept_plan(settings, run_id), household.strip())
    except NotFound as error:
        raise InvalidInput(error.detail) from error
    return _show(request, database, settings, member, run, [wanted])


@router.get("/{household_id}/{sheet}")
def picture(
    request: Request,
    run_id: str,
    household_id: int,
    sheet: int,
    database: DatabaseDep,
    member: Plans,
) -> Response:
    """One page of a list that was shown to this person just before, from 1."""
    plan_run(database, run_id)
    pdf = _shelf(request).find((member.signed_in.person.id, run_id, household_id))
    if pdf is None or not 0 < sheet <= count_pages(pdf):
        raise NotFound("There is no such page.")
    drawn = draw_page(pdf, sheet - 1)
    return Response(drawn, media_type=_PNG, headers={"Cache-Control": "private, max-age=300"})


def _show(
    request: Request,
    database: Database,
    settings: Settings,
    member: Member,
    run: Run,
    proofs: Sequence[Proof],
) -> Response:
    as_of = date.fromisoformat(run.arguments["as_of"])
    kept = kept_plan(settings, run.id)
    proved = prove(database, settings, kept, proofs, as_of=as_of, seed=run.arguments["seed"])
    runs.note_proof(
        database, run.id, [each.ref for each in proofs], by=member.by, now=datetime.now(UTC)
    )
    for each in proved:
        key = (member.signed_in.person.id, run.id, each.proof.household_id)
        _shelf(request).put(key, each.pdf)
    return page.show(
        request,
        "cycle_proof.html",
        run=run,
        as_of=as_of,
        lists=[(each, count_pages(each.pdf)) for each in proved],
        cells=CELLS,
        words=plan_words,
        tiers=household_words,
        wanted=run.arguments,
    )


def _shelf(request: Request) -> Shelf:
    shelf: Shelf = request.app.state.proofs
    return shelf
