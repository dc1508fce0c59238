"""From history to lists. This package alone knows the order of the stages."""

from service.cycle.forecast import refresh_forecast
from service.cycle.issue import run_cycle
from service.cycle.next_list import write_next_list, write_next_lists
from service.cycle.report import CycleReport
from service.cycle.what_if import WhatIf, what_if
from service.cycle.withdraw import WithdrawReport, recompose_cycle, withdraw_cycle

__all__ = [
    "CycleReport",
    "WhatIf",
    "WithdrawReport",
    "recompose_cycle",
    "refresh_forecast",
    "run_cycle",
    "what_if",
    "withdraw_cycle",
    "write_next_list",
    "write_next_lists",
]
