"""What drawing and issuing claims would do, before it is done."""

from collections.abc import Sequence
from datetime import date

from service.clearing.show import account_id_of
from service.engine.clearing.claim import ClaimState
from service.store.clearing import claims
from service.store.clearing.claims import Summary
from service.store.clearing.outlook import Ahead, outlook
from service.store.session import Database


def look_at_draw(database: Database, *, drawn_to: date, account: str = "") -> list[Ahead]:
    """The claims that drawing up to a day would make. Raises NotFound for an unknown account."""
    with database.read() as session:
        chosen = account_id_of(session, account) if account else None
        return outlook(session, drawn_to, account_id=chosen)


def look_at_drafts(
    database: Database, *, claim_ids: Sequence[int] | None = None, limit: int
) -> list[Summary]:
    """Drafts that wait to be issued, or those among some claims; the newest first."""
    with database.read() as session:
        return claims.page(session, state=ClaimState.DRAFT, claim_ids=claim_ids, limit=limit)
