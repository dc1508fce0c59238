"""What the page in the pocket shows, as records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from service.members.suits import Suits
from service.members.told import Told
from service.store.tables.household_case import HouseholdCase
from service.store.tables.pocket import PocketItem


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of the list: what it says, whether it is ticked, and of an offer the uses left.

    `uses_left` is None for what is no offer; `why` is why an item is there, `size` what a package
    of the usual product holds. `suits` is said where it is not known to suit the household.
    """

    line: int
    name: str
    detail: str
    value: str
    legal: str
    size: str
    why: str
    price_cents: int | None
    uses_left: int | None
    ticked: bool
    hidden: bool
    note: str
    offer_id: int | None = None
    suits: Suits | None = None


@dataclass(frozen=True, slots=True)
class Department:
    """What is needed of one department, offers first."""

    name: str
    lines: Sequence[ShownLine]


@dataclass(frozen=True, slots=True)
class NextNeed:
    """Something that will run out, and about when; without a day nothing is promised."""

    item: str
    expected_on: date | None


@dataclass(frozen=True, slots=True)
class NextList:
    """The next list as it is now: what will run out, and how many offers there would be.

    Which offers, nobody is told before they are reserved. `id` changes when it is written again,
    `as_of` is the day it is of.
    """

    id: int
    as_of: date
    offers: int
    needs: Sequence[NextNeed]


@dataclass(frozen=True, slots=True)
class Refused:
    """An offer that did not come off: when and where, its text, and the till's reason.

    `sale`, `list_id` and `line` name it to whoever asks about it; `case` is what became of that,
    None where nobody asked, and `given_cents` what the household got with the answer. `goods` are
    some that count, where others were bought or too few, and `has_more` that there are others.
    """

    on: date
    store_id: str
    number: str
    text: str
    reason: str
    sale: str
    list_id: int
    line: int
    case: HouseholdCase | None
    given_cents: int
    goods: Sequence[str]
    has_more: bool


@dataclass(frozen=True, slots=True)
class PastList:
    """An earlier list, and how many of its offers were used."""

    list_id: int
    valid_from: date
    valid_to: date
    offers: int
    used: int


@dataclass(frozen=True, slots=True)
class Budget:
    """What the lines come to whose price is known, beside what the household spends a week."""

    weekly_cents: int
    list_cents: int
    priced: int
    lines: int


@dataclass(frozen=True, slots=True)
class PocketView:
    """All that the page shows. `code` is what the till scans, empty where it no longer takes it.

    `saved_cents` is what came off by this list; one that `is_general` follows from nothing that the
    household bought. What only a known browser sees is None, or empty.
    """

    list_id: int
    language: str
    valid_from: date
    valid_to: date
    has_begun: bool
    has_ended: bool
    code: str
    departments: Sequence[Department]
    saved_cents: int
    is_known: bool
    items: Sequence[PocketItem]
    next_list: NextList | None
    past: Sequence[PastList]
    refused: Sequence[Refused]
    gets_letters: bool
    budget: Budget | None
    is_general: bool
    told: Told | None


@dataclass(frozen=True, slots=True)
class PocketState:
    """What all phones of a household agree on: of a list, and of what it wrote itself.

    `next_id` is that of the next list, 0 where there is none or this browser does not see it;
    `notes` are by line.
    """

    list_id: int
    next_id: int
    ticked: Sequence[int]
    hidden: Sequence[int]
    notes: Mapping[int, str]
    used: Sequence[int]
    saved_cents: int
    items: Sequence[PocketItem]
