"""Look at claims."""

from sqlmodel import Session

from service.clearing.held import find_claim
from service.engine.clearing.claim import Claim, ClaimState
from service.errors import NotFound
from service.store.clearing import accounts, claims
from service.store.clearing.claims import Summary
from service.store.session import Database


def show_claim(database: Database, named: str | int) -> Claim:
    """A claim by its number or id, with its lines. Raises NotFound, InvalidInput."""
    with database.read() as session:
        return claims.record(session, find_claim(session, named))


def list_claims(
    database: Database,
    *,
    account: str = "",
    state: ClaimState | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[Summary]:
    """Claims, the newest first. Raises NotFound for an unknown account."""
    with database.read() as session:
        return claims.page(
            session,
            account_id=account_id_of(session, account) if account else None,
            state=state,
            before_id=before_id,
            limit=limit,
        )


def account_id_of(session: Session, number: str) -> int:
    """The id of an account by the retailer's number for it. Raises NotFound."""
    found = accounts.by_number(session, [number]).get(number)
    if found is None:
        raise NotFound(
            "There is no account %(account)s; see larder agreements list.", account=number
        )
    return found.id
