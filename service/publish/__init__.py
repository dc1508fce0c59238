"""The mailing house's package: printed, picked up, acknowledged, reprinted, voided, purged."""

from service.publish.acknowledge import AckReport, acknowledge
from service.publish.addresses import LeftOut
from service.publish.answers import drop, take_in_waiting
from service.publish.package import MANIFEST
from service.publish.pickup import Fetched, fetch, files_of, receive
from service.publish.press import BatchReport, publish, reprint
from service.publish.purge import purge
from service.publish.reconcile import Reconciliation, reconcile
from service.publish.void import VoidReport, void_batch

__all__ = [
    "MANIFEST",
    "AckReport",
    "BatchReport",
    "Fetched",
    "LeftOut",
    "Reconciliation",
    "VoidReport",
    "acknowledge",
    "drop",
    "fetch",
    "files_of",
    "publish",
    "purge",
    "receive",
    "reconcile",
    "reprint",
    "take_in_waiting",
    "void_batch",
]
