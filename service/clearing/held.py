"""Find claims, and hold them: one act at a time for the claims of an account."""

import re

from sqlmodel import Session

from service.engine.clearing.claim import ClaimState
from service.engine.clearing.standing import number_of
from service.errors import Conflict, InvalidInput, NotFound
from service.store.clearing import accounts, claims
from service.store.tables.claim import Claim

_NUMBER = re.compile(r"([A-Z]\d{4})-(\d{1,9})")


def find_claim(session: Session, named: str | int) -> Claim:
    """The claim with a number (`C2026-000042`) or an id. Raises NotFound, InvalidInput."""
    if isinstance(named, int) or named.isdecimal():
        found = claims.get(session, int(named)) if len(str(named)) < 19 else None
    else:
        matched = _NUMBER.fullmatch(named.strip().upper())
        if matched is None:
            raise InvalidInput(
                "%(claim)s names no claim: give its number, such as C2026-000042, or its id.",
                claim=named,
            )
        found = claims.by_number(session, matched[1], int(matched[2]))
    if found is None:
        raise NotFound("There is no claim %(claim)s.", claim=named)
    return found


def hold_claim(session: Session, named: str | int) -> Claim:
    """The claim, with its account held until the transaction ends."""
    found = find_claim(session, named)
    accounts.lock(session, found.account_id)
    session.refresh(found)
    return found


def require_owed(claim: Claim) -> None:
    """Raises Conflict unless the claim was issued and not cancelled."""
    if not claims.is_owed(claim):
        raise Conflict(
            "Claim %(claim)s is %(state)s: nothing is owed of it.",
            claim=name_of(claim),
            state=ClaimState(claim.state),
        )


def name_of(claim: Claim) -> str:
    """The number of a claim, or the id of one that has none."""
    return number_of(claim.series, claim.serial) or str(claim.id)


def payer_of(session: Session, claim: Claim) -> int:
    """The supplier at which what is of a claim as a whole is posted: the first of its account."""
    return next(iter(accounts.brands_of(session, claim.account_id)))
