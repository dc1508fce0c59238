"""HTTP: connections, and how much one request may send."""

from typing import Literal

from pydantic import Field

from service.settings.group import Group


class HttpSettings(Group):
    """HTTP."""

    keep_alive_seconds: int = Field(
        default=75,
        ge=1,
        description="How long a connection without a request stays open: longer than the gap "
        "between two customers",
    )
    slow_client_seconds: float = Field(
        default=10,
        gt=0,
        description="How long the head of a request may take, and a body that stands still; an "
        "answer that is not taken, three times so long",
    )
    max_connections: int = Field(
        default=2000, ge=1, description="Connections at once; further ones are refused with 503"
    )
    max_head_bytes: int = Field(
        default=32_768, ge=4096, description="Largest head of a request: its line and its headers"
    )
    stop_seconds: float = Field(
        default=15,
        ge=1,
        description="How long stopping `serve` takes at most; half of it is for answers on their "
        "way",
    )
    metrics_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="Port of metrics for Prometheus, of each process its own; 0 for none",
    )
    metrics_host: str = Field(default="127.0.0.1", description="Address that metrics listen on")
    log_format: Literal["text", "json"] = Field(
        default="text", description="How long-running processes log: lines, or a JSON object a line"
    )
    traces_url: str = Field(
        default="",
        pattern=r"^(https?://\S+)?$",
        description="Collector of OpenTelemetry traces (OTLP over HTTP), as http://collector:4318; "
        "empty for none",
    )
    access_log: bool = Field(
        default=False,
        description="Whether every request is logged: its route, status and time, no address",
    )
    max_body_bytes: int = Field(
        default=1_048_576,
        ge=1024,
        description="Largest body of a till's call or of agreements; others take 32 KiB",
    )
    max_replay_bytes: int = Field(
        default=16_777_216, ge=1024, description="Largest replay of sales made offline"
    )
    max_upload_bytes: int = Field(
        default=67_108_864, ge=1024, description="Largest upload of deals"
    )
    upload_memory_mib: int = Field(
        default=2048, ge=256, description="Memory (MiB) that reading one upload may take"
    )
    upload_cpu_seconds: int = Field(
        default=180, ge=1, description="CPU time that reading one upload may take"
    )
