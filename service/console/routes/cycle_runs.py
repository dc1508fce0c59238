"""What a worker does for cycles: a page that shows how far it is, whoever opens it and when."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from service.admin import runs
from service.console import plan_words
from service.console.routes.cycles import worth_chart
from service.cycle.look_back import MOST_ROWS
from service.engine.rights import Right
from service.errors import NotFound
from service.pages import labels, page
from service.pages.visitor import DatabaseDep, Member, SettingsDep, may
from service.settings import Settings
from service.store.session import Database
from service.store.tables.cycle import Run, RunState

router = APIRouter(prefix="/cycles")

Sees = Annotated[Member, Depends(may(Right.SEE_CYCLES))]

_ALL = 100
_MOST_OTHERS = 20
_STAGES = {
    runs.CYCLE: ("expiry", "history", "forecast", "predict", "allocate", "compose", "issue"),
    runs.RECOMPOSE: ("expiry", "history", "forecast", "predict", "allocate", "compose", "issue"),
    runs.PLAN: ("history", "predict", "allocate"),
    runs.EXPIRY: ("expiry",),
}
"""The stages that each kind of run may come through, in order; some are skipped."""


@router.get("/runs/{run_id}")
def one(
    request: Request, run_id: str, database: DatabaseDep, settings: SettingsDep, member: Sees
) -> Response:
    """How far a run is, or what it came to. The page asks again by itself until it has ended."""
    run = run_of(database, run_id)
    stages = _STAGES[run.kind]
    return page.show(
        request,
        "cycle_run.html",
        run=run,
        has_ended=run.state in (RunState.DONE, RunState.FAILED),
        share=run.done / run.total if run.total else 0.0,
        stages=[(name, labels.STAGES[name]) for name in stages],
        place=stages.index(run.stage) if run.stage in stages else -1,
        most_rows=MOST_ROWS,
        planned=_planned(member, settings, run),
        others=_others(database, run),
        words=plan_words,
    )


def _planned(member: Member, settings: Settings, run: Run) -> Mapping[str, Any] | None:
    """What a plan came to; None for other runs, and until it has ended."""
    if run.kind != runs.PLAN or run.result is None:
        return None
    found = run.result
    deals = sorted(found["deals"], key=lambda deal: (-deal["copies"], deal["offer_id"]))
    suppliers = sorted(found["suppliers"], key=lambda each: (-each["copies"], each["supplier"]))
    return {
        **found,
        "as_of": date.fromisoformat(found["as_of"]),
        "reserved_cents": sum(deal["reserved_cents"] for deal in deals),
        "deals_with_copies": sum(deal["copies"] > 0 for deal in deals),
        "deals": [
            {**deal, "expected_uses": deal["expected_redemptions"]} for deal in deals[:MOST_ROWS]
        ],
        "suppliers": suppliers[:MOST_ROWS],
        # Plans of earlier versions say nothing of these.
        "pins": found.get("pins", ()),
        "banned": found.get("banned", 0),
        "supposed": run.arguments.get("supposed", {}),
        "can_prove": found["sampled_percent"] == _ALL and member.signed_in.may(Right.PLAN_CYCLES),
        "chart": worth_chart(member.language, settings, found["worth"]),
        "can_issue": bool(found.get("digests")) and member.signed_in.may(Right.ISSUE_CYCLES),
    }


def _others(database: Database, run: Run) -> Sequence[Run]:
    """Other plans of the same day, to compare with."""
    if run.kind != runs.PLAN or run.result is None:
        return ()
    found = runs.newest_plans(database, as_of=run.arguments["as_of"], limit=_MOST_OTHERS)
    return [each for each in found if each.id != run.id]


def run_of(database: DatabaseDep, run_id: str) -> Run:
    """A run that makes or ends lists. Raises NotFound for all others."""
    run = runs.get_run(database, run_id)
    if run.kind not in runs.OF_CYCLES:
        raise NotFound("There is no such page.")
    return run
