"""A real Dask cluster with TLS: the same bytes, also when a worker dies in the middle."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from distributed import LocalCluster, Security

from service.cycle.task import Task
from service.errors import Conflict, Misconfigured
from service.executors import each_done, open_executor
from service.executors.cluster import security_of
from service.settings import Settings
from tests.conftest import settings_of
from tests.cycle.test_shards import make_task, scored
from tests.executors.acts import Step, square

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="module")
def clustered(folder: Path) -> Iterator[Settings]:
    """Settings that name a running cluster of two workers."""
    security = Security.temporary()
    files = {
        "scheduler_ca_file": security.tls_ca_file,
        "scheduler_cert_file": security.tls_client_cert,
        "scheduler_key_file": security.tls_client_key,
    }
    for name, pem in files.items():
        (folder / name).write_text(pem, encoding="ascii")
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        security=security,
        protocol="tls://",
        dashboard_address=None,
        local_directory=folder,
    ) as cluster:
        yield settings_of(f"sqlite:///{folder}/none.db", folder).model_copy(
            update={
                "executor": "dask",
                "scheduler": cluster.scheduler_address,
                "shard_households": 1,
                **{name: folder / name for name in files},
            }
        )


def test_a_killed_worker_costs_its_part_only(clustered: Settings, tmp_path: Path) -> None:
    steps = [Step(each, tmp_path, dies_at=5) for each in range(16)]
    found = each_done(partial(open_executor, clustered), square, steps)
    assert sorted(found) == [(each, each**2) for each in range(16)]
    assert (tmp_path / "death-0").exists()


def test_a_cluster_a_pool_and_one_process_write_the_same_bytes(
    clustered: Settings, folder: Path
) -> None:
    def shards(**changed: object) -> dict[str, bytes]:
        settings = clustered.model_copy(
            update={"runs_folder": folder / f"runs-{len([*folder.iterdir()])}", **changed}
        )
        scored(settings, task)
        files = settings.runs_folder.rglob("*.scored")
        return {each.name: each.read_bytes() for each in files}

    task: Task = make_task(clustered)
    of_cluster = shards()
    assert len(of_cluster) == 2
    assert of_cluster == shards(executor="local") == shards(executor="local", processes=2)


def test_a_worker_of_another_version_does_nothing(
    clustered: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.executors.cluster.sources_digest", lambda: "another")
    with pytest.raises(Conflict, match="runs another version"):
        [*each_done(partial(open_executor, clustered), square, [Step(1, tmp_path)])]
    assert [*tmp_path.iterdir()] == []


def test_a_scheduler_that_is_not_there_is_said(
    clustered: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.executors.cluster._SECONDS", 0.1)
    nowhere = clustered.model_copy(update={"scheduler": "tls://127.0.0.1:1"})
    with (
        pytest.raises(Conflict, match=r"tls://127.0.0.1:1 was not reached"),
        open_executor(nowhere),
    ):
        pass


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"scheduler": "tcp://127.0.0.1:8786"}, "LARDER_SCHEDULER"),
        ({"scheduler": ""}, "LARDER_SCHEDULER"),
        ({"scheduler_key_file": None}, "LARDER_SCHEDULER_KEY_FILE"),
        ({"scheduler_ca_file": Path("nowhere.pem")}, "LARDER_SCHEDULER_CA_FILE"),
    ],
)
def test_a_way_that_is_not_safe_is_not_taken(
    clustered: Settings, changed: dict[str, object], where: str
) -> None:
    with pytest.raises(Misconfigured) as caught:
        security_of(clustered.model_copy(update=changed))
    assert [each.where for each in caught.value.problems] == [where]


def test_plain_tcp_is_taken_when_it_is_asked_for(clustered: Settings) -> None:
    plain = {"scheduler": "tcp://127.0.0.1:8786", "scheduler_unencrypted": True}
    assert security_of(clustered.model_copy(update=plain)).require_encryption is False
