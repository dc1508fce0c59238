"""Load agreements: accounts are made or renewed, and every change is a revision that is kept."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from service.engine.clearing.claim import Agreement as AgreementRecord
from service.engine.clearing.claim import Party, SupplierAccount
from service.errors import Conflict, InvalidInput, NotFound, Problem
from service.files.agreements import AccountIn, AgreementIn, AgreementsIn
from service.notice import Notice
from service.settings import Settings
from service.store import audit, catalogue
from service.store.actor import Actor
from service.store.clearing import accounts, agreements
from service.store.session import Database
from service.store.tables.agreement import Agreement
from service.store.tables.agreement import SupplierAccount as AccountRow

_BUSY = Notice("Agreements are being loaded right now; load the file again.")


@dataclass(frozen=True, slots=True)
class LoadedAgreements:
    """What a file did: agreements by what became of them, brands that are new, offers changed.

    `parties_given` counts the offers that got the parties of their agreement; those of which copies
    were printed keep what they had.
    """

    added: int = 0
    revised: int = 0
    unchanged: int = 0
    new_brands: tuple[str, ...] = ()
    parties_given: int = 0


def load_agreements(
    database: Database, settings: Settings, form: AgreementsIn, *, by: Actor, now: datetime
) -> LoadedAgreements:
    """Add the agreements of a file, or a revision of those that changed; all of it or nothing.

    Raises InvalidInput that says which agreement is wrong and how: another currency, one that is
    there twice, a brand that another account pays for, a party that no account pays for, or two
    agreements of an account whose days overlap.
    """
    _require_form(settings, form)

    def act(session: Session) -> LoadedAgreements:
        loaded = LoadedAgreements()
        # A party may be a brand of an account that comes later in the file.
        for place, each in enumerate(form.agreements):
            account = _ensure_account(session, each.account, by=by, now=now)
            new = _bind_brands(session, each.account, account, place)
            loaded = replace(loaded, new_brands=(*loaded.new_brands, *new))
        for place, each in enumerate(form.agreements):
            loaded = _load(session, loaded, each, place, by=by, now=now)
        for place, each in enumerate(form.agreements):
            loaded = _give_parties(session, loaded, each, place)
        _require_apart(session, form)
        return loaded

    return database.settle(act, busy=_BUSY)


def list_agreements(database: Database) -> list[tuple[SupplierAccount, list[AgreementRecord]]]:
    """Every account by number, with its agreements in force by first day."""
    with database.read() as session:
        found = accounts.every(session)
        rows = agreements.in_force(session)
        records = agreements.get(session, [row.id for row in rows])
    return [
        (account, [records[row.id] for row in rows if row.account_id == account.id])
        for account in found
    ]


@dataclass(frozen=True, slots=True)
class Revised:
    """A revision of an agreement, when it was loaded and by whom."""

    agreement: AgreementRecord
    loaded_at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class AccountTerms:
    """An account, its agreements in force by first day, and every revision, the newest first."""

    account: SupplierAccount
    in_force: tuple[AgreementRecord, ...]
    revisions: tuple[Revised, ...]


def show_account(database: Database, number: str) -> AccountTerms:
    """An account by the retailer's number for it. Raises NotFound."""
    with database.read() as session:
        row = accounts.by_number(session, [number]).get(number)
        if row is None:
            raise NotFound("There is no account %(account)s.", account=number)
        brands = accounts.brands_of(session, row.id)
        account = accounts.record(row, sorted(brands.values()))
        rows = agreements.revisions(session, row.id)
        records = agreements.get(session, [each.id for each in rows])
        in_force = [each.id for each in agreements.in_force(session, [row.id])]
    return AccountTerms(
        account,
        tuple([records[each] for each in in_force]),
        tuple([Revised(records[each.id], each.loaded_at, each.actor) for each in rows]),
    )


def _require_form(settings: Settings, form: AgreementsIn) -> None:
    named = Counter((each.account.number, each.ref) for each in form.agreements)
    problems = []
    seen: dict[str, AccountIn] = {}
    for place, each in enumerate(form.agreements):
        if each.account.currency != settings.currency:
            detail = f"{each.account.currency} is not the currency here, {settings.currency}"
            problems.append(Problem(f"#/agreements/{place}/account/currency", detail))
        if named[each.account.number, each.ref] > 1:
            detail = f"{each.ref} of {each.account.number} is in the file more than once"
            problems.append(Problem(f"#/agreements/{place}/ref", detail, "keep the one in force"))
        if seen.setdefault(each.account.number, each.account) != each.account:
            detail = f"account {each.account.number} is described in two ways"
            problems.append(Problem(f"#/agreements/{place}/account", detail, "describe it once"))
    if problems:
        raise InvalidInput("These agreements cannot be loaded; nothing was.", problems)


