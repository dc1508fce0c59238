"""Plan a cycle, see what it would come to, and issue just that."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from service.admin import runs
from service.console.routes.cycle_runs import run_of
from service.cycle.expiry import stores_day
from service.cycle.supposed import Supposed
from service.cycle.what_if import SAMPLE_HOUSEHOLDS
from service.engine.rights import Right
from service.pages import page
from service.pages.visitor import DatabaseDep, Member, SettingsDep, may
from service.store.session import Database
from service.store.tables.cycle import Run

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
        request,
        "cycle_plan.html",
        today=today,
        fewer_than=FEWER_THAN,
        sample=SAMPLE_HOUSEHOLDS,
        as_set=settings,
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
    floor_price: Annotated[float | None, Form(allow_inf_nan=False)] = None,
    holdout: Annotated[int | None, Form()] = None,
    budgets: Annotated[int, Form()] = 100,
) -> Response:
    """Ask the worker for a plan; its page shows how far it is."""
    supposed = Supposed.of(
        settings,
        floor_shortfall_price=floor_price,
        holdout_percent=holdout,
        budget_percent=budgets,
    )
    run = runs.request_plan(
        database,
        as_of=as_of,
        seed=settings.seed,
        fewer_than=fewer_than,
        most_households=SAMPLE_HOUSEHOLDS if who == "sample" else _ALL_HOUSEHOLDS,
        supposed=supposed.to_json(),
        by=member.by,
    )
    return page.go_to(request, f"/cycles/runs/{run.id}")


@router.post("/runs/{run_id}/plan-again")
def plan_again(request: Request, run_id: str, database: DatabaseDep, member: Plans) -> Response:
    """Ask for the same plan once more, from what is known by now."""
    arguments = plan_run(database, run_id).arguments
    run = runs.request_plan(
        database,
        as_of=date.fromisoformat(arguments["as_of"]),
        seed=arguments["seed"],
        fewer_than=arguments["fewer_than"],
        most_households=arguments["most_households"],
        supposed=arguments.get("supposed"),
        by=member.by,
    )
    return page.go_to(request, f"/cycles/runs/{run.id}")


@router.post("/runs/{run_id}/confirm")
def confirm(request: Request, run_id: str, database: DatabaseDep, _member: Issues) -> Response:
    """What issuing a plan would touch: households and money."""
    plan = plan_of(database, run_id)
    return page.show(
        request,
        "cycle_issue.html",
        plan=plan,
        run_id=run_id,
        pinned=sum(each["copies"] for each in plan.get("pins", ())),
    )


@router.post("/runs/{run_id}/issue")
def issue(request: Request, run_id: str, database: DatabaseDep, member: Issues) -> Response:
    """Ask the worker to issue just what was planned."""
    plan_run(database, run_id)
    run = runs.request_planned(database, plan_id=run_id, by=member.by)
    request.app.state.today.forget()
    return page.go_to(request, f"/cycles/runs/{run.id}")


def plan_run(database: Database, run_id: str) -> Run:
    """The run of a plan that has ended. Raises NotFound, and Conflict for any other run."""
    run_of(database, run_id)
    return runs.plan_run(database, run_id)


def plan_of(database: Database, run_id: str) -> Mapping[str, Any]:
    """What a plan came to. Raises as `plan_run` does."""
    run_of(database, run_id)
    return runs.plan_result(database, run_id)
