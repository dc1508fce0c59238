"""A painted page: its content and the marks that tie the content to the structure tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from service.engine.render.plans import Drawn


class Run:
    """Texts that stand together and are the same on many lists, each an element of its own."""

    __slots__ = ("_made", "_parts", "roles")

    def __init__(self, parts: Sequence[tuple[str, bytes]]) -> None:
        self._parts = parts
        self._made: dict[int, bytes] = {}
        self.roles = tuple(role for role, _ in parts if role != "Artifact")

    def at(self, first: int) -> bytes:
        """The content when `first` is the number of its first element on the page."""
        made = self._made.get(first)
        if made is None:
            sheet = Sheet(0, by_line=False, roles=[""] * first)
            for role, ops in self._parts:
                sheet.tagged(role, ops)
            made = self._made[first] = b"\n".join(sheet.ops)
        return made


class Column(NamedTuple):
    """Lines one after another: each leaves the origin where the next one starts.

    `start` saves the state and moves to the top; a mere move among `ops` has an empty role.
    """

    start: bytes
    roles: Sequence[str]
    ops: Sequence[bytes]


@dataclass(slots=True)
class Sheet:
    """One page under construction."""

    number: int
    by_line: bool
    """Whether every line of a list is an element of its own, or the lines together are one."""
    ops: list[bytes] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    """The structure type of each piece of tagged content, in reading order."""
    alts: dict[int, str] = field(default_factory=dict)
    """What figures say in words, by their place among `roles`."""

    def tagged(self, role: str, ops: bytes, alt: str = "") -> None:
        """Add content as a structure element's, or as an artifact."""
        if role == "Artifact":
            self.ops += (b"/Artifact BMC", ops, b"EMC")
            return
        roles = self.roles
        if alt:
            self.alts[len(roles)] = alt
        self.ops += (_opening(role, len(roles)), ops, b"EMC")
        roles.append(role)

    def still(self, run: Run) -> None:
        """Add a run of texts that many lists share."""
        self.ops.append(run.at(len(self.roles)))
        self.roles += run.roles

    def lines(self, columns: Sequence[Column]) -> None:
        """Add lines in columns: each by itself, or all together as one paragraph."""
        if self.by_line:
            for column in columns:
                self.ops.append(column.start)
                for role, ops in zip(column.roles, column.ops, strict=True):
                    if role:
                        self.tagged(role, ops)
                    else:
                        self.ops.append(ops)
                self.ops.append(b"Q")
        elif columns:
            self.ops.append(_opening("P", len(self.roles)))
            for column in columns:
                self.ops.append(column.start)
                self.ops += column.ops
                self.ops.append(b"Q")
            self.ops.append(b"EMC")
            self.roles.append("P")


class Painted(NamedTuple):
    """The pages of one piece, and what they may draw by name, some of it more than once.

    `name` is what the file calls the piece.
    """

    sheets: list[Sheet]
    drawn: list[Drawn]
    language: str
    name: str


@cache
def _opening(role: str, number: int) -> bytes:
    tag = "LBody" if role == "LI" else role
    return b"/%b<</MCID %d>>BDC" % (tag.encode(), number)
