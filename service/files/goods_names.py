"""Gives the names in the catalogue their plain forms, by which the rules of deals find them."""

import polars as pl
from sqlmodel import Session

from service.files.headers import plain
from service.store import goods_names


def name_goods(session: Session, *, staged: bool = False) -> None:
    """Name all that has no plain form yet; with `staged` only what `upsert_products` just took.

    What a version before the rules loaded meanwhile is named with the next deals that have one.
    """
    found = goods_names.without_key(session, staged=staged)
    keys = pl.Series("key", [plain(name) for name in found["name"]], pl.String)
    goods_names.add(session, found.with_columns(keys), staged=staged)
