"""Suppliers' spreadsheets of deals: read, interpreted, checked and stored as offers."""

from service.deals.columns import COLUMNS
from service.deals.picture import Picture, picture_deal
from service.deals.printable import Printing
from service.deals.template import make_template
from service.deals.upload import (
    Preview,
    ReadOptions,
    UploadReport,
    add_remarks,
    load_body,
    load_deals,
    pack_pictures,
    preview_deals,
    preview_pictures,
)
from service.files.dates import Order

__all__ = [
    "COLUMNS",
    "Order",
    "Picture",
    "Preview",
    "Printing",
    "ReadOptions",
    "UploadReport",
    "add_remarks",
    "load_body",
    "load_deals",
    "make_template",
    "pack_pictures",
    "picture_deal",
    "preview_deals",
    "preview_pictures",
]
