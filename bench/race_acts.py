"""What tills do to one household's two lists at the same moment, and what they hear.

Everything is drawn from a seed and the place in the race, so that a piece can be run again.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from service.till_client import TillRefusedError, UnreachableError
from tests.racing import Till, TillAnswers
from tests.shop import SHOPPING_DAY, VALID_TO
from tests.till import FULL, body

TILLS = 8
# Every so many households' lists end on a day of their own, where redemptions meet their expiry.
EXPIRING = 50
FAR = date(2027, 12, 31)
PIECES = {line: pieces for line, (_, pieces, _) in enumerate(FULL, start=1)}
Body = dict[str, Any]


class Verb(StrEnum):
    """What a till can do."""

    QUOTE = "quote"
    SELL = "sell"
    VOID = "void"
    RETURN = "return"
    REPLAY = "replay"
    EXPIRE = "expire"


@dataclass(frozen=True, slots=True)
class Act:
    """One act: the number of its transaction, what is presented, and the sale a return is of."""

    verb: Verb
    number: str = ""
    shown: str = "A"
    sale: str = ""
    line: int = 1


@dataclass(frozen=True, slots=True)
class Household:
    """Two lists that are valid together, the card that opens both, and the day of shopping."""

    lists: tuple[str, str]
    card: str
    day: date

    def presented(self, shown: str) -> list[tuple[str, str]]:
        """What stands for `A`, `B`, `AB` or `card`."""
        if shown == "card":
            return [("card", self.card)]
        return [("list", self.lists["AB".index(each)]) for each in shown]


def last_day(place: int) -> date:
    """The last day of the lists of the household at this place."""
    return VALID_TO + timedelta(days=1 + place // EXPIRING) if place % EXPIRING == 0 else FAR


def day_at(place: int) -> date:
    """When the household at this place shops."""
    return last_day(place) if place % EXPIRING == 0 else SHOPPING_DAY


def _same_list(mine: int, _: random.Random) -> Iterator[Act]:
    yield Act(Verb.SELL, f"{mine}")


def _same_sale(_: int, __: random.Random) -> Iterator[Act]:
    yield Act(Verb.SELL, "one", "AB")


def _two_lists(mine: int, _: random.Random) -> Iterator[Act]:
    yield Act(Verb.SELL, f"{mine}", ("A", "B", "card", "B")[mine % 4])


def _quoted(mine: int, _: random.Random) -> Iterator[Act]:
    shown = "AB"[mine % 2]
    yield Act(Verb.QUOTE, f"{mine}", shown)
    yield Act(Verb.SELL, f"{mine}", shown)


def _void(mine: int, _: random.Random) -> Iterator[Act]:
    yield Act(Verb.SELL if mine < TILLS // 2 else Verb.VOID, f"{mine % 2}", "AB"[mine % 2])


def _void_and_again(mine: int, _: random.Random) -> Iterator[Act]:
    yield Act(Verb.SELL, f"{mine}", "AB"[mine % 2])
    yield Act(Verb.VOID, f"{mine}")
    yield Act(Verb.SELL, f"{mine}-again", "BA"[mine % 2])


def _return_and_again(mine: int, _: random.Random) -> Iterator[Act]:
    yield Act(Verb.SELL, f"{mine}", "AB"[mine % 2])
    yield Act(Verb.RETURN, f"{mine}-back", sale=f"{mine}", line=1 + mine % 3)
    yield Act(Verb.SELL, f"{mine}-again", "BA"[mine % 2])


def _return_or_void(mine: int, _: random.Random) -> Iterator[Act]:
    """All make the same sale; then some return of it, others void it or undo the returns."""
    yield Act(Verb.SELL, "one")
    if mine % 4 == 3:
        yield Act(Verb.VOID, "one")
    else:
        yield Act(Verb.RETURN, f"back-{mine % 2}", sale="one", line=1 + mine % 2)
    yield Act(Verb.VOID if mine % 4 == 2 else Verb.SELL, f"back-{mine % 2}-" if mine % 4 else "two")


def _undone_return(mine: int, _: random.Random) -> Iterator[Act]:
    """Uses that a return opens are made by others while the return is undone."""
    yield Act(Verb.SELL, f"{mine}", "AB"[mine % 2])
    if mine % 2:
        yield Act(Verb.SELL, f"{mine}-again", "B")
        return
    yield Act(Verb.RETURN, f"{mine}-back", sale=f"{mine}", line=1)
    yield Act(Verb.VOID, f"{mine}-back")


def _replay(mine: int, _: random.Random) -> Iterator[Act]:
    shown = "AB"[mine % 2]
    yield Act(Verb.REPLAY if mine < TILLS // 2 else Verb.SELL, f"{mine}", shown)
    yield Act(Verb.VOID, f"{mine}") if mine % 4 == 0 else Act(Verb.SELL, f"{mine}-b", shown)


def _same_replay(mine: int, _: random.Random) -> Iterator[Act]:
    """Sales that some say they made offline and others make."""
    yield Act(Verb.REPLAY if mine % 2 else Verb.SELL, f"{mine // 4}", "AB"[mine // 4])


def _expire(mine: int, _: random.Random) -> Iterator[Act]:
    yield Act(Verb.SELL, f"{mine}", "AB"[mine % 2]) if mine else Act(Verb.EXPIRE)


def _mixed(mine: int, draw: random.Random) -> Iterator[Act]:
    """Anything about a few sales that all tills speak of."""
    for turn in range(3):
        verb = draw.choice([each for each in Verb if each is not Verb.EXPIRE])
        sale = draw.randrange(4)
        shown = ("A", "B", "card", "AB")[sale]
        if verb is Verb.RETURN:
            yield Act(verb, f"{mine}-{turn}-back", sale=f"{sale}", line=draw.randint(1, 3))
        elif verb is Verb.REPLAY and shown == "card":
            yield Act(Verb.SELL, f"{sale}", shown)
        else:
            yield Act(verb, f"{sale}", shown)


KINDS: tuple[Callable[[int, random.Random], Iterator[Act]], ...] = (
    _same_list,
    _same_sale,
    _two_lists,
    _quoted,
    _void,
    _void_and_again,
    _return_and_again,
    _return_or_void,
    _undone_return,
    _replay,
    _same_replay,
    _mixed,
    _mixed,
    _mixed,
)


def acts_of(seed: int, place: int, till: int) -> Iterator[Act]:
    """What this till does at this place; the kind is the same for all tills."""
    if place % EXPIRING == 0:
        return _expire(till, random.Random())
    kind = random.Random(f"{seed} {place}").choice(KINDS)
    return kind(till, random.Random(f"{seed} {place} {till}"))


@dataclass(slots=True)
class Heard:
    """What a till heard. `texts` are final answers as they came, by what was sent."""

    record: TillAnswers = field(default_factory=TillAnswers)
    texts: dict[tuple[str, str], set[bytes]] = field(default_factory=dict)
    offline: dict[str, Body] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Heard") -> None:
        """Take over what another till heard."""
        for number, answers in other.record.sales.items():
            self.record.sales.setdefault(number, []).extend(answers)
        for number, answers in other.record.voids.items():
            self.record.voids.setdefault(number, []).extend(answers)
        for sent, texts in other.texts.items():
            self.texts.setdefault(sent, set()).update(texts)
        self.offline |= other.offline
        self.counts += other.counts


class Racer:
    """One till of the race."""

    def __init__(self, till: Till, expire: Callable[[date], None]) -> None:
        self._till = till
        self._expire = expire
        self.heard = Heard()

    def meet(self, place: int, acts: Iterator[Act], household: Household) -> None:
        """Do this till's part at one place, after what waits from before."""
        self.flush()
        quotes: dict[str, Body] = {}
        for act in acts:
            self.heard.counts[act.verb] += 1
            try:
                self._do(act, place, household, quotes)
            except TillRefusedError as error:
                self.heard.counts[f"{act.verb} refused {error.status}"] += 1
            except UnreachableError:
                self.heard.counts[f"{act.verb} not answered"] += 1

    def flush(self) -> int:
        """Send what waits in the queue; how much waits still."""
        if not self._till.client.waiting():
            return 0
        try:
            self.heard.counts["flushed"] += self._till.client.flush().taken
        except UnreachableError:
            self.heard.counts["flush not answered"] += 1
        return self._till.client.waiting()

    def again(self, path: str, text: str) -> bytes:
        """The answer to the same request, sent once more; empty when it is refused."""
        try:
            send = self._till.client.redeem if "redemptions" in path else self._till.client.void
            send = self._till.client.give_back if "returns" in path else send
            answer = send(json.loads(text))
        except TillRefusedError as error:
            return b"" if error.status == 409 else str(error).encode()
        return self._till.seen.text if answer and answer["status"] != "offline" else b"no answer"

    def _do(self, act: Act, place: int, of: Household, quotes: dict[str, Body]) -> None:
        client, number = self._till.client, f"{place}:{act.number}"
        sale = body(number, presented=of.presented(act.shown), lines=FULL, day=of.day.isoformat())
        match act.verb:
            case Verb.QUOTE:
                quotes[number] = client.quote(sale)
            case Verb.SELL:
                self._sold(number, sale, client.redeem(sale, quoted=quotes.get(number)))
            case Verb.VOID:
                sent: Body = {"transaction": sale["transaction"]}
                if (answer := client.void(sent)) is not None:
                    self.heard.record.void(number, answer)
                    self._final("/v1/voids", sent)
            case Verb.RETURN:
                sold = {**sale["transaction"], "number": f"{place}:{act.sale}"}
                del sold["at"]
                back = [{"line": act.line, "quantity": PIECES[act.line]}]
                sent = {"transaction": sale["transaction"], "original": sold, "lines": back}
                if client.give_back(sent) is not None:
                    self._final("/v1/returns", sent)
            case Verb.REPLAY:
                self._replay(number, sale)
            case Verb.EXPIRE:
                self._expire(of.day + timedelta(days=1))

    def _sold(self, number: str, sale: Body, answer: Body) -> None:
        if answer["status"] == "offline":
            self.heard.counts["sold offline"] += 1
            self.heard.offline[number] = answer
        else:
            self.heard.record.sale(number, answer)
            self._final("/v1/redemptions", sale)

    def _replay(self, number: str, sale: Body) -> None:
        code = sale["presented"][0]["value"]
        given = {"line": 1, "list_code": code, "list_line": 1, "units": 1, "amount_cents": 100}
        (answer,) = self._till.client.replay([{**sale, "discounts": [given]}])
        self.heard.counts[f"replay {answer['status']}"] += 1
        if answer["answer"]:
            self.heard.record.sale(number, answer["answer"])

    def _final(self, path: str, sent: Body) -> None:
        self.heard.texts.setdefault((path, json.dumps(sent)), set()).add(self._till.seen.text)
