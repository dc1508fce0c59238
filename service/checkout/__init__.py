"""The till: what a basket gets for the lists a household presents, once and for ever."""

from service.checkout.give_back import Return, give_back
from service.checkout.guessing import forget_guesses
from service.checkout.lookup import look_again, looking_up, lookup
from service.checkout.redeem import quote, quoting, redeem, redeeming
from service.checkout.replay import Offline, replay
from service.checkout.sales import BodyDigest, ClockSkew, Honoured, ReturnedLine, TillBasket
from service.checkout.unnamed_goods import spent_on_unnamed
from service.checkout.void import void
from service.store.till import Presented, Steps

__all__ = [
    "BodyDigest",
    "ClockSkew",
    "Honoured",
    "Offline",
    "Presented",
    "Return",
    "ReturnedLine",
    "Steps",
    "TillBasket",
    "forget_guesses",
    "give_back",
    "look_again",
    "looking_up",
    "lookup",
    "quote",
    "quoting",
    "redeem",
    "redeeming",
    "replay",
    "spent_on_unnamed",
    "void",
]
