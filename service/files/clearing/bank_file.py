"""What was read from a file of a bank, and the limits of such files."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from service.currencies import minor_digits
from service.engine.clearing.receipt import Receipt
from service.errors import FileTooLarge, InvalidInput, NotFound, Problem
from service.files.notes import Note
from service.files.poslog.amounts import whole_cents

MAX_BYTES = 32 << 20
MAX_ENTRIES = 200_000
MOST_PROBLEMS = 100
_HEAD = 200


@dataclass(frozen=True, slots=True)
class BankFile:
    """The receipts of a file with their identities, and notes on what of it is none."""

    receipts: tuple[Receipt, ...]
    notes: tuple[Note, ...]


def read_bytes(path: Path, name: str) -> bytes:
    """All of a file of bounded size. Raises NotFound, FileTooLarge and InvalidInput."""
    if not path.is_file():
        raise NotFound(f"There is no file {name}.")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FileTooLarge(
                f"{name} has more than {MAX_BYTES >> 20} MiB; nothing of it was loaded. Fetch it "
                "from the bank in shorter periods."
            )
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{name} cannot be read: {error.strerror}.") from None


def read_head(path: Path) -> bytes:
    """The beginning of a file, which shows what kind it is; nothing of one that is not there."""
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(_HEAD)


def cents_of(amount: Decimal | None, currency: str) -> int | None:
    """An amount in minor units of its currency; None for what is no such amount."""
    if amount is None:
        return None
    try:
        return whole_cents(amount, exponent=minor_digits(currency))
    except ValueError:
        return None


def refuse(name: str, problems: Sequence[Problem]) -> None:
    """Raise InvalidInput when there are problems: a file of a bank is read wholly or not at all."""
    if problems:
        count = "1 fault" if len(problems) == 1 else f"{len(problems)} faults"
        raise InvalidInput(
            f"{name} has {count}; nothing of it was loaded.", problems[:MOST_PROBLEMS]
        )
