"""cycle: wiring and exit codes."""

import pytest

from tests.commands.conftest import Larder


@pytest.mark.parametrize("day", ["2026-02-30", "yesterday", "01.02.2026", ""])
def test_a_date_that_is_none_is_wrong_usage(larder: Larder, day: str) -> None:
    larder("init")
    assert larder("cycle", "--as-of", day).code == 2
    assert larder("cycle").code == 2


def test_a_cycle_for_nobody_is_one_clear_line(configured: Larder) -> None:
    ended = configured("cycle", "--as-of", "2026-03-02")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines()[-1] == (
        "larder: No household is eligible as of 2026-03-02; no cycle was made."
    )
