"""The postman: answers who asked for a code, and sends what is in the outbox.

It runs beside the worker, in a thread of its own: a code must not wait for a cycle.
"""

import logging
import threading

from service.errors import LarderError, without_message
from service.members.log_in import answer_asked
from service.sending.outbox import send_due
from service.settings import Settings
from service.store.session import Database

logger = logging.getLogger("larder.messages")


def post_until(database: Database, settings: Settings, stop: threading.Event) -> None:
    """Post until `stop` is set; pause when there is nothing to post or no database."""
    while settings.sends_messages and not stop.is_set():
        try:
            done = post_once(database, settings)
        except LarderError as error:
            logger.error("messages could not be sent: %s", error.detail)
            done = 0
        except Exception as error:
            logger.error("messages could not be sent: %s", without_message(error))
            done = 0
        if not done:
            stop.wait(settings.worker_idle_seconds)


def post_once(database: Database, settings: Settings) -> int:
    """Answer and send what there is now; how many things were taken."""
    return answer_asked(database, settings) + send_due(database, settings)


def post_all(database: Database, settings: Settings) -> int:
    """Answer and send all that is due now; how many things were taken."""
    done = 0
    while settings.sends_messages and (count := post_once(database, settings)):
        done += count
    return done
