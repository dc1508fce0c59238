"""What a till transaction asks of the database, what it learns, and what it writes.

The fields of a row are the columns of its table or of what is looked up; both databases' statements
are made of them (see `rows`).
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import NamedTuple, TypeAlias

from service.engine.ledger import Entry, require_balance


class Reference(NamedTuple):
    """What names a till transaction."""

    store_id: str
    terminal: str
    business_date: date
    number: str


class Prior(NamedTuple):
    """An earlier redemption under a reference."""

    id: str
    digest: str
    answer: str
    state: str


class PresentedList(NamedTuple):
    """A list the till found; `reopenings` counts how often its uses were given back."""

    id: int
    code: str
    household_id: int
    state: str
    valid_from: date
    valid_to: date
    reopenings: int


class PresentedLine(NamedTuple):
    """An offer line of such a list with the terms it was printed under.

    `uses` may be made in all, `used` are made and live, `last_use` is the highest number any use
    of it ever had, undone ones included. `deal_limit`, `deal_used` and `last_deal_use` are the same
    of its deal (`deal_id`), over all lists and revisions that the household has.
    `funding_cap_cents` is the most the supplier bears of one use, null without one; `stopped_at`
    the moment its deal was stopped, in microseconds since 1970; `parties` who bears the suppliers'
    part, as stored.
    """

    list_id: int
    line: int
    offer_id: int
    text: str
    uses: int
    used: int
    last_use: int
    deal_id: int
    deal_limit: int
    deal_used: int
    last_deal_use: int
    reserved_cents: int
    terms: str
    supplier_id: int
    funding_share: int
    handling_fee_cents: int
    face_value_cents: int
    funding_cap_cents: int | None
    stopped_at: int | None
    parties: str


class NamedProduct(NamedTuple):
    """A product of the basket that an offer names in one of its product sets.

    It counts for the offer unless it is `excluded`, or restricted since.
    """

    offer_id: int
    set_number: int
    gtin: int
    excluded: bool


class DraftLine(NamedTuple):
    """A line of a household's draft, its next list; kinds are those of list lines.

    `offer_id` is its offer where that has a rule.
    """

    household_id: int
    line: int
    kind: str
    text: str
    offer_id: int | None = None


class Identity(NamedTuple):
    """A card or a phone, as the digest under which it is known."""

    kind: str
    digest: str


class MovedIdentity(NamedTuple):
    """A card or phone that is known by an older digest and gets the one it should have.

    The older one is of another form, or under the key before; `key_mark` is that of the newer.
    """

    kind: str
    older: str
    newer: str
    key_mark: str


@dataclass(frozen=True, slots=True)
class Presented:
    """One thing the customer showed: kind `list`, `card` or `phone`, and its value."""

    kind: str
    value: str = field(repr=False)


class Watch(NamedTuple):
    """Whose guesses a look counts: those of a kind between two moments, of a key and of a store.

    A key waits that made more than `key_spare` of them, a store more than `store_spare`.
    """

    kind: str | None
    key_id: int | None
    at_store: str | None
    since: datetime | None
    until: datetime | None
    key_spare: int
    store_spare: int


NOBODY = Watch(None, None, None, None, None, 0, 0)
"""Nobody's guesses are counted: nothing is presented."""


