"""Settings of print profiles, one for each kind of file that is made for a press or a reader."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from service.settings import Settings

DAY = date(2026, 3, 2)
SPOT = "PANTONE 3435 C"
SAMPLES: Mapping[str, Mapping[str, Any]] = {
    "ua1": {"print_profile": "ua1"},
    "x4": {"print_profile": "x4"},
    "x4, black": {"print_profile": "x4", "print_inks": "black", "print_bleed_mm": 0},
    "x4, spot": {"print_profile": "x4", "print_inks": "spot", "print_spot": SPOT},
    "vt1": {"print_profile": "vt1", "print_colours": "#1f5138=85 20 70 50"},
}


def setup(name: str, **more: Any) -> Settings:
    return Settings(secret_key="k" * 32, code_key="k" * 32, **{**SAMPLES[name], **more})
