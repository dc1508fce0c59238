"""The till: what a basket gets for the lists a household presents, once and for ever."""

from service.checkout.basket import Honoured, Presented, TillBasket
from service.checkout.brought import Brought
from service.checkout.give_back import Return, give_back
from service.checkout.lookup import looking_up, lookup
from service.checkout.redeem import quote, quoting, redeem, redeeming
from service.checkout.replay import Offline, replay
from service.checkout.void import void
from service.store.till import Steps

__all__ = [
    "Brought",
    "Honoured",
    "Offline",
    "Presented",
    "Return",
    "Steps",
    "TillBasket",
    "give_back",
    "looking_up",
    "lookup",
    "quote",
    "quoting",
    "redeem",
    "redeeming",
    "replay",
    "void",
]
