"""The same package in an object store: whole objects, the marker last, the same bytes."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from moto.server import ThreadedMotoServer

from service.errors import Misconfigured
from service.publish import fetch, publish, void_batch
from service.publish.depot import ObjectDepot, describe, open_depot
from service.settings import Settings
from service.store.session import Database
from tests.mail import NAME
from tests.market import silent


@pytest.fixture
def database_url(tmp_path: Path, migrated: Path) -> str:
    """The embedded database alone: what is describe is tested on both elsewhere."""
    shutil.copy(migrated, tmp_path / "larder.db")
    return f"sqlite:///{tmp_path / 'larder.db'}"


@pytest.fixture(scope="module")
def object_store() -> Iterator[str]:
    """The address of an S3 service with one bucket."""
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
    }
    before = dict(os.environ)
    os.environ.update(environment)
    # Whatever talked to the store of another test is asked for by the same name.
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    fsspec.filesystem("s3").mkdir("mail")
    yield "s3://mail/packages"
    os.environ.clear()
    os.environ.update(before)
    server.stop()


@pytest.mark.slow
def test_a_package_in_an_object_store_is_the_one_of_a_folder(
    database: Database,
    shop: Settings,
    mail: None,
    object_store: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = shop.model_copy(update={"package_store": object_store})
    order: list[str] = []
    put = ObjectDepot.put

    def putting(self: ObjectDepot, folder: str, name: str, fill: Any, **how: Any) -> Any:
        order.append(name)
        return put(self, folder, name, fill, **how)

    monkeypatch.setattr(ObjectDepot, "put", putting)
    report = publish(database, there, 1, progress=silent)
    assert report.folder == f"{object_store}/{NAME}_v1"
    assert order[-2:] == ["manifest.json", ".ready"]
    assert not shop.output_folder.exists()
    store = open_depot(there)
    assert set(store.files(report.name)) == set(order)
    part = fetch(database, there, 1, f"{NAME}_1of3_v1.pdf", for_print=False)
    whole = b"".join(part.chunks())
    assert (part.path, len(whole)) == (None, part.size)
    assert b"".join(part.chunks(start=1000, end=2000)) == whole[1000:2000]
    assert describe(store, report.name, part.name).sha256 == part.sha256
    void_batch(database, there, 1)
    assert store.files(report.name) == {}


def test_a_store_that_is_not_known_is_said_at_once(shop: Settings) -> None:
    with pytest.raises(Misconfigured, match="LARDER_PACKAGE_STORE cannot be used"):
        open_depot(shop.model_copy(update={"package_store": "nowhere://bucket"}))


@pytest.mark.slow
def test_a_file_that_fails_on_its_way_is_not_there(shop: Settings, object_store: str) -> None:
    store = open_depot(shop.model_copy(update={"package_store": object_store}))
    local = open_depot(shop)

    def fail(out: Any) -> None:
        out.write(b"half")
        raise OSError("no space left on device")

    for each in (store, local):
        with pytest.raises(OSError, match="no space"):
            each.put("broken", "a.pdf", fail)
        assert each.files("broken") == {}
