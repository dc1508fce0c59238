"""Logging in with a provider that these tests start, and with one that cheats or is mistaken."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from joserfc.jwk import ECKey
from pydantic import SecretStr

from service.admin import people
from service.admin.people import NewSession, PersonRole, ProviderAnswer, Refused, SignedIn
from service.errors import Misconfigured, NotFound
from service.settings import Settings
from service.store.actor import SERVICE
from service.store.session import Database
from tests.admin.people.provider import CLIENT, CLIENT_SECRET, Provider, serving, symmetric_key
from tests.people import NOW, VISITOR, admitted, signed_in, somebody

ANNA = {"email": "Anna@shop.example", "email_verified": True}


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    with serving() as provider:
        yield provider


@pytest.fixture
def provider(server: Provider) -> Provider:
    server.claims, server.described, server.header = dict(ANNA), {}, {}
    server.signed_by = None
    server.codes.clear()
    return server


@pytest.fixture
def settings(settings: Settings, server: Provider) -> Settings:
    return settings.model_copy(
        update={
            "oidc_issuer": server.issuer,
            "oidc_client_id": CLIENT,
            "oidc_client_secret": SecretStr(CLIENT_SECRET),
            "log_in_tries": 1000,
        }
    )


def through(
    database: Database,
    settings: Settings,
    provider: Provider,
    *,
    by: SignedIn | None = None,
    back_as: SignedIn | None = None,
    **changed: str,
) -> NewSession | Refused:
    """Begin, be logged in by the provider, and come back with its answer, changed or not."""
    begun = people.provider_start(database, settings, link_to=by, now=NOW)
    back = provider.authorize(begun.url)
    answer = {
        "state": back["state"], "held_state": begun.state, "code": back["code"],
        "issuer": back["iss"],
    } | changed  # fmt: skip
    return people.provider_finish(
        database, settings, ProviderAnswer(**answer), visitor=VISITOR, signed_in=back_as, now=NOW
    )


def test_a_browser_goes_there_and_comes_back_logged_in(
    database: Database, settings: Settings, provider: Provider
) -> None:
    anna = somebody(database, settings, "anna")
    begun = people.provider_start(database, settings, now=NOW)
    asked = dict(parse_qsl(urlsplit(begun.url).query))
    assert asked["redirect_uri"] == "http://localhost:8000/console/log-in/provider"
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert "openid" in asked["scope"].split()
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    sent_back = httpx2.get(begun.url).headers["location"]
    back = dict(parse_qsl(urlsplit(sent_back).query))
    opened = people.provider_finish(
        database,
        settings,
        ProviderAnswer(back["state"], begun.state, back["code"], back["iss"]),
        visitor=VISITOR,
        now=NOW,
    )
    assert isinstance(opened, NewSession)
    assert opened.person == anna
    (where,) = people.list_sessions(database, anna.id, now=NOW)
    assert where.method == "provider"


def test_the_subject_stays_when_the_address_changes_hands(
    database: Database, settings: Settings, provider: Provider
) -> None:
    anna, bert = somebody(database, settings, "anna"), somebody(database, settings, "bert")
    assert isinstance(through(database, settings, provider), NewSession)
    provider.claims |= {"email": "bert@shop.example"}
    opened = through(database, settings, provider)
    assert isinstance(opened, NewSession)
    assert opened.person == anna
    provider.claims |= {"sub": "4712", "email_verified": "true"}
    opened = through(database, settings, provider)
    assert isinstance(opened, NewSession)
    assert opened.person == bert


STRANGERS: list[dict[str, Any]] = [
    {"email_verified": False}, {"email_verified": None}, {"email_verified": "false"},
    {"email_verified": "yes"}, {"email": "carl@shop.example"}, {"email": None},
    {"email": "no address"}, {"email": ["anna@shop.example"]},
]  # fmt: skip


def test_whoever_is_not_known_to_be_invited_stays_outside(
    database: Database, settings: Settings, provider: Provider
) -> None:
    """the-desk#553: an address that anybody can write at the provider opened that account."""
    anna = somebody(database, settings, "anna")
    for claims in STRANGERS:
        provider.claims = ANNA | claims
        assert through(database, settings, provider) == Refused(), claims
    assert people.list_sessions(database, anna.id, now=NOW) == []


WRONG: list[dict[str, Any]] = [
    {"nonce": "another"}, {"nonce": None}, {"iss": "https://else.example"}, {"iss": None},
    {"aud": "another"}, {"aud": None}, {"aud": ["larder", "another"]}, {"azp": "another"},
    {"exp": int(NOW.timestamp()) - 61}, {"exp": None}, {"iat": int(NOW.timestamp()) + 3600},
    {"sub": None}, {"sub": ""}, {"sub": 4711}, {"at_hash": "another"},
]  # fmt: skip


