"""Queries on the files of deals."""

from sqlmodel import Session, select

from service.store.tables.offer import Upload


def with_digest(session: Session, sha256: str) -> Upload | None:
    """The upload of a file with exactly these bytes."""
    return session.exec(select(Upload).where(Upload.sha256 == sha256)).first()


def add(session: Session, upload: Upload) -> int:
    """Add a file; its id."""
    session.add(upload)
    session.flush()
    return upload.id
