"""Print batches: printed, picked up, acknowledged, reprinted, reconciled, voided and purged."""

from service.publish.acknowledge import AckReport, acknowledge
from service.publish.addresses import LeftOutReason
from service.publish.inbox import accept_file, process_waiting
from service.publish.not_mailed import NotMailed, not_mailed
from service.publish.package import MANIFEST
from service.publish.pickup import PackageFile, confirm_receipt, fetch, fetchable_files
from service.publish.press import BatchReport, publish, reprint
from service.publish.purge import purge, purge_batch
from service.publish.reconcile import Reconciliation, reconcile
from service.publish.void import VoidReport, void_batch

__all__ = [
    "MANIFEST",
    "AckReport",
    "BatchReport",
    "LeftOutReason",
    "NotMailed",
    "PackageFile",
    "Reconciliation",
    "VoidReport",
    "accept_file",
    "acknowledge",
    "confirm_receipt",
    "fetch",
    "fetchable_files",
    "not_mailed",
    "process_waiting",
    "publish",
    "purge",
    "purge_batch",
    "reconcile",
    "reprint",
    "void_batch",
]
