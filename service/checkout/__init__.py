"""The till: what a basket gets for the lists a household presents, once and for ever."""

from service.checkout.basket import Honoured, Presented, TillBasket
from service.checkout.redeem import quote, quoting, redeem, redeeming

__all__ = [
    "Honoured",
    "Presented",
    "TillBasket",
    "quote",
    "quoting",
    "redeem",
    "redeeming",
]