@dataclass(frozen=True, slots=True)
class Look:
    """What to look up for a basket: list codes, cards and phones, each with what was presented.

    Of a card or phone every form is looked up, the one it should be known by first; `moves` leads
    from the others to it. `unreadable` was presented and is no code; nothing is looked up for it.
    `bought` are those of `gtins` of which the basket holds something.
    """

    reference: Reference
    codes: Mapping[str, Presented]
    identities: Mapping[Identity, Presented]
    gtins: frozenset[int]
    unreadable: tuple[Presented, ...] = ()
    watch: Watch = NOBODY
    moves: Mapping[Identity, MovedIdentity] = field(default_factory=dict)
    bought: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found, as of one moment.

    `households` are those of the digests known; `lists` are those with the codes (never drafts) and
    the issued ones, usable on the business date, of the households identified; `lines` their offer
    lines in order of list and line; `products` say which GTINs count, and which are excluded.
    `full_since_micros` is set while the key or the store watched has to wait: when that guess was
    made, in microseconds since 1970, which is the first that must grow old.
    `drafts` are the lines of the drafts of all these households that nothing bought stands for, by
    household and line.
    """

    store_known: bool
    prior: Prior | None
    households: dict[str, int]
    lists: tuple[PresentedList, ...]
    lines: tuple[PresentedLine, ...]
    products: tuple[NamedProduct, ...]
    full_since_micros: int | None = None
    drafts: tuple[DraftLine, ...] = ()


def with_fitting(seen: Seen, look: Look, fitting: Iterable[NamedProduct]) -> Seen:
    """What was found with the products that fit the rules of offers, on lists and in drafts."""
    found = [*fitting]
    offers = {line.offer_id for line in seen.lines}
    stood_for = {each.offer_id for each in found if each.gtin in look.bought and not each.excluded}
    return replace(
        seen,
        products=(*seen.products, *[each for each in found if each.offer_id in offers]),
        drafts=tuple([line for line in seen.drafts if line.offer_id not in stood_for]),
    )


class RedemptionRow(NamedTuple):
    """A row of `redemption`, but for the basket it is given when it is written."""

    id: str
    store_id: str
    terminal: str
    business_date: date
    number: str
    digest: str
    state: str
    household_id: int | None
    total_discount_cents: int
    answer: str
    redeemed_at: datetime
    key_id: int | None
    sent_at: datetime | None = None


class BoughtRow(NamedTuple):
    """A row of `basket_line`, after every discount."""

    line: int
    gtin: int
    quantity_milli: int
    unit: str
    amount_cents: int
    code: str


class UseRow(NamedTuple):
    """A row of `redemption_line`."""

    list_id: int
    list_line: int
    use_number: int
    uses: int
    live: bool
    offer_id: int
    household_id: int
    deal_id: int
    deal_use: int
    units: int
    amount_cents: int
    supplier_cents: int
    retailer_cents: int
    reserved_cents: int
    parts: str


class RefusalRow(NamedTuple):
    """A row of `refusal`."""

    list_line: int | None
    offer_id: int | None
    reason: str
    detail: str


class HeldList(NamedTuple):
    """A list that must be as it was seen until the uses of it are written."""

    id: int
    reopenings: int


class Dispute(NamedTuple):
    """A row of `till_conflict`."""

    list_id: int | None
    list_line: int | None
    offer_id: int | None
    reason: str
    amount_cents: int
    borne_by: str


@dataclass(frozen=True, slots=True)
class Effect:
    """Everything one transaction writes.

    Nothing is written when a list of `held` was reopened or ended since. `entries` are posted under
    the redemption's id, at its moment, store and business date. Raises ValueError when they do not
    add up to zero.
    """

    redemption: RedemptionRow
    purchased_at: datetime
    bought: Sequence[BoughtRow]
    held: Sequence[HeldList] = ()
    uses: Sequence[UseRow] = ()
    refusals: Sequence[RefusalRow] = ()
    entries: Sequence[Entry] = ()
    moved: Sequence[MovedIdentity] = ()

    def __post_init__(self) -> None:
        require_balance(self.entries)


class GuessBy(NamedTuple):
    """Whose guesses they are, and when they were made: a row of `guess` but for its digest."""

    key_id: int
    kind: str
    store_id: str
    terminal: str
    guessed_at: datetime


class GuessLimits(NamedTuple):
    """How many guesses there may be.

    The key's between `since` and `until` are at most `key_most`, the store's `store_most`. What the
    till guessed since `again_since` is not counted again. With `is_kept` guesses beyond a limit are
    counted too: they were looked up. `until` lies ahead: clocks differ, and one that was set back
    finds the guesses of the hour it repeats.
    """

    since: datetime
    until: datetime
    again_since: datetime
    key_most: int
    store_most: int
    is_kept: bool


@dataclass(frozen=True, slots=True)
class Guesses:
    """Guesses to be counted, in a transaction of their own or with the effect.

    The limits hold however many are counted at once, by however many processes.
    """

    by: GuessBy
    limits: GuessLimits
    digests: Sequence[str]


@dataclass(frozen=True, slots=True)
class Aside:
    """What comes next takes long: not in an event loop, and not on a connection of the database."""


Step: TypeAlias = Look | Effect | Guesses | Aside
Steps: TypeAlias = Generator[Step, "Seen | bool | None", str]
"""Asks for `Look`s, `Effect`s and `Guesses` and is sent `Seen`s, whether the effect was written,
and whether there was room for the guesses.

An effect is not written when it lost a race against another transaction; look again then. An
`Aside` asks for nothing.
"""


def advance(steps: Steps, sent: Seen | bool | None) -> Step | str:
    """The next step, or the answer."""
    try:
        return steps.send(sent)
    except StopIteration as done:
        answer: str = done.value
        return answer
