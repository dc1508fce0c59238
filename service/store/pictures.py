"""Queries on pictures: their bytes by digest, and which one a name has."""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl
from sqlalchemy import text
from sqlmodel import Session, col, func, select

from service.store.bulk import stage
from service.store.offers.goods import stage_goods
from service.store.session import Database
from service.store.tables.picture import Picture, PictureKind, PictureName


def save(session: Session, picture: Picture) -> None:
    """Keep a picture, unless it is kept already."""
    if session.get(Picture, picture.digest) is None:
        session.add(picture)
        session.flush()


def name(session: Session, kind: str, of: str, digest: str) -> None:
    """Give a name a picture that is kept, in place of an earlier one."""
    session.merge(PictureName(kind=kind, name=of, digest=digest))
    session.flush()


def named(session: Session, kinds: Sequence[str]) -> dict[tuple[str, str], str]:
    """The digest of every picture of some kinds that has a name, by kind and name."""
    found = session.exec(select(PictureName).where(col(PictureName.kind).in_(kinds)))
    return {(each.kind, each.name): each.digest for each in found}


def of_products(session: Session, gtins: Sequence[int] | None = None) -> dict[int, str]:
    """The digests of products' pictures by GTIN; of all products, or of those among `gtins`."""
    query = f"SELECT name, digest FROM picture_name WHERE kind = '{PictureKind.PRODUCT}'"
    if gtins is not None:
        names = pl.DataFrame({"name": [str(gtin) for gtin in gtins]}, {"name": pl.String})
        stage(session, "staged_name", names)
        query += " AND name IN (SELECT name FROM staged_name)"
    return {int(name): digest for name, digest in session.execute(text(query))}


def of_offers(session: Session, offer_ids: Sequence[int]) -> dict[int, str]:
    """For each offer the picture of the first by GTIN of its products that has one."""
    stage_goods(session, offer_ids)
    rows = session.execute(
        text(
            f"""SELECT p.offer_id, n.digest FROM staged_goods p
                JOIN picture_name n ON n.kind = '{PictureKind.PRODUCT}'
                                   AND n.name = CAST(p.gtin AS TEXT) AND p.set_number = 0
                ORDER BY p.offer_id, p.gtin DESC"""
        )
    )
    # The last of an offer's rows stays.
    return dict(tuple(row) for row in rows)


class KeptPictures(Mapping[str, bytes]):
    """The bytes of kept pictures by digest, each read when it is asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __getitem__(self, digest: str) -> bytes:
        with self._database.read() as session:
            found = session.get(Picture, digest)
        if found is None:
            raise KeyError(digest)
        return found.data

    def __iter__(self) -> Iterator[str]:
        with self._database.read() as session:
            yield from session.exec(select(Picture.digest).order_by(col(Picture.digest))).all()

    def __len__(self) -> int:
        with self._database.read() as session:
            return session.exec(select(func.count()).select_from(Picture)).one()
