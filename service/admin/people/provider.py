"""Log in with the retailer's own provider (OpenID Connect Core 1.0, code flow).

Discovery, PKCE (RFC 7636), state bound to the browser, nonce, and the issuer in the answer
(RFC 9207). A person is found by the provider's subject. That is linked to them when they begin
logged in or, the first time, by an e-mail address that the provider says it has verified. Whoever
was not invited stays outside.
"""

import hmac
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from ssl import SSLContext
from typing import Any

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from sqlmodel import Session

from service.admin.people.log_in import Visitor, enter
from service.admin.people.steps import leave_step, secret_of, take_step
from service.admin.people.throttle import begin_try
from service.admin.person import NewSession, Person, Refused, SignedIn, normal_email
from service.errors import InvalidInput, Misconfigured, NotFound
from service.notice import Notice
from service.settings import Settings
from service.store import audit, people
from service.store.session import Database
from service.store.tables.person import LogInMethod, PersonRow, ProviderIdentity, StepKind

_SCOPE = "openid email profile"
_SECONDS = 10
_LEEWAY_SECONDS = 60
_MOST_BYTES = 1 << 20
# Signatures by a key that the provider alone has; never `none`, never one made with our own secret.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "Ed25519",
               "EdDSA")  # fmt: skip
_BUSY = Notice("This person logs in somewhere else right now; ask again.")


@dataclass(frozen=True, slots=True)
class ProviderStart:
    """Where to send the browser, and what its cookie must hold until it comes back."""

    url: str
    state: str


@dataclass(frozen=True, slots=True)
class ProviderAnswer:
    """What the browser brings back in the address, and what its cookie held.

    `error` is the provider's word for why it did not log somebody in.
    """

    state: str
    held_state: str
    code: str = ""
    issuer: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Claims:
    """What the provider says of somebody."""

    subject: str
    email: str | None


def provider_start(
    database: Database, settings: Settings, *, link_to: SignedIn | None = None, now: datetime
) -> ProviderStart:
    """Begin to log in with the provider, or to link it to who is logged in.

    Raises NotFound where none is configured, Misconfigured when it cannot be reached or is not what
    it should be.
    """
    _require_provider(settings)
    with database.write() as session:
        person_id = link_to.person.id if link_to is not None else None
        state = leave_step(session, settings, StepKind.PROVIDER, person_id=person_id, now=now)
    with _client(settings) as client:
        url, _ = client.create_authorization_url(
            _discover(client, settings)["authorization_endpoint"],
            state=state,
            code_verifier=secret_of(settings, state, "verifier"),
            nonce=secret_of(settings, state, "nonce"),
        )
    return ProviderStart(url, state)


def provider_finish(
    database: Database,
    settings: Settings,
    answer: ProviderAnswer,
    *,
    visitor: Visitor,
    signed_in: SignedIn | None = None,
    now: datetime,
) -> NewSession | Refused:
    """Log in with what the provider answered, in a new session.

    When it was begun with `link_to` it must end with the same person as `signed_in`, who is
    recognised by the provider from now on.

    Refused when the answer is not for this browser, was used, says no, is not signed by the
    provider for us and this log-in, or names nobody who was invited. Raises NotFound and
    Misconfigured as `provider_start` does.
    """
    _require_provider(settings)
    attempt = begin_try(database, settings, email=None, address=visitor.address, now=now)
    if attempt.wait_seconds:
        return Refused(attempt.wait_seconds)
    if not hmac.compare_digest(answer.state.encode(), answer.held_state.encode()):
        return Refused()
    with database.write() as session:
        step = take_step(session, settings, StepKind.PROVIDER, answer.state, now=now)
    if step is None or answer.error or answer.issuer not in ("", settings.oidc_issuer):
        return Refused()
    if step.person_id is not None and (signed_in is None or signed_in.person.id != step.person_id):
        return Refused()
    claims = _claims(settings, answer, now=now)
    if claims is None:
        return Refused()

    def act(session: Session) -> NewSession | Refused:
        row = _find(session, settings, claims, link_to=step.person_id, now=now)
        if row is None or not visitor.admits(row):
            return Refused()
        return enter(session, settings, row, LogInMethod.PROVIDER, visitor, now=now)

    found = database.settle(act, busy=_BUSY)
    if isinstance(found, NewSession):
        attempt.was_right()
    return found


