"""Who sends a request, and what they may see: dependencies of every route.

Who is not logged in is led to the log-in page from every address, whether it is there or not. Who
lacks a right gets the same 404 as for an address that is not there.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request

from service.admin.people import SignedIn, person_of
from service.admin.people import Visitor as From
from service.admin.people.tokens import csrfs_of
from service.engine.rights import Right
from service.errors import Forbidden, NotFound
from service.pages.cookies import FORM, LANGUAGE, SESSION, Jar, jar_of
from service.pages.languages import LANGUAGES, Language, language_of, negotiate
from service.pages.signing import form_token, form_tokens, same
from service.pages.site import site_of
from service.settings import Settings
from service.store.actor import Actor
from service.store.session import Database

TOKEN_FIELD = "csrf"
TOKEN_HEADER = "x-csrf-token"


class NotSignedIn(Exception):
    """Nobody is logged in, and the page is for people who are."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who sends a request: `signed_in` is None for a guest, whose form cookie is `form_key`."""

    signed_in: SignedIn | None
    language: Language
    jar: Jar
    form_key: str
    token: str
    nonce: str

    def may(self, right: Right) -> bool:
        """Whether they have a right."""
        return self.signed_in is not None and self.signed_in.may(right)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who is logged in."""

    signed_in: SignedIn
    language: Language

    @property
    def by(self) -> Actor:
        """They in an audit trail."""
        return self.signed_in.actor


def database_of(request: Request) -> Database:
    """The database."""
    database: Database = request.app.state.database
    return database


def settings_of(request: Request) -> Settings:
    """The settings."""
    settings: Settings = request.app.state.settings
    return settings


def recognise(request: Request) -> Visitor:
    """Who sends a request. What they may do is looked up each time, once a request."""
    known: Visitor | None = getattr(request.state, "visitor", None)
    if known is not None:
        return known
    settings = settings_of(request)
    jar = jar_of(request, settings)
    token = jar.read(request, SESSION)
    now = datetime.now(UTC)
    side = site_of(request).side
    signed_in = (
        person_of(database_of(request), settings, token, side=side, now=now) if token else None
    )
    form_key = jar.read(request, FORM) or secrets.token_urlsafe(32)
    visitor = Visitor(
        signed_in=signed_in,
        language=_language(request, jar, signed_in),
        jar=jar,
        form_key=form_key,
        token=signed_in.csrf if signed_in is not None else form_token(settings, jar.site, form_key),
        nonce=request.state.nonce,
    )
    request.state.visitor = visitor
    return visitor


async def require_token(request: Request) -> None:
    """Refuse a form without the token that was shown with it. Raises Forbidden."""
    if request.method in ("GET", "HEAD"):
        return
    settings = settings_of(request)
    jar = jar_of(request, settings)
    sent = request.headers.get(TOKEN_HEADER) or str((await request.form()).get(TOKEN_FIELD, ""))
    session, form = jar.read(request, SESSION), jar.read(request, FORM)
    right = csrfs_of(settings, session) if session else []
    right += form_tokens(settings, jar.site, form) if form else []
    if not any(same(sent, each) for each in right):
        raise Forbidden("This form is too old: open the page again and send it once more.")


def from_where(request: Request) -> From:
    """Where a request comes from, for what counts log-ins."""
    address = request.client.host if request.client else ""
    return From(address, request.headers.get("user-agent", ""), site_of(request).side)


VisitorDep = Annotated[Visitor, Depends(recognise)]


def _member(visitor: VisitorDep) -> Member:
    if visitor.signed_in is None:
        raise NotSignedIn
    return Member(visitor.signed_in, visitor.language)


MemberDep = Annotated[Member, Depends(_member)]
DatabaseDep = Annotated[Database, Depends(database_of)]
SettingsDep = Annotated[Settings, Depends(settings_of)]
FromDep = Annotated[From, Depends(from_where)]


def may(*rights: Right) -> Callable[[MemberDep], Member]:
    """A dependency that admits whoever has one of these rights. Raises NotFound for others."""

    def check(member: MemberDep) -> Member:
        if not any(map(member.signed_in.may, rights)):
            raise NotFound("There is no such page.")
        return member

    return check


def language_before(request: Request, jar: Jar) -> Language:
    """The language of a request whose sender is not known: chosen here, or the browser's."""
    chosen = jar.read(request, LANGUAGE)
    accepted = request.headers.get("accept-language", "")
    return language_of(chosen if chosen in LANGUAGES else negotiate(accepted))


def _language(request: Request, jar: Jar, signed_in: SignedIn | None) -> Language:
    if signed_in is None or jar.read(request, LANGUAGE) in LANGUAGES:
        return language_before(request, jar)
    return language_of(signed_in.person.language)
