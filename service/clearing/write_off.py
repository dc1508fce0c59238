"""Give up the small rest of a claim, as its agreement allows."""

from datetime import datetime

from sqlmodel import Session

from service.clearing.held import hold_claim, name_of, require_owed
from service.clearing.settle import open_cents, write_off_within
from service.errors import Conflict
from service.notice import Cents, Notice
from service.store.actor import Actor
from service.store.clearing import agreements
from service.store.session import Database
from service.store.tables.claim import Claim

_BUSY = Notice("Somebody works on the claims of this account right now; try again.")


def write_off_rest(
    database: Database, named: str | int, *, note: str, by: Actor, now: datetime
) -> Claim:
    """Write off what is open of a claim, at most the tolerance of its agreement, with a reason.

    Raises NotFound, InvalidInput without a note, and Conflict where nothing is open or more than
    the tolerance is: what is wrong of a claim is settled by a dispute.
    """

    def act(session: Session) -> Claim:
        claim = hold_claim(session, named)
        require_owed(claim)
        left = open_cents(session, claim)
        agreement = agreements.get(session, [claim.agreement_id])[claim.agreement_id]
        if not 0 < left <= agreement.tolerance_cents:
            raise Conflict(
                "Claim %(claim)s has %(left)s open, and its agreement lets up to %(most)s be "
                "written off. Settle what is wrong of it by a dispute.",
                left=Cents(max(left, 0)),
                claim=name_of(claim),
                most=Cents(agreement.tolerance_cents),
            )
        write_off_within(session, claim.id, left, note=note, by=by, now=now)
        session.expunge(claim)
        return claim

    return database.settle(act, busy=_BUSY)
