"""The elements of an array are those that a parser finds, and it is read in small parts."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.till.elements import elements

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.lists(VALUES), st.sampled_from([None, 1]), st.booleans())
def test_they_are_those_of_a_parser(values: list[Any], indent: int | None, is_ascii: bool) -> None:
    text = json.dumps(values, indent=indent, ensure_ascii=is_ascii).encode(errors="surrogatepass")
    assert [json.loads(bytes(each)) for each in elements(b" \n" + text + b"\t")] == values


def test_a_long_one_is_not_copied_and_blanks_before_it_are_left_out() -> None:
    text = b"[" + b" " * 200_000 + b'"' + b"x" * 100_000 + b'" ,1 ]' + b"\n" * 200_000
    long, short = elements(text)
    assert isinstance(long, memoryview)
    assert (long.obj, bytes(long), short) == (text, b'"' + b"x" * 100_000 + b'" ', b"1")


@pytest.mark.parametrize("inner", [b"[" * 50_000, b"[" + b"[]," * 50_000, b"{}," * 50_000])
def test_an_array_of_brackets_alone_is_given_up(inner: bytes) -> None:
    with pytest.raises(ValueError, match="more parts than any sales"):
        list(elements(b"[" + inner))


@pytest.mark.parametrize(
    "text",
    [b"[", b"[1", b'["', b'["\\"]', b"[1,]", b"[,]", b"[1,,2]", b"[1] 2", b"x[1]", b"[[1]", b""],
)
def test_what_is_no_array_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"array|element"):
        list(elements(text))


@pytest.mark.parametrize("inner", [b'"' + b'\\"' * 100_000, b'"' + b"a" * 200_000, b'"\\' * 9])
def test_a_text_that_does_not_end_is_looked_through_once(inner: bytes) -> None:
    with pytest.raises(ValueError, match="does not end"):
        list(elements(b"[" + inner))
