"""Set claims off against what is paid for goods, where that was agreed."""

from datetime import date, datetime

from sqlmodel import Session

from service.clearing.held import hold_claim
from service.clearing.settle import set_off_within
from service.engine.clearing.ageing import OwedClaim
from service.engine.clearing.claim import Settlement
from service.notice import Notice
from service.store.actor import Actor
from service.store.clearing import owed
from service.store.session import Database

_BUSY = Notice("Somebody works on the claims of this account right now; try again.")


def set_off_due(database: Database, *, as_of: date, by: Actor, now: datetime) -> list[OwedClaim]:
    """Set off what is due of claims whose agreement says so; each as it was set off.

    What is in dispute stays open until that is answered. A claim in credit is set off too: it is
    paid with the goods. Each claim is one transaction that looks at it again, so that it is set off
    once by however many who do so at a time.
    """
    with database.read() as session:
        due = [
            each for each in owed.owed(session, settlement=Settlement.SET_OFF) if _is(each, as_of)
        ]
    done = []
    for claim_id in [each.claim_id for each in due]:

        def act(session: Session, claim_id: int = claim_id) -> list[OwedClaim]:
            hold_claim(session, claim_id)
            found = [
                each
                for each in owed.owed(session, settlement=Settlement.SET_OFF, claim_ids=[claim_id])
                if _is(each, as_of)
            ]
            for each in found:
                name = f"{claim_id}-{as_of.isoformat()}"
                cents = each.undisputed_cents
                set_off_within(session, claim_id, cents, reference=name, by=by, now=now)
            return found

        done += database.settle(act, busy=_BUSY)
    return done


def _is(claim: OwedClaim, as_of: date) -> bool:
    """Whether anything of a claim is to be set off by a day."""
    return claim.due_on <= as_of and claim.undisputed_cents != 0
