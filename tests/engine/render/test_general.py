"""A letter that follows from nothing that its household bought says so in every language."""

from dataclasses import replace

import pytest

from service.engine.render import Checker
from service.engine.render.samples import longest_piece
from service.files import layouts
from tests.engine.render.test_without_offers import LANGUAGES, printed, squeezed


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_so_and_nothing_of_what_was_picked_for_the_household(language: str) -> None:
    phrases = layouts.stationery().phrases_for(language)
    assert set(phrases.general) == {"intro", "list_hint"}
    text = squeezed(printed("classic-letter", language, is_general=True))
    for name, said in phrases.general.items():
        assert squeezed(said) in text, name
        assert squeezed(phrases.texts[name]) not in text, name


@pytest.mark.parametrize("name", layouts.names())
def test_the_longest_one_fits_every_layout(name: str) -> None:
    checker = Checker(layouts.load(name))
    for language in LANGUAGES:
        piece = longest_piece(layouts.samples()[language], language=language)
        general = replace(piece, document=replace(piece.document, is_general=True))
        assert checker.problems(general) == (), language
