"""Files of content: what is loaded, what is refused by place, and what is noted."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service import sample
from service.engine.content import Content, Tip
from service.engine.render import ContentTrial
from service.errors import InvalidInput
from service.files import layouts
from service.files.content import load_content, read_form
from service.files.content_form import ContentForm, json_schema
from service.settings import Settings
from service.store import content
from service.store.session import Database
from tests.conftest import CODE, SECRET

ROOT = Path(__file__).parents[2]
SETTINGS = Settings(_env_file=None, secret_key=SECRET, code_key=CODE)
TIP = {"key": "ice", "title": {"en": "Ice"}, "text": {"en": "Is cold."}}
RECIPE = {
    "key": "tea",
    "title": {"en": "Tea", "de": "Tee"},
    "items": [{"goods": ["Tea"], "text": {"en": "1 bag of tea", "de": "1 Beutel Tee"}}],
    "steps": {"en": ["Pour."], "de": ["Aufgießen."]},
}


def write(path: Path, **lists: Any) -> Path:
    file = path / "content.json"
    file.write_text(json.dumps({"schema": "larder-content/1", **lists}), encoding="utf-8")
    return file


def stored(database: Database) -> dict[str, list[str]]:
    with database.read() as session:
        found = content.entries(session)
    return {kind: [key for key, _ in of] for kind, of in found.items()}


def test_entries_are_added_replaced_and_removed_by_key(database: Database, tmp_path: Path) -> None:
    both = write(tmp_path, recipes=[RECIPE], tips=[TIP, {**TIP, "key": "a-first"}])
    first = load_content(database, SETTINGS, both)
    assert (first.taken, first.known) == ({"recipe": 1, "tip": 2}, 0)
    assert [note.text for note in first.notes] == [
        "no item or category is called 'Tea' (recipes[0].items[0])"
    ]
    again = load_content(database, SETTINGS, both)
    assert (again.taken, again.known, again.removed) == ({}, 3, 0)
    warmer = {**TIP, "text": {"en": "Melts."}}
    changed = load_content(database, SETTINGS, write(tmp_path, tips=[warmer]))
    assert (changed.taken, changed.removed) == ({"tip": 1}, 0)
    assert stored(database) == {"recipe": ["tea"], "tip": ["a-first", "ice"]}
    alone = load_content(database, SETTINGS, write(tmp_path, tips=[warmer]), replace=True)
    assert (alone.taken, alone.known, alone.removed) == ({}, 1, 2)
    assert stored(database) == {"tip": ["ice"]}


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"tips": [{**TIP, "titel": 1}]}, "tips[0].titel: is not known"),
    ({"tips": [{"key": "x"}]}, "tips[0].title: is missing"),
    ({"tips": [TIP, TIP]}, "tips[1].key: 'ice' is that of tips[0] too"),
    ({"tips": [{**TIP, "months": [13]}]}, "tips[0].months[0]: input should be less than or"),
    ({"tips": [{**TIP, "title": {"en": " \u200b "}}]}, "tips[0].title.en: is empty"),
    ({"tips": [{**TIP, "text": {"en": "\U0001f600"}}]}, "tips[0].text.en: has '\U0001f600'"),
    ({"tips": [{**TIP, "title": {"tlh": "x"}}]}, "tips[0].title.tlh: no list speaks 'tlh'"),
    (
        {"tips": [{**TIP, "from": "2026-05-02", "until": "2026-05-01"}]},
        "tips[0].until: 2026-05-01 is before 2026-05-02",
    ),
    (
        {"recipes": [{**RECIPE, "steps": {"de": ["Aufgießen."]}}]},
        "recipes[0].steps: has no text in en",
    ),
    (
        {"tips": [{**TIP, "text": {"en": "word " * 300}}]},
        "tips[0], language en: is too long for its place in the layout classic-a4",
    ),
    (
        {"recipes": [{**RECIPE, "steps": {"en": ["Pour. " * 300], "de": ["Aufgießen."]}}]},
        "recipes[0], language en: is too long for its place",
    ),
    ({"recipes": [{**RECIPE, "diets": ["vegan"]}]}, "recipes[0].diets[0]: no diet is called"),
    ({"recipes": [{**RECIPE, "minutes": "5"}]}, "recipes[0].minutes: input should be a valid int"),
    ({"pictograms": {"Tea": "teapot"}}, "pictograms.Tea: input should be 'generic'"),
    ({"schema": "larder-content/2"}, "schema: input should be 'larder-content/1'"),
]


def test_a_file_with_a_fault_is_refused_by_place_and_nothing_is_loaded(
    database: Database, tmp_path: Path
) -> None:
    good = {"tips": [{**TIP, "key": "good"}]}
    for lists, expected in FAULTS:
        file = write(tmp_path, **{"hours": [], **good, **lists})
        with pytest.raises(InvalidInput) as refused:
            load_content(database, SETTINGS, file)
        shown = [str(each) for each in refused.value.problems]
        assert any(each.startswith(f"content.json, {expected}") for each in shown), shown
    assert stored(database) == {}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"[", "cannot be read as JSON"),
        (b"[" * 100_000, "cannot be read as JSON"),
        (b'{"schema": "larder-content/1", "tips": [], "tips": []}', "the key 'tips' twice"),
        ("{ü}".encode("latin-1"), "is no UTF-8 text"),
        (b'{"schema": "larder-content/1", "pictograms": {"\\ud800": "baby"}}', "JSON"),
    ],
    ids=["cut", "deep", "twice", "latin-1", "half a character"],
)
def test_what_is_no_json_is_refused(tmp_path: Path, body: bytes, expected: str) -> None:
    file = tmp_path / "content.json"
    file.write_bytes(body)
    with pytest.raises(InvalidInput) as refused:
        read_form(file)
    assert expected in " ".join([refused.value.detail, *map(str, refused.value.problems)])


def test_a_text_that_is_too_long_is_not_made_to_fit_by_more_words() -> None:
    trial = ContentTrial(layouts.load("classic-a4"), retailer="R", currency="USD")
    faults = [
        bool(trial.fault_of(Content(tip=Tip("k", "Title", "word " * words)), "en"))
        for words in (1, 20, 60, 90, 120, 200, 400)
    ]
    assert faults == sorted(faults)
    assert (faults[0], faults[-1]) == (False, True)


@settings(max_examples=40)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
                        st.sampled_from(["key", "title", "en", "tips", "recipes", "items"]),
                        inner, max_size=3), max_leaves=8))  # fmt: skip
def test_any_other_json_is_refused_by_place(
    tmp_path_factory: pytest.TempPathFactory, any_: Any
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.json"
    file.write_text(json.dumps({"schema": "larder-content/1", "tips": any_}), encoding="utf-8")
    if any_ == []:
        assert read_form(file).tips == []
        return
    with pytest.raises(InvalidInput) as refused:
        read_form(file)
    assert refused.value.problems


def test_the_sample_is_whole_in_every_language_and_finds_its_goods() -> None:
    with sample.folder() as files:
        form = read_form(files / "content.json")
    assert len(form.recipes) == 8
    for recipe in form.recipes:
        assert {*recipe.title} == {"en", "de", "es", "zh"}
    assert len(form.tips) == 5


def test_the_schema_is_that_of_the_form() -> None:
    text = (ROOT / "templates" / "content.schema.json").read_text(encoding="utf-8")
    assert text == json.dumps(json_schema(), indent=2) + "\n"


def test_every_field_is_documented() -> None:
    document = (ROOT / "docs" / "content.md").read_text(encoding="utf-8")
    for name, field in ContentForm.model_fields.items():
        assert f"`{field.alias or name}`" in document or name == "schema_"
    for definition in json_schema()["$defs"].values():
        for name in definition.get("properties", {}):
            assert f"`{name}`" in document, name
