"""Tables of many rows: filters, columns, order and page are all in the address.

A place says which columns and filters it has and finds a page of rows; `parts/table.html` draws it.
The same address with `.csv` is the same view as a file.
"""

from service.pages.listing.cells import Cell, Kind
from service.pages.listing.columns import Column, Filter, FilterKind
from service.pages.listing.csv_file import csv_file, every_row
from service.pages.listing.view import Listing, View, read_view

__all__ = [
    "Cell",
    "Column",
    "Filter",
    "FilterKind",
    "Kind",
    "Listing",
    "View",
    "csv_file",
    "every_row",
    "read_view",
]
