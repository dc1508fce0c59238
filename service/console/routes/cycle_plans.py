"""Plan a cycle, see what it would come to, and issue just that."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from service.admin import runs
from service.console import page
from service.console.routes.cycle_runs import run_of
from service.console.visitor import DatabaseDep, Member, SettingsDep, may
from service.cycle.expiry import stores_day
from service.cycle.what_if import SAMPLE_HOUSEHOLDS
from service.engine.rights import Right
from service.errors import Conflict
from service.store.session import Database
from service.store.tables.cycle import RunState

router = APIRouter(prefix="/cycles")

FEWER_THAN = 6
_ALL_HOUSEHOLDS = 10_000_000

Plans = Annotated[Member, Depends(may(Right.PLAN_CYCLES))]
Issues = Annotated[Member, Depends(may(Right.ISSUE_CYCLES))]


@router.get("/plan")
def form(
    request: Request, database: DatabaseDep, settings: SettingsDep, _member: Plans
) -> Response:
    """What a plan asks for."""
    with database.read() as session:
        today = stores_day(session, settings, now=datetime.now(UTC))
    return page.show(
        request, "cycle_plan.html", today=today, fewer_than=FEWER_THAN, sample=SAMPLE_HOUSEHOLDS
    )


@router.post("/plan")
def plan(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    member: Plans,
    as_of: Annotated[date, Form()],
    fewer_than: Annotated[int, Form(ge=1, le=24)] = FEWER_THAN,
    who: Annotated[Literal["sample", "all"], Form()] = "sample",
) -> Response:
    """Ask the worker for a plan; its page shows how far it is."""
    run = runs.request_plan(
        database,
        as_of=as_of,
        seed=settings.seed,
        fewer_than=fewer_than,
        most_households=SAMPLE_HOUSEHOLDS if who == "sample" else _ALL_HOUSEHOLDS,
        by=member.by,
    )
    return page.go_to(request, f"/cycles/runs/{run.id}")


@router.post("/runs/{run_id}/confirm")
def confirm(request: Request, run_id: str, database: DatabaseDep, _member: Issues) -> Response:
    """What issuing a plan would touch: households and money."""
    return page.show(request, "cycle_issue.html", plan=_plan_of(database, run_id), run_id=run_id)


@router.post("/runs/{run_id}/issue")
def issue(request: Request, run_id: str, database: DatabaseDep, member: Issues) -> Response:
    """Ask the worker to issue just what was planned."""
    _plan_of(database, run_id)
    run = runs.request_planned(database, plan_id=run_id, by=member.by)
    request.app.state.today.forget()
    return page.go_to(request, f"/cycles/runs/{run.id}")


def _plan_of(database: Database, run_id: str) -> Mapping[str, Any]:
    """What a plan came to. Raises NotFound, and Conflict for one that is of no plan."""
    run = run_of(database, run_id)
    if run.kind != runs.PLAN or run.state != RunState.DONE or run.result is None:
        raise Conflict("That run is no plan that has ended.")
    found: Mapping[str, Any] = run.result
    return found
