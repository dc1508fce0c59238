"""The scheduler and the worker: when things happen."""

from typing import Literal

from pydantic import Field

from service.settings.group import Group

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class JobSettings(Group):
    """Scheduler and worker."""

    cycle_weekday: Weekday = Field(default="mon", description="Day a cycle starts")
    cycle_every_weeks: int = Field(default=2, ge=1, description="Weeks between cycles")
    nightly_hour: int = Field(
        default=3, ge=0, le=23, description="Hour of LARDER_TIMEZONE that the nightly jobs begin at"
    )
    serve_scheduler: bool = Field(default=False, description="Run the scheduler inside `serve`")
    serve_worker: bool = Field(default=False, description="Run the worker inside `serve`")
    lease_seconds: int = Field(
        default=30,
        ge=1,
        le=900,
        description="After this a job of a dead process is taken over; at most 900",
    )
    worker_idle_seconds: float = Field(default=1.0, gt=0, description="Pause when nothing is due")
