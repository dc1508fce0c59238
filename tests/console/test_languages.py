"""Every text of the console is in every language, and none is outside the catalogues."""

import re

import pytest
from babel.messages import Message

from service.admin.people import PersonRole
from service.console.app import PATH
from service.engine.lifecycle import Act, DealState
from service.pages import labels, page
from service.pages.languages import LANGUAGES, SOURCE, language_of, negotiate
from tests.console.catalogue import extracted, stored
from tests.console.conftest import House

OTHERS = [tag for tag in LANGUAGES if tag != SOURCE]
_VALUE = re.compile(r"%\((\w+)\)s")
_JINJA = re.compile(r"{% block kind %}\w+|{%.*?%}|{{.*?}}|{#.*?#}", re.S)
_TAG = re.compile(r"<[^>]*>")
_READ_ALOUD = re.compile(r'\b(?:title|alt|aria-label|placeholder)="([^"]*)"')


def all_of(message: Message) -> list[str]:
    """The texts of a message, or of its translation."""
    return [message] if isinstance(message, str) else list(message)


@pytest.mark.parametrize("tag", OTHERS)
def test_every_text_is_translated(tag: str) -> None:
    known = {message.id: message for message in stored(tag) if message.id}
    texts = {message.id for message in extracted() if message.id}
    assert known.keys() == texts, "run `python -m tests.console.catalogue`"
    for key, message in known.items():
        assert all(all_of(message.string)), key
        assert not message.fuzzy, key
        for text in all_of(message.string):
            assert set(_VALUE.findall(text)) == set(_VALUE.findall(all_of(key)[-1])), key


def test_no_template_has_a_text_of_its_own() -> None:
    found = {}
    for path in sorted(page.TEMPLATES.rglob("*.html")):
        html = _JINJA.sub("", path.read_text(encoding="utf-8"))
        left = f"{_TAG.sub(' ', html)} {' '.join(_READ_ALOUD.findall(html))}"
        letters = re.findall(r"[^\W\d_]{2,}", left)
        if letters:
            found[path.name] = letters
    assert found == {}


def test_whatever_has_a_name_has_it_in_every_language() -> None:
    for tag in LANGUAGES:
        language = language_of(tag)
        states = [labels.state(language, state) for state in DealState]
        assert len(set(states)) == len(states)
        assert all(labels.state_hint(language, state) for state in DealState)
        assert len({labels.act(language, act) for act in Act}) == len(Act)
        assert all(labels.done(language, act) for act in Act)
        assert len({labels.role(language, role) for role in PersonRole}) == len(PersonRole)


@pytest.mark.parametrize("tag", OTHERS)
def test_no_page_shows_a_text_of_the_source(shared_house: House, tag: str) -> None:
    client = shared_house.member(PersonRole.ADMIN)
    client.cookies.set("__Host-larder-language", tag, domain="localhost.local", path="/")
    texts = {
        text
        for message in stored(tag)
        for text in all_of(message.id)
        if len(text) > 12 and "%" not in text and text not in all_of(message.string)
    }
    for path in (
        "/",
        "/deals",
        "/deals/1",
        "/deals/upload",
        "/deals/1/edit",
        "/desk",
        "/desk/lists/1",
        "/households",
        "/households/1",
        "/account",
        "/nowhere",
        "/people",
        "/keys",
        "/operations",
    ):
        html = client.get(PATH + path).text
        assert f'<html lang="{tag}">' in html
        shown = {part.strip() for part in re.split(r"<[^>]*>", html)}
        assert shown & texts == set(), path


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("", "en"), ("de-AT,de;q=0.9", "de"), ("zh-Hans-CN", "zh"), ("fr,en;q=0.2,de;q=0.8", "de"),
        ("fr", "en"), ("de;q=0", "en"), ("*", "en"), ("de;q=x, zh;q=0.1", "zh"), (";;,,q=", "en"),
    ],
)  # fmt: skip
def test_a_browser_gets_the_best_language(header: str, tag: str) -> None:
    assert negotiate(header) == tag