def _find(
    session: Session,
    settings: Settings,
    claims: _Claims,
    *,
    link_to: int | None,
    now: datetime,
) -> PersonRow | None:
    known = people.known_by_provider(session, settings.oidc_issuer, claims.subject)
    if known is not None:
        return known if link_to in (None, known.id) else None
    if link_to is not None:
        row = people.get(session, link_to)
    else:
        row = people.by_email(session, claims.email) if claims.email else None
    if row is None or row.disabled_at is not None:
        return None
    session.add(
        ProviderIdentity(
            issuer=settings.oidc_issuer, subject=claims.subject, person_id=row.id, linked_at=now
        )
    )
    audit.add(
        session, Person.of(row).acting(), "link_provider", "person", row.id, at=now,
        detail={"issuer": settings.oidc_issuer},
    )  # fmt: skip
    return row


def _claims(settings: Settings, answer: ProviderAnswer, *, now: datetime) -> _Claims | None:
    """What the provider's ID token says, None when the code or the token is not right."""
    with _client(settings) as client:
        provider = _discover(client, settings)
        try:
            token = client.fetch_token(
                provider["token_endpoint"],
                code=answer.code,
                grant_type="authorization_code",
                code_verifier=secret_of(settings, answer.state, "verifier"),
            )
            keys = KeySet.import_key_set({"keys": _json(client, provider["jwks_uri"])["keys"]})
            signed = jwt.decode(
                token["id_token"],
                keys,
                registry=JWSRegistry(algorithms=list(_ALGORITHMS), strict_check_header=False),
            )
            claims = CodeIDToken(
                signed.claims,
                signed.header,
                {
                    "iss": {"essential": True, "value": settings.oidc_issuer},
                    "aud": {"essential": True, "value": settings.oidc_client_id},
                },
                {
                    "nonce": secret_of(settings, answer.state, "nonce"),
                    "client_id": settings.oidc_client_id,
                    "access_token": token.get("access_token"),
                },
            )
            claims.validate(now=int(now.timestamp()), leeway=_LEEWAY_SECONDS)
        except (OAuthError, JoseError, KeyError, ValueError):
            return None
    return _read(claims)


def _read(claims: Mapping[str, Any]) -> _Claims | None:
    subject, email = claims.get("sub"), claims.get("email")
    if not isinstance(subject, str) or not subject:
        return None
    # Only what the provider has verified: elsewhere anybody may write anybody's address.
    # Some providers write the boolean as a text.
    is_verified = claims.get("email_verified") in (True, "true")
    if not is_verified or not isinstance(email, str):
        return _Claims(subject, None)
    try:
        return _Claims(subject, normal_email(email))
    except InvalidInput:
        return _Claims(subject, None)


@contextmanager
def _client(settings: Settings) -> Iterator[Any]:
    """A client of the provider; what fails on the way there is Misconfigured."""
    client = OAuth2Client(
        settings.oidc_client_id,
        settings.oidc_client_secret.get_secret_value() or None,
        scope=_SCOPE,
        redirect_uri=f"{settings.console_url.rstrip('/')}/log-in/provider",
        code_challenge_method="S256",
        timeout=_SECONDS,
        verify=_trusted(),
        follow_redirects=False,
    )
    try:
        with client:
            yield client
    except httpx2.HTTPError as error:
        raise Misconfigured(
            f"The provider {settings.oidc_issuer} cannot be used: {type(error).__name__}."
        ) from error


@cache
def _trusted() -> SSLContext:
    """Whom to trust: read once, since it takes longer than all the rest."""
    return httpx2.create_ssl_context()


def _discover(client: Any, settings: Settings) -> dict[str, str]:
    """The provider's own description (OpenID Connect Discovery 1.0, 4)."""
    found = _json(client, f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != settings.oidc_issuer:
        raise Misconfigured(
            f"LARDER_OIDC_ISSUER is {settings.oidc_issuer}, and the provider there calls itself "
            f"{found.get('issuer')!r}: they must be the same, to the letter."
        )
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    missing = [name for name in names if not isinstance(found.get(name), str)]
    if missing:
        raise Misconfigured(f"The provider {settings.oidc_issuer} does not say: {missing}.")
    return {name: found[name] for name in names}


def _json(client: Any, url: str) -> dict[str, Any]:
    response = client.request("GET", url, withhold_token=True)
    response.raise_for_status()
    try:
        found = json.loads(response.content[:_MOST_BYTES])
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Misconfigured(f"{url} does not answer with a JSON object.")
    return found


def _require_provider(settings: Settings) -> None:
    if not settings.oidc_issuer:
        raise NotFound("No provider is configured to log in with (LARDER_OIDC_ISSUER).")
