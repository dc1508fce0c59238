"""What is kept of a household, why, how long and who sees it, as its page says it.

The rows name every table of an export, so that nothing is kept that is not said.
"""

from typing import NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.members.pocket import SESSION_DAYS
from service.pages.languages import mark
from service.pocket import page
from service.pocket.holding import stored
from service.sending.outbox import KEPT as MESSAGES_KEPT
from service.store.tables.retention import Kind

router = APIRouter()


class Kept(NamedTuple):
    """What is kept in some tables of an export, why, how long, and who sees it.

    `%(days)s` in `until` is a number of days that the settings or the code decide on. `goes` are
    the kinds of what goes before, where the settings say when.
    """

    tables: tuple[str, ...]
    what: str
    why: str
    until: str
    who: str
    goes: tuple[tuple[Kind, str], ...] = ()


_ERASED = mark("Until you are erased.")
_DESK = mark("The service desk, for a reason that it writes down.")
_NOBODY = mark("You, on this page.")

KEPT = (
    Kept(
        ("contact", "letters"),
        mark("Name, address, e-mail address and number to write to; your letters"),
        mark("To send you lists on the ways that you agreed to."),
        mark(
            "Addresses without consent are deleted at once, the rest when you are erased. Files of "
            "the mailing house go after %(days)s days."
        ),
        mark("The service desk, and for letters the mailing house."),
    ),
    Kept(
        ("identities",),
        mark("Loyalty cards and telephone numbers that tills know you by"),
        mark("So that your list counts without paper. Nobody can read them back."),
        _ERASED,
        mark("Tills, which only learn whether they fit."),
    ),
    Kept(
        ("consents",),
        mark("What you agreed to and took back, in which words, when and where"),
        mark("To do what you allowed, and to show it."),
        _ERASED,
        _DESK,
    ),
    Kept(
        ("wishes", "answers"),
        mark("What you told us of goods, brands and your home"),
        mark("To make your lists fit. What you do not eat is used for nothing else."),
        mark("Until you are erased; what you do not eat until you take that consent back."),
        mark("You, on this page. What you say of goods and brands the shop's own systems see too."),
    ),
    Kept(
        ("own_items", "words", "page_visits"),
        mark("What you tick and write down, and which phones opened your page"),
        mark("To show the same on all your phones."),
        mark("Phones %(days)s days after their last visit, the rest until you are erased."),
        _NOBODY,
    ),
    Kept(
        ("baskets", "basket_lines", "sales", "uses", "refusals"),
        mark("What you bought with a list, a card or a number, and which offers were used"),
        mark("To know what you will need, and to settle offers with those who pay for them."),
        mark("When you are erased, the numbers stay without anybody they belong to."),
        mark("The service desk. Suppliers see sums of many households, never yours."),
        (
            (
                Kind.BASKETS,
                mark("What you bought goes after %(days)s days, once no claim needs it any more."),
            ),
            (
                Kind.REFUSALS,
                mark("Refused offers go after %(days)s days, once no claim needs them any more."),
            ),
        ),
    ),
    Kept(
        ("lists", "list_lines", "cycles", "left_out", "overrides"),
        mark("Your lists, why each line is there, and who got an offer by hand"),
        mark("To print them, to redeem them, and to measure what offers change."),
        mark("When you are erased, the numbers stay without anybody they belong to."),
        _DESK,
        ((Kind.LISTS, mark("What a list said goes %(days)s days after it has ended.")),),
    ),
    Kept(
        ("messages", "log_ins"),
        mark("That a code to log in was asked for, and whether it reached you"),
        mark("To let you in without a letter, and nobody else."),
        mark("Address and text until it is sent, the rest %(days)s days."),
        _DESK,
    ),
    Kept(
        ("questions",),
        mark("What you asked the store, and its answer"),
        mark("To answer you."),
        _ERASED,
        _DESK,
    ),
    Kept(
        ("goodwill", "openings"),
        mark("What the service desk gave you, and who looked at your data and why"),
        mark("So that you can check on us."),
        mark("When you are erased, the numbers stay without anybody they belong to."),
        _DESK,
        ((Kind.AUDIT, mark("Who looked goes after %(days)s days.")),),
    ),
)


@router.get("/policy")
def policy(request: Request) -> Response:
    """What is kept, for whoever opens the page; no log-in is needed."""
    _, settings = stored(request)
    days = {
        "contact": settings.purge_days, "own_items": SESSION_DAYS, "messages": MESSAGES_KEPT.days,
    }  # fmt: skip
    return page.show(
        request, "policy.html", kept=KEPT, days=days,
        goes={kind: getattr(settings, f"keep_{kind}_days") for kind in Kind},
        covers_profile=settings.letter_consent_covers_profile,
        without_profile=settings.without_profile,
    )  # fmt: skip
