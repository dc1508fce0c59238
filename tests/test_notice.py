"""A notice says the same in English as before it was stored, whatever its values are."""

import json
import pickle
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from service.errors import Conflict
from service.notice import Cents, Count, Notice, from_json, to_json

_NAMES = ("one", "other", "third")
_PLAIN = (
    st.text(max_size=20)
    | st.integers(-(10**12), 10**12)
    | st.dates()
    | st.integers(0, 10**9).map(Count)
    | st.integers(0, 10**9).map(Cents)
)


def _notices(values: st.SearchStrategy[object]) -> st.SearchStrategy[Notice]:
    return st.dictionaries(st.sampled_from(_NAMES), values, max_size=3).map(
        lambda kept: Notice(" ".join(f"{name}: %({name})s" for name in kept), **kept)  # type: ignore[arg-type]
    )


@given(_notices(_PLAIN | _notices(_PLAIN)))
def test_what_was_stored_is_read_as_it_was(notice: Notice) -> None:
    again = from_json(json.loads(json.dumps(to_json(notice))))
    assert again == notice
    assert str(again) == str(notice)


def test_a_percent_sign_without_values_is_one() -> None:
    assert str(Notice("100 % of it")) == "100 % of it"


def test_an_error_says_its_notice_and_crosses_between_processes() -> None:
    error = Conflict("%(number)s deals since %(day)s", number=Count(1000), day=date(2026, 3, 1))
    again = pickle.loads(pickle.dumps(error))
    assert again.detail == str(again) == "1,000 deals since 2026-03-01"
    assert again.notice == error.notice
