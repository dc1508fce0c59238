"""Dependencies of routes: the database, the settings, the caller, and types of parameters."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AfterValidator

from service.admin.keys import Caller, Keyring
from service.engine.texts import clean
from service.errors import Forbidden, Unauthorized
from service.files.apart import Apart
from service.settings import Settings
from service.store.actor import Actor
from service.store.session import Database
from service.store.tables.access import Role

_bearer = HTTPBearer(auto_error=False, description="An API key from `larder keys add`")


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _apart(request: Request) -> Apart:
    apart: Apart = request.app.state.apart
    return apart


# The largest integer that both databases can compare with an id.
MAX_ID = 2**63 - 1

Id = Annotated[int, Path(ge=1, le=MAX_ID)]
# PostgreSQL cannot store NUL in a text, and no name has control characters.
Name = Annotated[
    str, Path(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$"), AfterValidator(clean)
]
DatabaseDep = Annotated[Database, Depends(_database)]
ApartDep = Annotated[Apart, Depends(_apart)]
SettingsDep = Annotated[Settings, Depends(_settings)]


async def _caller(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> Caller:
    return await _authenticate(request, credentials.credentials if credentials else "")


async def _authenticate(request: Request, presented: str) -> Caller:
    keys: Keyring = request.app.state.keys
    found = None
    if presented:
        found = keys.cached(presented) or await run_in_threadpool(keys.look_up, presented)
    if found is None:
        raise Unauthorized("A valid API key is needed: `Authorization: Bearer ...`.")
    return found


async def till_caller(request: Request) -> Caller:
    """The same as `PosCaller`, without the cost of dependencies for every basket."""
    scheme, _, presented = request.headers.get("authorization", "").partition(" ")
    caller = await _authenticate(request, presented.strip() if scheme.lower() == "bearer" else "")
    if caller.role not in (Role.POS, Role.ADMIN):
        raise Forbidden("This key may not do that.")
    return caller


CallerDep = Annotated[Caller, Depends(_caller)]


def allow(*roles: Role) -> Callable[[CallerDep], Awaitable[Caller]]:
    """A dependency that admits callers with one of these roles, and admin."""

    async def check(caller: CallerDep) -> Caller:
        if caller.role is not Role.ADMIN and caller.role not in roles:
            raise Forbidden("This key may not do that.")
        return caller

    return check


PosCaller = Annotated[Caller, Depends(allow(Role.POS))]
DeskCaller = Annotated[Caller, Depends(allow(Role.POS, Role.MARKETING))]
MarketingCaller = Annotated[Caller, Depends(allow(Role.MARKETING))]
MailingCaller = Annotated[Caller, Depends(allow(Role.MAILING))]
PrintCaller = Annotated[Caller, Depends(allow(Role.MARKETING, Role.MAILING))]
FinanceCaller = Annotated[Caller, Depends(allow(Role.FINANCE))]
ResultsCaller = Annotated[Caller, Depends(allow(Role.MARKETING, Role.FINANCE))]


@dataclass(frozen=True, slots=True)
class SupplierKey:
    """The owner of a supplier's key."""

    supplier_id: int
    actor: Actor


async def _supplier(caller: CallerDep) -> SupplierKey:
    if caller.role is not Role.SUPPLIER or caller.supplier_id is None:
        raise Forbidden("This key may not do that.")
    return SupplierKey(caller.supplier_id, caller.actor)


SupplierCaller = Annotated[SupplierKey, Depends(_supplier)]
AdminCaller = Annotated[Caller, Depends(allow())]
