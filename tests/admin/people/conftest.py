"""Passwords that cost little: what a digest costs is measured nowhere in these tests."""

from collections.abc import Iterator

import pytest

from service.admin.people import passwords


@pytest.fixture(autouse=True, scope="package")
def _cheap_digests() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_MEMORY_KIB", 8)
        patch.setattr(passwords, "_PASSES", 1)
        _forget()
        yield
    _forget()


def _forget() -> None:
    passwords._hasher.cache_clear()
    passwords._nobodys.cache_clear()
