"""Files of a package that lies in an object store: whole, in part, unchanged."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from fastapi.testclient import TestClient

from service.admin.keys import add_key
from service.api.app import create_app
from service.publish import publish
from service.settings import Settings
from service.store.session import Database
from service.store.tables.access import Role
from tests.mail import NAME, open_mail
from tests.market import silent

pytestmark = pytest.mark.slow

PDF = f"/v1/batches/1/files/{NAME}_1of1_v1.pdf"


@pytest.fixture
def database_url(tmp_path: Path, migrated: Path) -> str:
    """The embedded database alone: what is stored is tested on both elsewhere."""
    shutil.copy(migrated, tmp_path / "larder.db")
    return f"sqlite:///{tmp_path / 'larder.db'}"


@pytest.fixture
def house(database: Database, settings: Settings, tmp_path: Path) -> Iterator[TestClient]:
    """The mailing house before a service whose packages are kept by fsspec, in memory."""
    open_mail(database, settings, tmp_path)
    there = settings.model_copy(update={"package_store": f"memory://{tmp_path.name}"})
    publish(database, there, 1, progress=silent)
    _, key = add_key(database, settings, role=Role.MAILING)
    with TestClient(create_app(database, there)) as client:
        client.headers["Authorization"] = f"Bearer {key}"
        yield client
    fsspec.filesystem("memory").rm(f"/{tmp_path.name}", recursive=True)


def test_a_file_is_sent_whole_in_part_or_not_again(house: TestClient) -> None:
    whole = house.get(PDF)
    assert (whole.status_code, whole.headers["content-type"]) == (200, "application/pdf")
    size = len(whole.content)
    assert whole.headers["content-length"] == str(size)
    etag = whole.headers["etag"]
    for asked, start, end in (
        ("bytes=1000-", 1000, size),
        ("bytes=0-99", 0, 100),
        ("bytes=-10", size - 10, size),
        (f"bytes=5-{size * 2}", 5, size),
    ):
        part = house.get(PDF, headers={"Range": asked, "If-Range": etag})
        assert (part.status_code, part.content) == (206, whole.content[start:end])
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
    # Another file than the one begun, or a range that is none, is sent whole.
    for headers in (
        {"Range": "bytes=10-", "If-Range": '"of another"'},
        {"Range": "bytes=0-1,5-6"},
        {"Range": "lines=1-2"},
    ):
        answer = house.get(PDF, headers=headers)
        assert (answer.status_code, answer.content) == (200, whole.content)
    answer = house.get(PDF, headers={"Range": f"bytes={size}-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{size}")
    assert answer.headers["content-type"] == "application/problem+json"
    assert house.get(PDF, headers={"If-None-Match": etag}).status_code == 304
