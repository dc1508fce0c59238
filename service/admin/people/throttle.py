"""Who tries many passwords or codes has to wait, over all processes (decision 9).

A try is counted before it is looked at, so that exactly as many are answered as the limits say,
however many come at once. The row of a try that was right is removed again; those of the wrong ones
before it stay, so that an account of one's own does not clear a network address.
"""

import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from service.digests import token_digest
from service.settings import Settings
from service.store import guesses
from service.store.session import Database
from service.store.tables.guess import GuessKind
from service.store.till import GuessBy, Guesses, GuessLimits
from service.store.till.gate import count

WINDOW = timedelta(minutes=10)
"""What the limits count; the nightly purge removes no guess before that."""

ADDRESS_TIMES = 5
"""So many times as many tries are let in from one network as of one owner."""

_IPV6_NETWORK_BITS = 64


@dataclass(frozen=True, slots=True)
class Try:
    """A try that was counted: let in, or to wait so many seconds."""

    database: Database
    by: GuessBy
    digest: str
    wait_seconds: int

    def was_right(self) -> None:
        """Do not count it."""
        with self.database.write() as session:
            guesses.forget_one(session, self.by.key_id, self.by.kind, self.digest)


def begin_try(
    database: Database, settings: Settings, *, email: str | None, address: str, now: datetime
) -> Try:
    """Count a try for an e-mail address from a network address.

    None is for tries that name nobody, such as with a passkey: the network address alone counts.
    """
    network = network_of(address)
    of_address = settings.log_in_tries * ADDRESS_TIMES
    most = settings.log_in_tries if email is not None else of_address
    owner = f"email {email}" if email is not None else f"address {network}"
    return count_try(
        database, settings, owner=owner, most=most, network=network, of_network=of_address, now=now
    )


def count_try(
    database: Database,
    settings: Settings,
    *,
    owner: str,
    most: int,
    network: str,
    of_network: int,
    now: datetime,
) -> Try:
    """Count a try of an owner, of whose `most` are let in, from a network with its own limit."""
    number = int(token_digest(settings.secret_key, "log-in", owner)[:15], 16)
    by = GuessBy(number, str(GuessKind.LOG_IN), network, terminal="", guessed_at=now)
    limits = GuessLimits(now - WINDOW, now + WINDOW, now - WINDOW, most, of_network, is_kept=False)
    # Nothing of the password: a row of its own for every try.
    digest = secrets.token_hex(16)
    if count(database, Guesses(by, limits, [digest])):
        return Try(database, by, digest, wait_seconds=0)
    with database.read() as session:
        first = guesses.oldest_of_newest(session, by, limits)
    left = (first or now) + WINDOW - now
    return Try(database, by, digest, wait_seconds=max(1, ceil(left.total_seconds())))


def network_of(address: str) -> str:
    """A network address as it is counted: of IPv6 the network that one household or host has.

    What is no address, such as the name of a socket, is counted as it is.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), _IPV6_NETWORK_BITS), strict=False))
