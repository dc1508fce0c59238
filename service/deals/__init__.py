"""Suppliers' spreadsheets of deals: read, interpreted, checked and stored as offers."""

from service.deals.columns import COLUMNS
from service.deals.template import make_template
from service.deals.upload import (
    Preview,
    ReadOptions,
    UploadReport,
    add_remarks,
    load_body,
    load_deals,
    preview_deals,
)
from service.files.dates import Order

__all__ = [
    "COLUMNS",
    "Order",
    "Preview",
    "ReadOptions",
    "UploadReport",
    "add_remarks",
    "load_body",
    "load_deals",
    "make_template",
    "preview_deals",
]
