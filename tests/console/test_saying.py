"""Why an act was not done is said in the language of its reader."""

import ast
import re
from datetime import date

import pytest

from service.admin.people import PersonRole
from service.console.app import PATH
from service.engine.lifecycle import Act, DealState, next_state
from service.errors import Conflict, LarderError
from service.notice import Cents, Count, Notice
from service.pages import saying
from service.pages.languages import LANGUAGES, language_of
from service.store.tables.cycle import BatchState, RunProblem
from tests.console.catalogue import ERRORS, acts
from tests.console.conftest import House, house_over, send, token

_VALUE = re.compile(r"%\((\w+)\)s")
_IN_WORDS_OF_OTHERS = {"one_deal.py"}
"""What the readers of sheets say of a row, which is English."""


def test_every_error_of_an_act_can_be_translated() -> None:
    seen, wrong = 0, []
    for path in acts():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_error = isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS
            if not is_error or path.name in _IN_WORDS_OF_OTHERS:
                continue
            assert isinstance(node, ast.Call)
            seen += 1
            said, given = node.args[0], {each.arg for each in node.keywords}
            if isinstance(said, ast.Constant):
                if set(_VALUE.findall(said.value)) != given:
                    wrong.append(f"{path.name}:{node.lineno}: not the values of the text")
            elif isinstance(said, ast.JoinedStr):
                wrong.append(f"{path.name}:{node.lineno}: the text has its values in it")
    assert wrong == []
    assert seen > 90


def test_values_are_written_as_the_language_writes_them() -> None:
    notice = Notice(
        "%(name)s %(number)s %(most)s %(left)s %(day)s %(state)s %(inner)s",
        name="anna", number=12345, most=Count(12345), left=Cents(123456),
        day=date(2026, 3, 1), state=BatchState.VOIDED, inner=Notice("Given up"),
    )  # fmt: skip
    assert str(notice) == "anna 12345 12,345 123456 minor units 2026-03-01 voided Given up"
    assert {tag: saying.say(language_of(tag), notice, "EUR") for tag in LANGUAGES} == {
        "en": "anna 12345 12,345 €1,234.56 Mar 1, 2026 Void Given up",
        "de": "anna 12345 12.345 1.234,56\xa0€ 01.03.2026 Ungültig Aufgegeben",
        "zh": "anna 12345 12,345 €1,234.56 2026年3月1日 作废 已放弃",
    }


def test_a_run_of_an_earlier_version_says_what_was_stored() -> None:
    german = language_of("de")
    stored = RunProblem("Conflict with the present state", "As it was.")
    assert saying.problem(german, stored, "EUR") == (
        "Das geht beim jetzigen Stand nicht",
        "As it was.",
    )
    assert saying.problem(german, RunProblem("Older", "x"), "EUR") == ("Older", "x")


def test_every_kind_of_error_has_a_name() -> None:
    kinds, found = [LarderError], set()
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if kind.__module__ == "service.errors":
            found.add(kind.title)
    # Who is not known, or may not, is refused before a worker hears of it.
    of_requests = {"Unauthorized", "Forbidden", "Too many unknown codes",
                   "Unsupported Media Type", "Notes must be accepted"}  # fmt: skip
    assert found - of_requests == set(saying.TITLES) - {"Given up"}


@pytest.mark.parametrize("state", DealState)
def test_a_deal_that_allows_no_act_says_so_in_german(state: DealState) -> None:
    with pytest.raises(Conflict) as refused:
        next_state(state, Act.LOAD)
    said = saying.say(language_of("de"), refused.value.notice, "EUR")
    assert said.startswith("Für eine Aktion im Stand „")
    assert "„Laden“ nicht möglich" in said


def test_errors_of_acts_are_read_in_german(shared_house: House) -> None:
    client = shared_house.member(PersonRole.ADMIN)
    admin = shared_house.person(PersonRole.ADMIN)
    client.cookies.set("__Host-larder-language", "de", domain="localhost.local", path="/")
    said = {
        "/people": {"name": "A", "email": "no", "role": "admin"},
        "/keys": {"role": "pos"},
        "/account/passkeys": {"ticket": "no", "credential": "no"},
        f"/people/{admin.id}/disable": {"confirmed": admin.email},
        "/cycles/act": {"act": "withdraw", "cycle": "1", "digest": "no"},
    }
    texts = [send(client, path, **form).text for path, form in said.items()]
    for page, expected in zip(
        texts,
        (
            "&#39;no&#39; ist keine E-Mail-Adresse",
            "Ein Schlüssel für Kassen braucht eine Filiale",
            "Der Passkey passt nicht zur Anfrage",
            "Dies ist die letzte Person mit der Rolle Administration",
            "Das ist nicht mehr, was gezeigt wurde",
        ),
        strict=True,
    ):
        assert expected in page


def test_what_is_too_large_is_answered_by_a_page(house: House) -> None:
    small = house.settings.model_copy(update={"max_body_bytes": 1024, "max_upload_bytes": 4096})
    client = house_over(house.database, small, house.shop).member(
        PersonRole.MARKETING, PersonRole.MAILING
    )
    csrf = token(client.get(PATH + "/account").text)
    for path, size in (
        ("/deals/act", 2000), ("/deals/upload", 5000), ("/batches/acknowledgements", 5000)
    ):  # fmt: skip
        answer = client.post(
            PATH + path, data={"csrf": csrf}, files={"file": ("a.csv", b"x" * size)}
        )
        assert answer.status_code == 413
        assert answer.headers["content-type"].startswith("text/html")
        assert "This is too large" in answer.text
        assert ("4.1 kB" if size == 5000 else "1 kB") in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    # A report larger than a form is taken.
    answer = client.post(
        f"{PATH}/batches/acknowledgements", data={"csrf": csrf},
        files={"file": ("a.csv", b"x" * 2000)},
    )  # fmt: skip
    assert answer.status_code == 422
