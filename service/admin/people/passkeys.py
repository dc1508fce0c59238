"""Passkeys (WebAuthn Level 3): a device or a password manager shows who somebody is.

A passkey that verified its user (a finger, a face, a PIN) is a whole log-in: possession and one
more factor in itself. Passkeys are bound to the host of LARDER_CONSOLE_URL.
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from pydantic import SecretStr
from sqlmodel import Session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    parse_authentication_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from service.admin.people.log_in import Visitor, enter
from service.admin.people.steps import leave_step, secret_of, take_step
from service.admin.people.throttle import begin_try
from service.admin.person import NewSession, Refused, Side, SignedIn, address_of
from service.digests import token_digest
from service.engine.texts import clean
from service.errors import Conflict, InvalidInput, NotFound
from service.notice import Count, Notice
from service.secret_key import both
from service.settings import Settings
from service.store import audit, people
from service.store.session import Database
from service.store.tables.person import LogInMethod, Passkey, StepKind

MOST_PASSKEYS = 20
_NAME_CHARACTERS = 60
_MOST_CHARACTERS = 1 << 16
# The library's own error for what does not fit, and what it stumbles over: whatever is not JSON,
# not base64url, or of another type than it should be.
_UNREADABLE = (
    WebAuthnException, ValueError, TypeError, AttributeError, KeyError, RecursionError,
)  # fmt: skip
_BUSY = Notice("This is being done somewhere else right now; ask again.")


@dataclass(frozen=True, slots=True)
class PasskeyOptions:
    """What a browser is asked: `options` is the JSON for `navigator.credentials`."""

    ticket: str
    options: str


@dataclass(frozen=True, slots=True)
class KnownPasskey:
    """A passkey as its owner sees it."""

    passkey_id: int
    name: str
    made_at: datetime
    used_at: datetime | None


def passkey_enrol_options(
    database: Database, settings: Settings, signed_in: SignedIn, *, now: datetime
) -> PasskeyOptions:
    """Begin to add a passkey, for `navigator.credentials.create`."""
    person = signed_in.person
    with database.write() as session:
        ticket = leave_step(session, settings, StepKind.PASSKEY_ENROL, person_id=person.id, now=now)
        known = people.passkeys_of(session, person.id)
    options = generate_registration_options(
        rp_id=_host(settings, person.side),
        rp_name=settings.retailer,
        user_id=_handle(settings.secret_key, person.id),
        user_name=person.email,
        user_display_name=person.name,
        challenge=_challenge(settings, ticket),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.credential_id))
            for each in known
        ],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    return PasskeyOptions(ticket, options_to_json(options))


def passkey_enrol(
    database: Database,
    settings: Settings,
    signed_in: SignedIn,
    *,
    ticket: str,
    credential: str,
    name: str,
    now: datetime,
) -> KnownPasskey:
    """Add the passkey that a browser made, as the JSON of its `toJSON()`.

    Raises InvalidInput when it does not answer the options of the ticket, Conflict when it is
    known already or the person has `MOST_PASSKEYS`.
    """
    title = " ".join(clean(name).split())[:_NAME_CHARACTERS] or "Passkey"

    def act(session: Session) -> Passkey | None:
        step = take_step(session, settings, StepKind.PASSKEY_ENROL, ticket, now=now)
        if step is None or step.person_id != signed_in.person.id:
            return None
        if len(people.passkeys_of(session, step.person_id)) >= MOST_PASSKEYS:
            raise Conflict(
                "A person has at most %(number)s passkeys: remove one first.",
                number=Count(MOST_PASSKEYS),
            )
        made = verify_made(settings, ticket, credential, side=signed_in.person.side)
        if made is None:
            return None
        credential_id = bytes_to_base64url(made.credential_id)
        if people.passkey(session, credential_id) is not None:
            raise Conflict("This passkey is known already.")
        row = Passkey(
            person_id=step.person_id,
            credential_id=credential_id,
            public_key=bytes_to_base64url(made.credential_public_key),
            sign_count=made.sign_count,
            name=title,
            made_at=now,
            handle=_handle(settings.secret_key, step.person_id).hex(),
        )
        session.add(row)
        session.flush()
        audit.add(
            session, signed_in.actor, "add_passkey", "person", step.person_id, at=now,
            detail={"passkey": row.id, "name": title},
        )  # fmt: skip
        return row

    row = database.settle(act, busy=_BUSY)
    if row is None:
        raise InvalidInput("The passkey does not fit what was asked for; begin again.")
    return _known(row)


def passkey_log_in_options(
    database: Database, settings: Settings, *, side: Side = Side.RETAILER, now: datetime
) -> PasskeyOptions:
    """Begin to log in with a passkey, for `navigator.credentials.get`; the browser knows whose."""
    with database.write() as session:
        ticket = leave_step(session, settings, StepKind.PASSKEY_LOG_IN, now=now)
    options = generate_authentication_options(
        rp_id=_host(settings, side),
        challenge=_challenge(settings, ticket),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return PasskeyOptions(ticket, options_to_json(options))


def passkey_log_in(
    database: Database,
    settings: Settings,
    *,
    ticket: str,
    credential: str,
    visitor: Visitor,
    now: datetime,
) -> NewSession | Refused:
    """Log in with what a browser answered, as the JSON of its `toJSON()`."""
    attempt = begin_try(database, settings, email=None, address=visitor.address, now=now)
    if attempt.wait_seconds:
        return Refused(attempt.wait_seconds)

    def act(session: Session) -> NewSession | Refused:
        step = take_step(session, settings, StepKind.PASSKEY_LOG_IN, ticket, now=now)
        if step is None:
            return Refused()
        shown = read_shown(credential)
        key = people.passkey(session, bytes_to_base64url(shown.raw_id)) if shown else None
        if shown is None or key is None:
            return Refused()
        verified = verify_shown(settings, ticket, shown, key, side=visitor.side)
        row = people.lock(session, key.person_id)
        if verified is None or row is None or not visitor.admits(row):
            return Refused()
        handle = shown.response.user_handle
        if handle is not None and handle.hex() not in _handles(settings, key):
            return Refused()
        # It is the device's for good, whatever becomes of the key that it was made with.
        key.handle = key.handle or (handle.hex() if handle else "")
        key.sign_count, key.used_at = verified.new_sign_count, now
        return enter(session, settings, row, LogInMethod.PASSKEY, visitor, now=now)

    answer = database.settle(act, busy=_BUSY)
    if isinstance(answer, NewSession):
        attempt.was_right()
    return answer


def list_passkeys(database: Database, person_id: int) -> list[KnownPasskey]:
    """The passkeys of a person, oldest first."""
    with database.read() as session:
        return [_known(row) for row in people.passkeys_of(session, person_id)]


def remove_passkey(
    database: Database, signed_in: SignedIn, passkey_id: int, *, now: datetime
) -> None:
    """Remove a passkey of one's own. Raises NotFound when there is no such passkey."""
    person_id = signed_in.person.id
    with database.write() as session:
        if not people.drop_passkeys(session, person_id, only_id=passkey_id):
            raise NotFound("There is no such passkey.")
        detail = {"passkey": passkey_id}
        audit.add(
            session, signed_in.actor, "remove_passkey", "person", person_id, at=now, detail=detail
        )


