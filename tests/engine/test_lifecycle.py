"""The life of a deal: only moves in the table are allowed, and facts decide the rest."""

from datetime import date

import pytest

from service.engine.lifecycle import (
    MOVES,
    Act,
    DealFacts,
    DealState,
    initial_state,
    next_state,
    state_by_facts,
)
from service.errors import Conflict

DAY = date(2026, 3, 2)
FACTS = DealFacts(
    mail_from=DAY, redeem_to=date(2026, 3, 31), copy_cents=108, free_cents=108, free_copies=1
)
S = DealState


@pytest.mark.parametrize("state", list(DealState))
@pytest.mark.parametrize("act", list(Act))
def test_every_move_is_in_the_table_or_refused(state: DealState, act: Act) -> None:
    if (state, act) in MOVES:
        assert next_state(state, act) is MOVES[state, act]
    else:
        with pytest.raises(Conflict, match=f"A deal that is {state} cannot"):
            next_state(state, act)


def test_nobody_runs_exhausts_ends_or_replaces_a_deal_by_hand() -> None:
    by_hand = {state for (_, act), state in MOVES.items() if act is not Act.RESUME}
    assert by_hand == {S.CHECKED, S.DRAFT, S.APPROVED, S.PAUSED, S.RUNNING}
    assert [move for move, to in MOVES.items() if to is S.RUNNING] == [
        (S.PAUSED, Act.RESUME), (S.RUNNING, Act.RAISE_BUDGET), (S.EXHAUSTED, Act.RAISE_BUDGET),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "changes", "on", "becomes"),
    [
        (S.APPROVED, {}, DAY, S.RUNNING),
        (S.APPROVED, {"mail_from": date(2026, 3, 3)}, DAY, S.APPROVED),
        (S.RUNNING, {"free_cents": 107}, DAY, S.EXHAUSTED),
        (S.RUNNING, {"free_copies": 0}, DAY, S.EXHAUSTED),
        (S.RUNNING, {"free_cents": None, "free_copies": None}, DAY, S.RUNNING),
        (S.RUNNING, {"copy_cents": 0, "free_cents": 0}, DAY, S.RUNNING),
        (S.EXHAUSTED, {}, DAY, S.RUNNING),
        (S.RUNNING, {}, date(2026, 3, 31), S.RUNNING),
        (S.RUNNING, {}, date(2026, 4, 1), S.ENDED),
        (S.PAUSED, {"free_cents": 0}, DAY, S.PAUSED),
        (S.PAUSED, {}, date(2026, 4, 1), S.ENDED),
        (S.DRAFT, {}, date(2026, 4, 1), S.DRAFT),
        (S.ENDED, {}, DAY, S.ENDED),
        (S.REPLACED, {}, date(2026, 4, 1), S.REPLACED),
    ],
)
def test_dates_and_limits_decide(
    state: DealState, changes: dict[str, object], on: date, becomes: DealState
) -> None:
    facts = {name: getattr(FACTS, name) for name in DealFacts.__slots__} | changes
    assert state_by_facts(state, DealFacts(**facts), on=on) is becomes


def test_where_a_revision_begins() -> None:
    assert initial_state(None, with_approval=False) is S.RUNNING
    assert initial_state(S.EXHAUSTED, with_approval=False) is S.RUNNING
    assert initial_state(S.PAUSED, with_approval=False) is S.PAUSED
    assert initial_state(S.RUNNING, with_approval=True) is S.DRAFT
