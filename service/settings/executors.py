"""Where the parts of large work are done."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from service.settings.group import Group


class ExecutorSettings(Group):
    """Parallel work."""

    executor: Literal["local", "dask"] = Field(
        default="local",
        description="Where shards are worked on: processes of this machine, or a Dask cluster",
    )
    processes: int = Field(
        default=1, ge=1, description="Processes of this machine that work on shards"
    )
    shard_households: int = Field(default=5000, ge=1, description="Households in one shard")
    scheduler: str = Field(default="", description="Address of the Dask scheduler: tls://host:port")
    scheduler_ca_file: Path | None = Field(
        default=None, description="PEM file of the authority that signed the cluster's certificates"
    )
    scheduler_cert_file: Path | None = Field(
        default=None, description="PEM file of the certificate that is shown to the scheduler"
    )
    scheduler_key_file: Path | None = Field(
        default=None, description="PEM file of that certificate's key"
    )
    scheduler_unencrypted: bool = Field(
        default=False,
        description="Whether a tcp:// scheduler is taken: whoever reaches it can run anything on "
        "its workers",
    )
