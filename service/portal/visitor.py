"""Who is logged in to the portal, and what is theirs: a dependency of every screen."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends

from service.pages.languages import Language
from service.pages.visitor import DatabaseDep, MemberDep
from service.settings import Settings
from service.store.actor import Actor
from service.suppliers.scope import Scope, scope_of_account


@dataclass(frozen=True, slots=True)
class Supplier:
    """A supplier's person: what is theirs, and they in an audit trail."""

    scope: Scope
    by: Actor
    language: Language


def _supplier(database: DatabaseDep, member: MemberDep) -> Supplier:
    person = member.signed_in.person
    assert person.account_id is not None, "people of the retailer do not log in here"
    scope = scope_of_account(database, person.account_id)
    return Supplier(scope, person.acting(f"account {scope.account}"), member.language)


SupplierDep = Annotated[Supplier, Depends(_supplier)]


def today(settings: Settings) -> date:
    """The day at the retailer."""
    return datetime.now(ZoneInfo(settings.timezone)).date()


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)
