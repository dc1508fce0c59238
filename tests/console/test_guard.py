"""What every answer carries, what other sites cannot send, and where cookies go."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from service.admin.people import PersonRole
from service.console.app import PATH
from service.pages.page import ASSETS, own_path
from tests.console.conftest import House, send, token


def test_every_answer_carries_the_headers(shared_house: House) -> None:
    guest, member = shared_house.guest(), shared_house.member(PersonRole.MARKETING)
    nonces = set()
    for client, path in (
        (guest, "/log-in"), (guest, "/nowhere"), (guest, "/static/0/pages.css"),
        (member, "/"), (member, "/deals"), (member, "/nowhere"), (member, "/deals.csv"),
    ):  # fmt: skip
        headers = client.get(PATH + path).headers
        policy = headers["content-security-policy"]
        nonces.add(re.findall("'nonce-([^']{20,})'", policy)[0])
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        is_kept = path.startswith("/static")
        assert ("immutable" if is_kept else "no-store") in headers["cache-control"]
        assert "max-age" in headers["strict-transport-security"]
    assert len(nonces) == 7


def test_pages_have_nothing_inline(shared_house: House) -> None:
    client = shared_house.member(PersonRole.ADMIN)
    for path in ("/", "/deals", "/deals/1", "/account"):
        page = client.get(PATH + path)
        nonce = re.findall("'nonce-([^']+)'", page.headers["content-security-policy"])[0]
        assert not re.search(r"\s(style|on\w+)=", page.text), path
        scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page.text, re.S)
        assert scripts
        assert all(f'nonce="{nonce}"' in about and not text for about, text in scripts)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://localhost"},
    ],
)
def test_what_another_site_sent_is_refused(shared_house: House, headers: dict[str, str]) -> None:
    client = shared_house.member(PersonRole.ADMIN)
    csrf = token(client.get(PATH + "/account").text)
    for path in ("/deals/act", "/log-out", "/language", "/nowhere"):
        answer = client.post(PATH + path, data={"csrf": csrf}, headers=headers)
        assert answer.status_code == 403, path
    assert client.get(PATH + "/").status_code == 200


def test_a_browser_that_says_only_its_origin_is_believed(shared_house: House) -> None:
    client = shared_house.member(PersonRole.ADMIN)
    del client.headers["sec-fetch-site"]
    csrf = token(client.get(PATH + "/account").text)
    form = {"csrf": csrf, "language": "de", "to": f"{PATH}/account"}
    assert client.post(PATH + "/language", data=form).status_code == 403
    own = {"Origin": "https://localhost"}
    assert client.post(PATH + "/language", data=form, headers=own).status_code == 303


def test_a_form_without_its_own_token_is_refused(shared_house: House) -> None:
    client, other = (shared_house.member(PersonRole.ADMIN) for _ in range(2))
    theirs = token(other.get(PATH + "/account").text)
    guests = token(shared_house.guest().get(PATH + "/log-in").text)
    for csrf in ("", "x", theirs, guests):
        answer = client.post(PATH + "/account/sessions/end-others", data={"csrf": csrf})
        assert answer.status_code == 403, csrf
    assert other.get(PATH + "/account").status_code == 200


def test_cookies_are_as_safe_as_the_way_they_go(house: House) -> None:
    for origin, is_prefixed in (
        ("https://shop.example", True), ("http://localhost:8000", True),
        ("http://127.0.0.1:8000", True), ("http://[::1]:8000", True),
    ):  # fmt: skip
        set_cookies = house.guest(origin).get(PATH + "/log-in").headers.get_list("set-cookie")
        assert set_cookies, origin
        for cookie in set_cookies:
            assert cookie.startswith("__Host-") is is_prefixed
            assert "Secure" in cookie
            assert "HttpOnly" in cookie
            assert "SameSite=lax" in cookie
            assert "Path=/;" in cookie
            assert "Domain" not in cookie


def test_over_plain_http_elsewhere_nobody_logs_in_unless_the_house_says_so(house: House) -> None:
    client = house.guest("http://shop.internal")
    page = client.get(PATH + "/log-in")
    assert "plain http" in page.text
    assert "set-cookie" not in page.headers
    assert 'name="password"' not in page.text
    house.console.state.settings = house.settings.model_copy(
        update={"console_url": "http://shop.internal/console"}
    )
    page = client.get(PATH + "/log-in")
    assert 'name="password"' in page.text
    cookie = page.headers["set-cookie"]
    assert not cookie.startswith("__Host-")
    assert "Secure" not in cookie


ROOT = "/console"
BLANK = Request({"type": "http", "root_path": ROOT, "path": "/console/", "headers": []})


@given(st.text(max_size=40) | st.sampled_from(
    ["//evil.example", "/\\evil.example", "https://evil.example", "/console/../x",
     "/console//evil.example", "/console/\\x", "javascript:alert(1)", "/console\r\nx: y"]
))  # fmt: skip
def test_nobody_is_led_out_of_the_console(wanted: str) -> None:
    led = own_path(BLANK, wanted)
    assert led == "/console/" or (led == wanted and led.startswith("/console/"))
    assert "//" not in led
    assert "\\" not in led
    assert ".." not in led


def test_a_message_that_was_not_written_here_is_not_shown(shared_house: House) -> None:
    client = shared_house.member(PersonRole.ADMIN)
    client.cookies.set("__Host-larder-flash", "0" * 64 + ".W1sieCIsICJkb25lIl1d",
                       domain="localhost.local", path="/")  # fmt: skip
    assert 'class="message' not in client.get(PATH + "/account").text
    said = send(client, "/account/sessions/end-others")
    assert said.status_code == 303
    assert 'class="message' in client.get(PATH + "/account").text
    assert 'class="message' not in client.get(PATH + "/account").text


def test_dark_is_colours() -> None:
    """In the dark nothing but colours differs, so that only they are looked at there once more."""
    css = (ASSETS / "pages.css").read_text(encoding="utf-8")
    assert "prefers-color-scheme" not in css
    values = re.findall(r"^\s*--[\w-]+: [^;{}]*light-dark\([^;{}]*\);$", css, re.MULTILINE)
    assert len(values) == css.count("light-dark(") > 0


def test_a_width_is_layout() -> None:
    """At another width nothing is hidden or painted otherwise: only how it is laid out differs."""
    css = (ASSETS / "pages.css").read_text(encoding="utf-8")
    narrow = re.compile(r"^@media \(m(?:ax|in)-width[^{]*\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
    blocks = narrow.findall(css)
    assert len(blocks) == len(re.findall(r"@media.*-width", css)) > 2
    painted = r"color|background|opacity|visibility|display: (?!block|grid|flex)|content:"
    assert [each for each in blocks if re.search(painted, each)] == []
