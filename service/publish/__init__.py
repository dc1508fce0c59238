"""The mailing house's package: printed, picked up, acknowledged, reprinted, voided, purged."""

from service.publish.press import BatchReport, publish, reprint

__all__ = ["BatchReport", "publish", "reprint"]
