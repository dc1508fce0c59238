"""Texts that only the holder of the key reads."""

import pytest
from pydantic import SecretStr

from service.errors import Misconfigured
from service.sealing import Sealer

KEY = SecretStr("k" * 40)


def test_a_sealed_text_opens_again_and_never_looks_the_same() -> None:
    sealer = Sealer(KEY, "phone")
    first, second = sealer.seal("+15025550101"), sealer.seal("+15025550101")
    assert first != second
    assert "5025550101" not in first
    assert (sealer.open(first), sealer.open(second)) == ("+15025550101", "+15025550101")
    assert (sealer.seal(""), sealer.open("")) == ("", "")


@pytest.mark.parametrize("stored", ["x", "nonsense", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "ä"])
def test_what_was_not_sealed_here_is_refused(stored: str) -> None:
    with pytest.raises(Misconfigured, match="LARDER_SECRET_KEY is not the one"):
        Sealer(KEY, "phone").open(stored)


def test_another_key_or_purpose_does_not_open_it() -> None:
    sealed = Sealer(KEY, "phone").seal("+15025550101")
    for other in (Sealer(SecretStr("o" * 40), "phone"), Sealer(KEY, "email")):
        with pytest.raises(Misconfigured):
            other.open(sealed)
