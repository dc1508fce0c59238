"""What a till runs: a client with retries, a queue that survives a power cut, and its replay.

A reference for integrators, small enough to be read and rewritten in another language. It uses
nothing else of the service.
"""

from service.till_client.client import TillClient
from service.till_client.flush import Flushed
from service.till_client.queue import Found, QueueInUseError
from service.till_client.wire import TillRefusedError, UnreachableError

__all__ = [
    "Flushed",
    "Found",
    "QueueInUseError",
    "TillClient",
    "TillRefusedError",
    "UnreachableError",
]