def test_a_token_that_is_not_for_this_log_in_is_refused(
    database: Database, settings: Settings, provider: Provider
) -> None:
    somebody(database, settings, "anna")
    for claims in WRONG:
        provider.claims = ANNA | claims
        assert through(database, settings, provider) == Refused(), claims
    provider.claims = ANNA | {"aud": ["larder", "another"], "azp": "larder"}
    assert isinstance(through(database, settings, provider), NewSession)


def test_only_the_provider_signs(
    database: Database, settings: Settings, provider: Provider
) -> None:
    somebody(database, settings, "anna")
    provider.signed_by = ECKey.generate_key("P-256", {"kid": "1"})
    assert through(database, settings, provider) == Refused()
    provider.signed_by = symmetric_key(CLIENT_SECRET)
    provider.header = {"alg": "HS256"}
    assert through(database, settings, provider) == Refused()
    provider.signed_by, provider.header, provider.is_unsigned = None, {}, True
    assert through(database, settings, provider) == Refused()
    provider.header, provider.is_unsigned = {"kid": "2"}, False
    assert through(database, settings, provider) == Refused()
    provider.header = {}
    assert isinstance(through(database, settings, provider), NewSession)


def test_an_answer_is_for_the_browser_that_asked_and_good_once(
    database: Database, settings: Settings, provider: Provider
) -> None:
    somebody(database, settings, "anna")
    for changed in (
        {"held_state": ""}, {"held_state": "another"}, {"state": "made up"},
        {"state": "made up", "held_state": "made up"}, {"state": "", "held_state": ""},
        {"code": "made up"}, {"code": ""}, {"issuer": "https://else.example"},
        {"error": "access_denied"},
    ):  # fmt: skip
        assert through(database, settings, provider, **changed) == Refused(), changed
    begun = people.provider_start(database, settings, now=NOW)
    other = people.provider_start(database, settings, now=NOW)
    back, stolen = provider.authorize(begun.url), provider.authorize(other.url)

    def finish(code: str) -> object:
        answer = ProviderAnswer(back["state"], begun.state, code, back["iss"])
        return people.provider_finish(database, settings, answer, visitor=VISITOR, now=NOW)

    # The code of another browser fits neither the verifier nor the nonce of this one.
    assert finish(stolen["code"]) == Refused()
    assert finish(back["code"]) == Refused()
    assert provider.requests[-1]["code"] == stolen["code"]


def test_somebody_who_is_logged_in_links_the_provider_to_themselves(
    database: Database, settings: Settings, provider: Provider
) -> None:
    provider.claims = {}
    admitted(database, settings, "anna")
    admitted(database, settings, "bert")
    anna, bert = signed_in(database, settings, "anna"), signed_in(database, settings, "bert")
    assert through(database, settings, provider) == Refused()
    for back_as in (None, bert):
        assert through(database, settings, provider, by=anna, back_as=back_as) == Refused()
    assert isinstance(through(database, settings, provider, by=anna, back_as=anna), NewSession)
    opened = through(database, settings, provider)
    assert isinstance(opened, NewSession)
    assert opened.person == anna.person
    # The same subject is not two people.
    assert through(database, settings, provider, by=bert, back_as=bert) == Refused()
    admitted(database, settings, "root", (PersonRole.ADMIN,))
    people.disable(database, anna.person.id, by=SERVICE, now=NOW)
    assert through(database, settings, provider) == Refused()


def test_a_provider_that_is_not_what_it_should_be_is_said_so(
    database: Database, settings: Settings, provider: Provider
) -> None:
    provider.described = {"issuer": provider.issuer + "/"}
    with pytest.raises(Misconfigured, match="to the letter"):
        people.provider_start(database, settings, now=NOW)
    provider.described = {"jwks_uri": None}
    with pytest.raises(Misconfigured, match="jwks_uri"):
        people.provider_start(database, settings, now=NOW)
    for issuer in ("http://127.0.0.1:1", provider.issuer + "/nowhere"):
        away = settings.model_copy(update={"oidc_issuer": issuer})
        with pytest.raises(Misconfigured, match="cannot be used"):
            people.provider_start(database, away, now=NOW)
    none = settings.model_copy(update={"oidc_issuer": ""})
    with pytest.raises(NotFound, match="LARDER_OIDC_ISSUER"):
        people.provider_start(database, none, now=NOW)
