"""Whole letters in every script, read back from the file."""

from functools import cache
from io import BytesIO

import pypdfium2
import pytest

from service.engine.render import render_batch
from tests.engine.render.letters import LETTERS, NAMES, layout_with_letters, letter


def _print(*languages: str) -> bytes:
    out = BytesIO()
    pieces = [letter(language) for language in languages]
    render_batch(pieces, layout_with_letters(), out, title="Letters", language="en")
    return out.getvalue()


@cache
def _front(language: str) -> str:
    text: str = pypdfium2.PdfDocument(_print(language))[0].get_textpage().get_text_range()
    return " ".join(text.split())


@pytest.mark.parametrize("language", ["vi", "zh", "ja", "ko"])
def test_a_letter_is_read_back_as_it_was_written(language):
    front = _front(language)
    wanted = (*LETTERS[language], *NAMES[language][:3])
    assert [text for text in wanted if text not in front] == []


def test_letters_in_all_scripts_are_the_same_bytes_twice():
    assert _print(*LETTERS) == _print(*LETTERS)