def _load(
    session: Session,
    loaded: LoadedAgreements,
    form: AgreementIn,
    place: int,
    *,
    by: Actor,
    now: datetime,
) -> LoadedAgreements:
    account = accounts.by_number(session, [form.account.number])[form.account.number]
    before = next(
        (row for row in agreements.in_force(session, [account.id]) if row.ref == form.ref), None
    )
    row = Agreement(
        account_id=account.id,
        ref=form.ref,
        revision=1 if before is None else before.revision + 1,
        valid_from=form.valid_from,
        valid_to=form.valid_to,
        fee_cents=form.cents(form.handling_fee),
        tax_code=form.tax_code,
        tax_basis_points=int(form.tax_percent * 100),
        tolerance_cents=form.cents(form.tolerance),
        grace_days=form.grace_days,
        payment_days=form.payment_days,
        dispute_days=form.dispute_days,
        credit_limit_cents=None if form.credit_limit is None else form.cents(form.credit_limit),
        settlement=form.settlement,
        loaded_at=now,
        actor=by.name,
        person_id=by.person_id,
    )
    parties = _parties(session, form, place)
    if (
        before is not None
        and _terms(before) == _terms(row)
        and agreements.parties_of(session, before.id) == parties
    ):
        return replace(loaded, unchanged=loaded.unchanged + 1)
    agreements.add(session, row, parties)
    audit.add(
        session, by, "load", "agreement", row.id, at=now,
        detail={"account": form.account.number, "ref": form.ref, "revision": row.revision},
    )  # fmt: skip
    if before is None:
        return replace(loaded, added=loaded.added + 1)
    return replace(loaded, revised=loaded.revised + 1)


_OF_A_REVISION = {"id", "revision", "loaded_at", "actor", "person_id"}


def _terms(row: Agreement) -> dict[str, object]:
    return row.model_dump(exclude=_OF_A_REVISION, mode="json")


def _ensure_account(session: Session, form: AccountIn, *, by: Actor, now: datetime) -> AccountRow:
    """The account, made or renewed."""
    told = {
        **form.model_dump(exclude={"address", "brands"}),
        **form.address.model_dump(),
        "channel": str(form.channel),
    }
    row = accounts.by_number(session, [form.number]).get(form.number)
    if row is not None and all(getattr(row, name) == value for name, value in told.items()):
        return row
    act = "add" if row is None else "change"
    row = AccountRow(**told) if row is None else row.sqlmodel_update(told)
    session.add(row)
    session.flush()
    audit.add(session, by, act, "supplier_account", row.id, at=now, detail={"number": form.number})
    return row


def _bind_brands(
    session: Session, form: AccountIn, account: AccountRow, place: int
) -> Sequence[str]:
    """Let the account pay for its brands; those that were not known before."""
    known = accounts.suppliers(session, form.brands)
    for at, name in enumerate(form.brands):
        other = known[name].account_id if name in known else None
        if other is not None and other != account.id:
            where = f"#/agreements/{place}/account/brands/{at}"
            raise Conflict(
                "A brand has one account.",
                [Problem(where, f"another account pays for {name!r}", "name it there only")],
            )
    new = sorted({*form.brands} - known.keys())
    ids = catalogue.ensure_suppliers(session, list(form.brands))
    accounts.bind(session, sorted(ids.values()), account.id)
    return new


def _parties(session: Session, form: AgreementIn, place: int) -> tuple[Party, ...]:
    known = accounts.suppliers(session, [party.supplier for party in form.parties])
    found = []
    for at, party in enumerate(sorted(form.parties, key=lambda each: each.rank)):
        supplier = known.get(party.supplier)
        if supplier is None or supplier.account_id is None:
            where = f"#/agreements/{place}/parties/{at}/supplier"
            remedy = "name it among the brands of its account, in an agreement before this one"
            raise InvalidInput(
                "A party needs an account.",
                [Problem(where, f"no account pays for {party.supplier!r}", remedy)],
            )
        share, cents, cap = party.share_percent, party.per_use, party.cap_per_use
        found.append(
            Party(
                supplier.id,
                party.rank,
                None if share is None else int(share * 100),
                None if cents is None else form.cents(cents),
                None if cap is None else form.cents(cap),
            )
        )
    return tuple(found)


def _give_parties(
    session: Session, loaded: LoadedAgreements, form: AgreementIn, place: int
) -> LoadedAgreements:
    account = accounts.by_number(session, [form.account.number])[form.account.number]
    for row in agreements.in_force(session, [account.id]):
        if row.ref == form.ref:
            given = agreements.give_parties(session, row, _parties(session, form, place))
            loaded = replace(loaded, parties_given=loaded.parties_given + given)
    return loaded


def _require_apart(session: Session, form: AgreementsIn) -> None:
    """See that on any day an account has one agreement at most."""
    numbers = accounts.by_number(session, {each.account.number for each in form.agreements})
    refs = {(each.account.number, each.ref): place for place, each in enumerate(form.agreements)}
    for number, account in sorted(numbers.items()):
        before: Agreement | None = None
        for row in agreements.in_force(session, [account.id]):
            if before is not None and row.valid_from <= before.valid_to:
                place = refs.get((number, row.ref), refs.get((number, before.ref), 0))
                detail = (
                    f"{before.ref} is in force until {before.valid_to}, {row.ref} from "
                    f"{row.valid_from}"
                )
                raise InvalidInput(
                    "An account has one agreement on any day; nothing was loaded.",
                    [Problem(f"#/agreements/{place}", detail, "let one end before the other")],
                )
            before = row
