"""Suppliers' spreadsheets of deals: read, interpreted, checked and stored as offers."""

from service.deals.columns import COLUMNS
from service.deals.dates import Order
from service.deals.picture import Picture, picture_deal, zip_pictures
from service.deals.printable import Printing
from service.deals.template import make_template
from service.deals.upload import (
    Preview,
    ReadOptions,
    UploadReport,
    add_remarks,
    load_body,
    load_deals,
    preview_deals,
    preview_pictures,
)

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
    "picture_deal",
    "preview_deals",
    "preview_pictures",
    "zip_pictures",
]
