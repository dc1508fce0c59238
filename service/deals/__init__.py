"""Deals: suppliers' spreadsheets in, understood, checked and stored as offers."""

from service.deals.columns import COLUMNS
from service.deals.dates import Order
from service.deals.template import template
from service.deals.upload import (
    Preview,
    Reading,
    UploadReport,
    load_body,
    load_deals,
    preview_deals,
    remarks_on,
)

__all__ = [
    "COLUMNS",
    "Order",
    "Preview",
    "Reading",
    "UploadReport",
    "load_body",
    "load_deals",
    "preview_deals",
    "remarks_on",
    "template",
]
