"""Whatever is sent to the console, it answers with a page and never breaks."""

from urllib.parse import urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.admin.people import PersonRole
from service.console.app import PATH
from tests.console.conftest import House, token

WORDS = st.text(max_size=20) | st.sampled_from(
    ["'; --", "%", "_", "\\", "\x00", "<b>", "１", "-1", "9" * 30, "1e9", "true", "{{7*7}}", "%s"]
)
NAMES = st.sampled_from(
    ["text", "state", "supplier", "category", "need", "order", "after", "before", "column"]
)
FIELDS = st.sampled_from(
    ["act", "deal", "scope", "view", "digest", "note", "budget", "new_copies_only"]
)
ACTS = st.sampled_from(["check", "approve", "stop", "raise_budget", "load"])
EXAMPLES = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


@EXAMPLES
@given(st.lists(st.tuples(NAMES, WORDS), max_size=6))
def test_any_address_is_answered(shared_house: House, query: list[tuple[str, str]]) -> None:
    client = shared_house.member(PersonRole.ADMIN)
    for path in ("/deals", "/deals.csv", "/log-in"):
        answer = client.get(f"{PATH}{path}?{urlencode(query)}")
        assert answer.status_code in (200, 303)
        assert "<b>" not in answer.text


@EXAMPLES
@given(st.lists(st.tuples(FIELDS, WORDS), max_size=8), ACTS, st.sampled_from(["1", "4", "999"]))
def test_any_form_is_answered(
    shared_house: House, fields: list[tuple[str, str]], act: str, deal: str
) -> None:
    client = shared_house.member(PersonRole.MARKETING)
    csrf = token(client.get(f"{PATH}/account").text)
    form = {"act": act, "deal": deal, **dict(fields), "csrf": csrf}
    for path in ("/deals/confirm", "/deals/act", "/account/password", "/account/passkeys"):
        answer = client.post(PATH + path, data=form)
        assert answer.status_code in (200, 303, 404, 422), (path, answer.text)
        assert "<b>" not in answer.text
