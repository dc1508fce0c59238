"""What is deployed: manifests that Kubernetes knows, commands that Dask takes, no open door."""

import copy
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from distributed.cli import dask_scheduler, dask_worker

from service.settings import Settings

ROOT = Path(__file__).parents[1]
MANIFESTS = [
    *yaml.safe_load_all((ROOT / "deploy" / "kubernetes" / "cluster.yaml").read_text("utf-8"))
]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
CLUSTER = {name: each for name, each in COMPOSE["services"].items() if "profiles" in each}
COMMANDS = {"scheduler": dask_scheduler.main, "worker": dask_worker.main}


def named(manifest: dict[str, Any]) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def containers() -> Iterator[dict[str, Any]]:
    for each in MANIFESTS:
        if each["kind"] == "Deployment":
            yield from each["spec"]["template"]["spec"]["containers"]


@pytest.mark.parametrize("manifest", MANIFESTS, ids=named)
def test_kubernetes_knows_each_field(manifest: dict[str, Any]) -> None:
    kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)
    misspelt = copy.deepcopy(manifest)
    misspelt["spec"]["replica"] = 1
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(misspelt, kubernetes_validate.latest_version(), strict=True)


def test_dask_takes_the_commands_and_they_say_tls(tmp_path: Path) -> None:
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).touch()
    asked = [(each["entrypoint"], each["command"]) for each in CLUSTER.values()] + [
        (each["command"], each["args"]) for each in containers() if "command" in each
    ]
    assert len(asked) == 4
    for (dask, what), arguments in asked:
        assert dask == "dask"
        here = [each.replace("/etc/larder/cluster", str(tmp_path)) for each in arguments]
        given = COMMANDS[what].make_context(what, here).params
        assert given["protocol"] == "tls"
        assert all(given[name] for name in ("tls_ca_file", "tls_cert", "tls_key"))


def test_the_cluster_knows_no_secret_and_publishes_no_port() -> None:
    for each in CLUSTER.values():
        assert "ports" not in each
        assert not [name for name in each["environment"] if "KEY" in name or "URL" in name]
    assert [each["name"] for each in containers() if "envFrom" in each] == ["work"]


def test_what_is_set_are_settings() -> None:
    names = {f"LARDER_{name.upper()}" for name in Settings.model_fields}
    said = {*COMPOSE["x-larder"]["environment"], *CLUSTER["cluster-worker"]["environment"]}
    said |= {one["name"] for each in containers() for one in each.get("env", ())}
    assert {name for name in said if name.startswith("LARDER_")} <= names


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_the_certificates_are_of_their_authority(tmp_path: Path) -> None:
    folder = tmp_path / "certificates"
    subprocess.run(
        [ROOT / "deploy" / "cluster-certificates", folder], check=True, capture_output=True
    )
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    checked = subprocess.run(
        ["openssl", "verify", "-CAfile", folder / "ca.pem", folder / "cert.pem"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert checked.stdout.endswith("cert.pem: OK\n")
    assert (folder / "key.pem").stat().st_mode & 0o077 == 0
