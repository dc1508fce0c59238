"""Queries on pictures: their bytes by digest, and which one a name has."""

from collections.abc import Mapping, Sequence

from sqlmodel import Session, col, select

from service.store.tables.picture import Picture, PictureName

_AT_ONCE = 500


def save(session: Session, picture: Picture) -> None:
    """Keep a picture, unless it is kept already."""
    if session.get(Picture, picture.digest) is None:
        session.add(picture)
        session.flush()


def name(session: Session, kind: str, of: str, digest: str) -> None:
    """Give a name a picture that is kept, in place of an earlier one."""
    session.merge(PictureName(kind=kind, name=of, digest=digest))
    session.flush()


def named(session: Session) -> dict[tuple[str, str], str]:
    """The digest of every picture that has a name, by kind and name."""
    found = session.exec(select(PictureName))
    return {(each.kind, each.name): each.digest for each in found}


def data_of(session: Session, digests: Sequence[str]) -> Mapping[str, bytes]:
    """The bytes of kept pictures by digest; a digest that is not known is left out."""
    wanted = sorted(set(digests))
    found: dict[str, bytes] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = col(Picture.digest).in_(wanted[start : start + _AT_ONCE])
        found |= dict(session.exec(select(Picture.digest, Picture.data).where(some)).all())
    return found
