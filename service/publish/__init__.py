"""Print batches: printed, picked up, acknowledged, reprinted, reconciled, voided and purged."""

from service.publish.acknowledge import AckReport, acknowledge
from service.publish.addresses import LeftOutReason
from service.publish.check import CheckReport, check_batch
from service.publish.inbox import accept_file, process_waiting
from service.publish.not_mailed import NotMailed, not_mailed
from service.publish.package import MANIFEST
from service.publish.pages import PrintedPiece, find_piece, picture_page
from service.publish.pickup import PackageFile, confirm_receipt, fetch, fetchable_files
from service.publish.press import BatchReport, publish, reprint
from service.publish.purge import purge, purge_batch
from service.publish.reconcile import Reconciliation, reconcile, unmailed
from service.publish.void import VoidAhead, VoidReport, look_ahead, void_batch

__all__ = [
    "MANIFEST",
    "AckReport",
    "BatchReport",
    "CheckReport",
    "LeftOutReason",
    "NotMailed",
    "PackageFile",
    "PrintedPiece",
    "Reconciliation",
    "VoidAhead",
    "VoidReport",
    "accept_file",
    "acknowledge",
    "check_batch",
    "confirm_receipt",
    "fetch",
    "fetchable_files",
    "find_piece",
    "look_ahead",
    "not_mailed",
    "picture_page",
    "process_waiting",
    "publish",
    "purge",
    "purge_batch",
    "reconcile",
    "reprint",
    "unmailed",
    "void_batch",
]
