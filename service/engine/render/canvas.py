"""A page under construction: its content, tagged for the structure tree of the PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from service.engine.render.contents import Content


class TextRun:
    """Consecutive texts that are the same on many lists; each is a structure element."""

    __slots__ = ("_cache", "_parts", "begins_with_paragraph", "ends_in_paragraph", "roles")

    def __init__(self, parts: Sequence[tuple[str, bytes]]) -> None:
        self._parts = parts
        self._cache: dict[tuple[int, bool], bytes] = {}
        self.roles = tuple(role for role, _ in parts if role != "Artifact")
        self.begins_with_paragraph = parts[0][0] == "P"
        self.ends_in_paragraph = parts[-1][0] == "P"

    def at(self, first: int, *, goes_on: bool = False) -> bytes:
        """The content, with `first` as the number of its first structure element on the page.

        If it `goes_on` with a paragraph, its first part is in that one. The end of a paragraph at
        its own end is left out.
        """
        made = self._cache.get((first, goes_on))
        if made is None:
            canvas = Canvas(0, by_line=False, roles=[""] * first)
            for place, (role, ops) in enumerate(self._parts):
                if place or not goes_on:
                    canvas.in_paragraph = False
                    canvas.add_tagged(role, ops)
                else:
                    canvas.ops += (ops, b"EMC")
            whole = canvas.ops[:-1] if self.ends_in_paragraph else canvas.ops
            made = self._cache[first, goes_on] = b"\n".join(whole)
        return made


class LayoutColumn(NamedTuple):
    """The lines of a column on the page. Each leaves the origin where the next one starts.

    `start` saves the graphics state and moves to the top. Operators that only move have an empty
    role.
    """

    start: bytes
    roles: Sequence[str]
    ops: Sequence[bytes]


@dataclass(slots=True)
class Canvas:
    """The content of one page so far."""

    number: int
    by_line: bool
    """Whether each line of a list is a structure element; else all lines together are one."""
    ops: list[bytes] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    """The structure type of each piece of tagged content, in reading order."""
    alts: dict[int, str] = field(default_factory=dict)
    """The alternative texts of figures, by their index in `roles`."""
    in_paragraph: bool = False
    """Whether the content ends in a paragraph that goes on with the next one."""

    def add_tagged(self, role: str, ops: bytes, alt: str = "") -> None:
        """Add content as a structure element, or as an artifact."""
        if role == "Artifact":
            self.in_paragraph = False
            self.ops += (b"/Artifact BMC", ops, b"EMC")
            return
        is_paragraph = role == "P" and not self.by_line
        if is_paragraph and self.in_paragraph:
            self.ops[-1:] = [ops, b"EMC"]
            return
        self.in_paragraph = is_paragraph
        roles = self.roles
        if alt:
            self.alts[len(roles)] = alt
        self.ops += (_marked_start(role, len(roles)), ops, b"EMC")
        roles.append(role)

    def add_shared(self, run: TextRun) -> None:
        """Add a run of texts that many lists share."""
        roles = self.roles
        if self.in_paragraph and run.begins_with_paragraph:
            self.ops[-1] = run.at(len(roles), goes_on=True)
            roles += run.roles[1:]
        else:
            self.ops.append(run.at(len(roles)))
            roles += run.roles
        if run.ends_in_paragraph:
            self.ops.append(b"EMC")
            self.in_paragraph = not self.by_line
        else:
            self.in_paragraph = False

    def add_columns(self, columns: Sequence[LayoutColumn]) -> None:
        """Add lines in columns, each as a structure element or all together as one paragraph."""
        if self.by_line:
            for column in columns:
                self.ops.append(column.start)
                for role, ops in zip(column.roles, column.ops, strict=True):
                    if role:
                        self.add_tagged(role, ops)
                    else:
                        self.ops.append(ops)
                self.ops.append(b"Q")
        elif columns:
            lines = self.ops
            if self.in_paragraph:
                del lines[-1]
            else:
                lines.append(_marked_start("P", len(self.roles)))
                self.roles.append("P")
                self.in_paragraph = True
            for start, _, drawn in columns:
                lines.append(start)
                lines += drawn
                lines.append(b"Q")
            lines.append(b"EMC")


class PaintedPiece(NamedTuple):
    """The pages of one piece.

    `contents` is what they may draw by name, possibly with repetitions. `name` identifies the piece
    in the structure tree of the file.
    """

    canvases: list[Canvas]
    contents: list[Content]
    language: str
    name: str


@cache
def _marked_start(role: str, number: int) -> bytes:
    tag = "LBody" if role == "LI" else role
    return b"/%b<</MCID %d>>BDC" % (tag.encode(), number)
