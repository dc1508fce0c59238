"""A painted page: its content and the marks that tie the content to the structure tree."""

from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple


class Mark(NamedTuple):
    """One piece of tagged content, in reading order: structure type, and a figure's text."""

    role: str
    alt: str = ""


@dataclass(slots=True)
class Sheet:
    """One page under construction."""

    number: int
    by_line: bool
    """Whether every line of a list is an element of its own, or the lines together are one."""
    ops: list[bytes] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    def tagged(self, role: str, ops: bytes, alt: str = "") -> None:
        """Add content as a structure element's, or as an artifact."""
        if role == "Artifact":
            self.ops += (b"/Artifact BMC", ops, b"EMC")
            return
        self.ops += (_opening(role, len(self.marks)), ops, b"EMC")
        self.marks.append(Mark(role, alt))

    def lines(self, placed: list[tuple[str, tuple[bytes, ...]]]) -> None:
        """Add the lines of a list, each in parts: each by itself, or all as one paragraph."""
        if self.by_line:
            for role, parts in placed:
                self.tagged(role, b" ".join(parts))
        elif placed:
            self.ops.append(_opening("P", len(self.marks)))
            for _, parts in placed:
                self.ops += parts
            self.ops.append(b"EMC")
            self.marks.append(Mark("P"))


@cache
def _opening(role: str, number: int) -> bytes:
    tag = "LBody" if role == "LI" else role
    return b"/%b<</MCID %d>>BDC" % (tag.encode(), number)
