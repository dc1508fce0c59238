"""For clients that requested long work: its state and result."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from service.admin import runs
from service.admin.runs import BATCH, CHECK, CYCLE, PLAN, RECOMPOSE
from service.api.deps import CallerDep, DatabaseDep, Name
from service.api.schemas.runs import RunOut
from service.errors import Forbidden
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
    if caller.role not in {Role.ADMIN, Role.MARKETING, Role.MAILING}:
        raise Forbidden("This key may not do that.")
    run = runs.get_run(database, run_id)
    if caller.role is not Role.ADMIN and caller.role not in _READERS.get(run.kind, set()):
        raise runs.unknown_run()
    return run_out(run)


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