def verify_made(
    settings: Settings, ticket: str, credential: str, *, side: Side = Side.RETAILER
) -> VerifiedRegistration | None:
    """A new passkey, None when it does not answer the options of the ticket or cannot be read."""
    try:
        return verify_registration_response(
            credential=_bounded(credential),
            expected_challenge=_challenge(settings, ticket),
            expected_rp_id=_host(settings, side),
            expected_origin=_origin(settings, side),
            require_user_verification=True,
        )
    except _UNREADABLE:
        return None


def read_shown(credential: str) -> AuthenticationCredential | None:
    """What a browser says that a passkey signed; None when it cannot be read."""
    try:
        return parse_authentication_credential_json(_bounded(credential))
    except _UNREADABLE:
        return None


def verify_shown(
    settings: Settings,
    ticket: str,
    shown: AuthenticationCredential,
    key: Passkey,
    *,
    side: Side = Side.RETAILER,
) -> VerifiedAuthentication | None:
    """Whether a passkey signed the options of the ticket, for us, and its user was verified.

    The count of a passkey that stays in one device must rise, else there are two of it. One that
    is synced between devices counts in each for itself.
    """
    try:
        verified = verify_authentication_response(
            credential=shown,
            expected_challenge=_challenge(settings, ticket),
            expected_rp_id=_host(settings, side),
            expected_origin=_origin(settings, side),
            credential_public_key=base64url_to_bytes(key.public_key),
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except _UNREADABLE:
        return None
    is_synced = verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE
    has_risen = verified.new_sign_count > key.sign_count or key.sign_count == 0
    return verified if is_synced or has_risen else None


def _bounded(credential: str) -> str:
    if len(credential) > _MOST_CHARACTERS:
        raise ValueError("no browser says so much")
    return credential


def _known(row: Passkey) -> KnownPasskey:
    return KnownPasskey(row.id, row.name, row.made_at, row.used_at)


def _challenge(settings: Settings, ticket: str) -> bytes:
    return bytes.fromhex(secret_of(settings, ticket, "challenge"))


def _handle(key: SecretStr, person_id: int) -> bytes:
    """What devices store of a person: nothing that says who it is (WebAuthn 14.6.1)."""
    return bytes.fromhex(token_digest(key, "passkey-user", str(person_id)))


def _handles(settings: Settings, passkey: Passkey) -> list[str]:
    """What a passkey's device may call its person, in hex."""
    if passkey.handle:
        return [passkey.handle]
    return [_handle(key, passkey.person_id).hex() for key in both(settings.secret_key)]


def _origin(settings: Settings, side: Side) -> str:
    parts = urlsplit(address_of(settings, side))
    return f"{parts.scheme}://{parts.netloc}".lower()


def _host(settings: Settings, side: Side) -> str:
    return urlsplit(address_of(settings, side)).hostname or ""
