"""Whose things a supplier may see: its brands', and those of the account that pays for them."""

from dataclasses import dataclass

from service.errors import NotFound
from service.store import catalogue
from service.store.clearing import accounts
from service.store.session import Database


@dataclass(frozen=True, slots=True)
class Scope:
    """A supplier's own: brands by id, and the account; None while nothing is agreed with it."""

    brands: tuple[tuple[int, str], ...]
    account_id: int | None = None
    account: str = ""
    legal_name: str = ""

    @property
    def supplier_ids(self) -> tuple[int, ...]:
        """The ids of its brands."""
        return tuple(supplier_id for supplier_id, _ in self.brands)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its brands."""
        return tuple(name for _, name in self.brands)

    @property
    def name(self) -> str:
        """What it is called: by its legal name, else by its only brand."""
        return self.legal_name or ", ".join(self.names)

    def require_account(self) -> int:
        """The account. Raises NotFound while nothing is agreed."""
        if self.account_id is None:
            raise NotFound("Nothing is agreed with this supplier yet.")
        return self.account_id


def scope_of_account(database: Database, account_id: int) -> Scope:
    """What the people of an account may see. Raises NotFound."""
    with database.read() as session:
        row = accounts.get(session, account_id)
        brands = accounts.brands_of(session, account_id)
    if row is None:
        raise NotFound("There is no such account.")
    return Scope(tuple(brands.items()), row.id, row.number, row.legal_name)


def scope_of_supplier(database: Database, supplier_id: int) -> Scope:
    """What a supplier's key may see: all of its account, or the brand alone without one."""
    with database.read() as session:
        row = catalogue.supplier(session, supplier_id)
    if row is None:
        raise NotFound("There is no such supplier.")
    if row.account_id is None:
        return Scope(((row.id, row.name),))
    return scope_of_account(database, row.account_id)
