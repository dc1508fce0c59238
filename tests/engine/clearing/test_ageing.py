"""How late claims are, and whom to remind."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.clearing.ageing import (
    REMIND_AFTER_DAYS,
    Age,
    OwedClaim,
    age_of,
    ages,
    due_reminders,
)

AS_OF = date(2026, 6, 30)


def owed(serial: int, late: int, cents: int = 1_000, *, account: int = 1, disputed: int = 0):  # type: ignore[no-untyped-def]
    due = AS_OF - timedelta(days=late)
    return OwedClaim(serial, f"C-{serial:06}", account, due, cents, disputed)


@pytest.mark.parametrize(
    ("late", "age"),
    [(-5, Age.NOT_DUE), (0, Age.NOT_DUE), (1, Age.UP_TO_30), (30, Age.UP_TO_30),
     (31, Age.UP_TO_60), (60, Age.UP_TO_60), (61, Age.UP_TO_90), (90, Age.UP_TO_90),
     (91, Age.OLDER)],
)  # fmt: skip
def test_the_edges_of_ages(late: int, age: Age) -> None:
    assert age_of(AS_OF - timedelta(days=late), AS_OF) is age


claims = st.lists(
    st.builds(owed, st.integers(1, 99), st.integers(-40, 200), st.integers(-500, 500)), max_size=20
)


@given(claims)
def test_ages_sum_to_what_is_open(found: list[OwedClaim]) -> None:
    assert sum(each.total_cents for each in ages(found, AS_OF)) == sum(
        each.open_cents for each in found
    )


def test_accounts_are_reminded_of_all_that_is_late_when_a_level_is_reached() -> None:
    found = [owed(1, 22), owed(2, 8), owed(3, 6), owed(4, 40, account=2, disputed=1_000)]
    (reminder,) = due_reminders(found, AS_OF, reminded={1: 1})
    assert (reminder.account_id, reminder.level) == (1, 2)
    assert [claim.claim_id for claim in reminder.claims] == [1, 2]
    assert (reminder.open_cents, reminder.answer_by) == (2_000, date(2026, 7, 10))


def test_nobody_is_reminded_twice_of_the_same_level() -> None:
    assert due_reminders([owed(1, 22)], AS_OF, reminded={1: 2}) == ()
    assert due_reminders([owed(1, 500)], AS_OF, reminded={1: len(REMIND_AFTER_DAYS)}) == ()


def test_levels_are_not_skipped_however_late_the_first_reminder_is() -> None:
    (reminder,) = due_reminders([owed(1, 90)], AS_OF, reminded={})
    assert reminder.level == 1
