"""For clients that requested long work: its state and result."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Response

from service.admin import runs
from service.admin.keys import Caller
from service.admin.runs import BATCH, CHECK, CYCLE, PLAN, RECOMPOSE
from service.api import description
from service.api.deps import CallerDep, DatabaseDep, Name
from service.api.schemas.runs import RunOut
from service.errors import Forbidden
from service.store.session import Database
from service.store.tables.access import Role
from service.store.tables.cycle import Run, RunProblem

router = APIRouter(tags=["runs"])

_READERS = {
    **{key: {Role.MARKETING} for key in (CYCLE, PLAN, RECOMPOSE)},
    **{key: {Role.MARKETING, Role.MAILING} for key in (BATCH, CHECK)},
}


@router.get("/runs/{run_id}", response_model=RunOut)
def one(run_id: Name, database: DatabaseDep, caller: CallerDep) -> RunOut:
    """One run in its present state; runs of other roles are answered as if they did not exist."""
    return run_out(_known(database, run_id, caller))


@router.post(
    "/runs/{run_id}/again", status_code=202, response_model=RunOut, responses=description.QUEUED
)
def again(run_id: Name, response: Response, database: DatabaseDep, caller: CallerDep) -> RunOut:
    """Request the work of a run that failed once more. Poll the run that `Location` names."""
    _known(database, run_id, caller)
    run = runs.ask_again(database, run_id, by=caller.actor)
    response.headers["Location"] = f"/v1/runs/{run.id}"
    return run_out(run)


@router.post("/runs/{run_id}/give-up", response_model=RunOut)
def give_up(run_id: Name, database: DatabaseDep, caller: CallerDep) -> RunOut:
    """End a run that waits, whose worker died, or a cycle before it is issued; it failed."""
    _known(database, run_id, caller)
    runs.give_up(database, run_id, by=caller.actor)
    return run_out(runs.get_run(database, run_id))


def _known(database: Database, run_id: str, caller: Caller) -> Run:
    """A run that the caller may see. Raises Forbidden, and NotFound as if there were none."""
    if caller.role not in {Role.ADMIN, Role.MARKETING, Role.MAILING}:
        raise Forbidden("This key may not do that.")
    run = runs.get_run(database, run_id)
    if caller.role is not Role.ADMIN and caller.role not in _READERS.get(run.kind, set()):
        raise runs.unknown_run()
    return run


def run_out(run: Run) -> RunOut:
    """A run on the wire."""
    return RunOut(
        id=run.id,
        kind=run.kind,
        state=run.state,
        stage=run.stage,
        done=run.done,
        total=run.total,
        created_at=run.created_at,
        finished_at=run.finished_at,
        result=run.result,
        problem=_problem(run.problem) if run.problem else None,
    )


def _problem(problem: RunProblem) -> dict[str, Any]:
    return {
        "title": problem.title,
        "detail": problem.detail,
        "errors": [asdict(each) for each in problem.errors],
    }
