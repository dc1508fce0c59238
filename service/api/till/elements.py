"""The elements of a JSON array one by one, without parsing them.

A parser written in C lets no other thread run until it has read the whole text: 62 MiB kept every
till waiting for nine seconds. Here nothing takes longer than reading `_AT_ONCE` bytes.
"""

import re
from collections.abc import Iterator

_AT_ONCE = 65_536
_FEW, _LEAST_BYTES = 1000, 16
"""So many brackets are nothing; beyond them each has its share of the text.

A line of a sale has two in some 90 bytes. To walk through 16 MiB of them would take half a minute.
"""
_BETWEEN = re.compile(rb'["\[\]{},]')
_WITHIN = re.compile(rb'["\[\]{}]')
# All up to the next bracket; a text that goes on beyond what is looked at is left.
_SKIPPED = re.compile(rb'(?:[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")++', re.DOTALL)
_IN_TEXT = re.compile(rb'(?:[^"\\]++|\\.)++', re.DOTALL)
_ENDLESS = "the array does not end"
_BLANK = b" \t\r\n"
_NO_BLANK = re.compile(rb"[^ \t\r\n]")


def elements(text: bytes) -> Iterator[bytes | memoryview]:
    """What lies between the commas of an array, each as it stands there; a long one not copied.

    Whether an element is JSON is for its reader to find out. Raises ValueError where no array ends,
    and for more brackets than sales have.
    """
    brackets = _FEW + len(text) // _LEAST_BYTES
    at = start = _next(_BETWEEN, text, 0) + 1
    depth, is_empty = 1, True
    if after_blanks(text, 0, start) != start - 1 or text[start - 1 : start] != b"[":
        raise ValueError("no array begins here")
    while depth:
        if depth > 1 and (skipped := _SKIPPED.match(text, at, at + _AT_ONCE)):
            at = skipped.end()
        at = _next(_BETWEEN if depth == 1 else _WITHIN, text, at)
        mark = text[at : at + 1]
        at += 1
        if mark == b'"':
            at = _end_of_text(text, at)
        elif mark != b",":
            depth += 1 if mark in b"[{" else -1
            brackets -= 1
            if brackets < 0:
                raise ValueError("the array has more parts than any sales")
        if depth == 0 or (mark == b"," and depth == 1):
            element = cut(text, start, at - 1)
            if not element and not (depth == 0 and is_empty):
                raise ValueError("an element is missing")
            if element:
                yield element
            start, is_empty = at, False
    if after_blanks(text, at, len(text)) < len(text):
        raise ValueError("something comes after the array")


def cut(text: bytes, start: int, end: int) -> bytes | memoryview:
    """A part of a text without the blanks around it; of a long one those behind it stay."""
    start = after_blanks(text, start, end)
    if end - start > _AT_ONCE:
        return memoryview(text)[start:end]
    return text[start:end].rstrip(_BLANK)


def after_blanks(text: bytes, start: int, end: int) -> int:
    """Where a part of a text has something else than blanks first, or its end."""
    while start < end:
        found = _NO_BLANK.search(text, start, min(start + _AT_ONCE, end))
        if found is not None:
            return found.start()
        start += _AT_ONCE
    return end


def _end_of_text(text: bytes, at: int) -> int:
    """The place after the quotation mark that ends a text begun before `at`."""
    while at < len(text):
        if inner := _IN_TEXT.match(text, at, at + _AT_ONCE):
            at = inner.end()
        mark = text[at : at + 1]
        if mark == b'"':
            return at + 1
        # What is looked at ends here, perhaps between a backslash and its letter.
        at += 2 if mark == b"\\" else 0
    raise ValueError(_ENDLESS)


def _next(marks: re.Pattern[bytes], text: bytes, at: int) -> int:
    """Where the next mark is, looked for in parts."""
    while at < len(text):
        found = marks.search(text, at, at + _AT_ONCE)
        if found is not None:
            return found.start()
        at += _AT_ONCE
    raise ValueError(_ENDLESS)
