"""Where a character of a YAML value stands in its file, whatever the value's layout."""

import re
from collections.abc import Iterator
from functools import lru_cache

from kehu.model.problems import Place
from kehu.model.yaml_nodes import Scalar

_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_FOLD = re.compile(r"[ \t]*(?:\r\n|[\n\r\x85\u2028\u2029])(?:[ \t]*(?:\r\n|[\n\r\x85\u2028\u2029]))*[ \t]*")
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\r\n|.)", re.DOTALL)
_HEADER = re.compile(r"[|>](?P<signs>[0-9+-]*)[^\r\n]*(?:\r\n|[\n\r]|\Z)")


def scalar_place(scalar: Scalar, source: str, offset: int) -> Place:
    """The place in the file `source` of the character at `offset` in the scalar's text.

    An offset past the end is the place behind the last character.
    """
    offsets = _offsets(source, scalar.start, scalar.end, scalar.style, scalar.text)
    at = offsets[min(max(offset, 0), len(offsets) - 1)]
    breaks = [found.end() for found in _BREAK.finditer(source, scalar.start, at) if found.end() <= at]
    if not breaks:
        return Place(scalar.place.path, scalar.place.line, scalar.place.column + at - scalar.start)
    return Place(scalar.place.path, scalar.place.line + len(breaks), at - breaks[-1] + 1)


@lru_cache(maxsize=256)
def _offsets(source: str, start: int, end: int, style: str | None, text: str) -> tuple[int, ...]:
    """The file offset of each character of the text, and of its end."""
    body = source[start:end]
    found = list(_block(body, text) if style in {"|", ">"} else _flow(body, style, text))
    last = found[-1] + 1 if found else (1 if style in {"'", '"'} else 0)
    return tuple(start + at for at in [*found, last])


def _flow(body: str, style: str | None, text: str) -> Iterator[int]:
    """Plain and quoted values: escapes stand for one character, line breaks fold to a space or fewer breaks."""
    at, done = (1 if style in {"'", '"'} else 0), 0
    while done < len(text):
        fold = _FOLD.match(body, at)
        escape = _ESCAPE.match(body, at) if style == '"' else None
        if fold:
            folded = _folded(fold[0])
            yield from [at] * len(folded)
            at, done = fold.end(), done + len(folded)
        elif escape and _BREAK.search(escape[0]):
            # an escaped line break joins the lines without a space
            at = escape.end() + len(body[escape.end() :]) - len(body[escape.end() :].lstrip(" \t"))
        else:
            yield at
            at = escape.end() if escape else at + (2 if style == "'" and body.startswith("''", at) else 1)
            done += 1


def _folded(run: str) -> str:
    breaks = len(_BREAK.findall(run))
    return " " if breaks == 1 else "\n" * (breaks - 1)


def _block(body: str, text: str) -> Iterator[int]:
    """`|` and `>`: each line of the file gives its characters behind the indentation; breaks between are as folded."""
    header = _HEADER.match(body)
    lines = list(_lines(body, header.end() if header else 0))
    indent = _indent(body, lines, header["signs"] if header else "")
    done = 0
    for start, end in lines:
        content = start + indent
        if content >= end:
            continue
        while done < len(text) and text[done] in "\n " and text[done] != body[content]:
            yield content
            done += 1
        for at in range(content, end):
            if done == len(text):
                return
            yield at
            done += 1
    yield from [len(body.rstrip("\r\n"))] * (len(text) - done)


def _lines(body: str, start: int) -> Iterator[tuple[int, int]]:
    for found in _BREAK.finditer(body, start):
        yield start, found.start()
        start = found.end()
    yield start, len(body)


def _indent(body: str, lines: list[tuple[int, int]], signs: str) -> int:
    """Columns of indentation: the least of the lines; with an indentation sign the first line's may be larger."""
    widths = [
        len(body[start:end]) - len(body[start:end].lstrip(" ")) for start, end in lines if body[start:end].strip()
    ]
    if not widths:
        return 0
    return min(widths) if any(sign.isdigit() for sign in signs) else widths[0]
