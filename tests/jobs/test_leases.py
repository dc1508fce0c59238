"""A lease is renewed while its work is done, and not after."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from service.jobs.leases import hold_lease
from tests.served import PATIENCE_SECONDS

LEASE = timedelta(seconds=0.06)


def test_a_lease_is_renewed_until_the_work_ends() -> None:
    ends: list[datetime] = []
    thrice = threading.Event()

    def renew(until: datetime) -> None:
        ends.append(until)
        if len(ends) == 3:
            thrice.set()

    with hold_lease(renew, lease=LEASE):
        assert thrice.wait(PATIENCE_SECONDS)
    alive = {thread.name for thread in threading.enumerate()}
    assert not any(name.endswith("(keep)") for name in alive)
    assert ends == sorted(ends)
    assert all(end > datetime.now(UTC) - timedelta(seconds=PATIENCE_SECONDS) for end in ends)


def test_a_renewal_that_fails_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    tries: list[datetime] = []
    again = threading.Event()

    def renew(until: datetime) -> None:
        tries.append(until)
        if len(tries) == 1:
            raise OSError("the network is away")
        again.set()

    with hold_lease(renew, lease=LEASE):
        assert again.wait(PATIENCE_SECONDS)
    assert "a lease could not be renewed" in caplog.text


def test_the_work_s_own_error_goes_through() -> None:
    with pytest.raises(ValueError, match="broken"), hold_lease(lambda _until: None, lease=LEASE):
        raise ValueError("broken")
