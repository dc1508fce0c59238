"""The channel that writes each message to a file, for another program to pick up."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from service.sending.channel import Outgoing, Unreachable


@dataclass(frozen=True, slots=True)
class FileChannel:
    """Writes `KEY.json` into a folder, whole or not at all, and once: the key is its name."""

    folder: Path

    @contextmanager
    def prepare(self, message: Outgoing) -> Iterator[Callable[[], None]]:
        """Write the file under another name; handing over renames it."""
        target = self.folder / f"{message.key}.json"
        unready = target.with_suffix(".part")
        content = {
            "way": message.way.value, "to": message.to, "subject": message.subject,
            "body": message.body, "made_at": message.made_at.isoformat(),
        }  # fmt: skip
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with unready.open("w", encoding="utf-8") as file:
                json.dump(content, file, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
            yield partial(_rename, unready, target)
        except OSError as error:
            raise Unreachable(f"the folder of messages: {error.strerror}") from error


def _rename(unready: Path, target: Path) -> None:
    unready.replace(target)
