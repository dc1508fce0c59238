"""For marketing: request, preview and show cycles."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from service.admin import runs
from service.api import description
from service.api.deps import DatabaseDep, Id, MarketingCaller, Name, SettingsDep
from service.api.paging import After, Limit, Page
from service.api.routes.runs import run_out
from service.api.schemas.cycles import ComparedOut, CycleIn, CycleOut, PlanIn, WithdrawOut
from service.api.schemas.runs import RunOut
from service.api.tables import AS_TABLE, AsCsv, listed
from service.cycle import withdraw_cycle
from service.cycle.compared import compare_plans
from service.cycle.supposed import Supposed
from service.errors import NotFound
from service.store import cycles
from service.store.tables.cycle import Cycle

router = APIRouter(tags=["cycles"])

PlanRun = Annotated[str, Query(min_length=1, max_length=64, pattern=r"^[0-9a-z]+$")]
_NOT_COMPARED = description.may_answer(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)


class CyclePage(Page):
    """Some cycles, newest first."""

    cycles: list[CycleOut]


@router.post("/cycles", status_code=202, response_model=RunOut, responses=description.QUEUED)
def ask(
    body: CycleIn,
    response: Response,
    database: DatabaseDep,
    settings: SettingsDep,
    caller: MarketingCaller,
) -> RunOut:
    """Request a cycle; a worker runs it. Poll the run that `Location` names."""
    seed = settings.seed if body.seed is None else body.seed
    run = runs.request_cycle(database, as_of=body.as_of, seed=seed, by=caller.actor)
    response.headers["Location"] = f"/v1/runs/{run.id}"
    return run_out(run)


@router.post("/cycles/plans", status_code=202, response_model=RunOut, responses=description.QUEUED)
def plan(
    body: PlanIn,
    response: Response,
    database: DatabaseDep,
    settings: SettingsDep,
    caller: MarketingCaller,
) -> RunOut:
    """Request a preview of the cycle of a date; nothing is issued. Poll the run."""
    run = runs.request_plan(
        database,
        as_of=body.as_of,
        seed=settings.seed if body.seed is None else body.seed,
        fewer_than=body.fewer_than,
        most_households=body.most_households,
        supposed=Supposed.of(
            settings,
            floor_shortfall_price=body.floor_shortfall_price,
            holdout_percent=body.holdout_percent,
            budget_percent=body.budget_percent,
        ).to_json(),
        by=caller.actor,
    )
    response.headers["Location"] = f"/v1/runs/{run.id}"
    return run_out(run)


@router.get("/cycles/plans/compared", response_model=ComparedOut, responses=_NOT_COMPARED)
def compare(
    database: DatabaseDep, _caller: MarketingCaller, first: PlanRun, second: PlanRun
) -> ComparedOut:
    """Two plans of a day, by their runs: what each comes to by tenth, supplier and deal."""
    plans = [runs.plan_result(database, each) for each in (first, second)]
    return ComparedOut.model_validate(compare_plans(*plans), from_attributes=True)


@router.post(
    "/cycles/plans/{run_id}/issue",
    status_code=202,
    response_model=RunOut,
    responses=description.QUEUED,
)
def issue(
    run_id: Name, response: Response, database: DatabaseDep, caller: MarketingCaller
) -> RunOut:
    """Request the cycle of a plan: just the lists that were planned are issued, or nothing."""
    run = runs.request_planned(database, plan_id=run_id, by=caller.actor)
    response.headers["Location"] = f"/v1/runs/{run.id}"
    return run_out(run)


@router.post("/cycles/{cycle_id}/withdraw", response_model=WithdrawOut)
def withdraw(cycle_id: Id, database: DatabaseDep, caller: MarketingCaller) -> WithdrawOut:
    """Take back a cycle of which nothing was published or used, with its money."""
    return WithdrawOut(**asdict(withdraw_cycle(database, cycle_id, by=caller.actor)))


@router.post(
    "/cycles/{cycle_id}/recompose",
    status_code=202,
    response_model=RunOut,
    responses=description.QUEUED,
)
def recompose(
    cycle_id: Id, response: Response, database: DatabaseDep, caller: MarketingCaller
) -> RunOut:
    """Request that a cycle is taken back and made again as its next revision. Poll the run."""
    run = runs.request_recompose(database, cycle_id=cycle_id, by=caller.actor)
    response.headers["Location"] = f"/v1/runs/{run.id}"
    return run_out(run)


@router.get("/cycles", response_model=CyclePage, responses=AS_TABLE)
def page(
    database: DatabaseDep,
    _caller: MarketingCaller,
    as_csv: AsCsv,
    after: After = None,
    limit: Limit = 50,
) -> Any:
    """The cycles so far."""

    def find(edge: int | None, most: int) -> list[CycleOut]:
        with database.read() as session:
            return [_out(cycle) for cycle in cycles.page(session, after=edge, limit=most)]

    return listed(
        CyclePage, CycleOut, find, key=lambda cycle: cycle.id, after=after, limit=limit,
        as_csv=as_csv,
    )  # fmt: skip


@router.get("/cycles/{cycle_id}", response_model=CycleOut)
def one(cycle_id: Id, database: DatabaseDep, _caller: MarketingCaller) -> CycleOut:
    """One cycle and its results."""
    with database.read() as session:
        cycle = cycles.get(session, cycle_id)
    if cycle is None:
        raise NotFound("There is no such cycle.")
    return _out(cycle)


def _out(cycle: Cycle) -> CycleOut:
    return CycleOut(
        id=cycle.id,
        as_of=cycle.as_of,
        seed=cycle.seed,
        valid_from=cycle.valid_from,
        valid_to=cycle.valid_to,
        issued_at=cycle.issued_at,
        revision=cycle.revision,
        withdrawn_at=cycle.withdrawn_at,
        summary=cycle.summary,
    )
