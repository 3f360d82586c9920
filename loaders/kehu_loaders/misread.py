"""Tells from a header that cannot be right how the file was misread: another encoding, another delimiter."""

from collections.abc import Sequence
from pathlib import Path

from kehu.sources.source import Source

# Each reads most files of another kind without complaint, so the strictest comes first.
_ENCODINGS = ("utf-8", "gb18030", "utf-16", "big5")
_DELIMITERS = {",": '","', ";": '";"', "\t": "tab", "|": '"|"'}
_HEAD_BYTES = 65_536


def encoding_remedy(source: Source, file: Path) -> str:
    """How to mend the encoding: the one in which the file begins with the source's columns, where there is one."""
    found = _encoding_of(_wanted(source), file)
    if found:
        return f"the file is {found}: write 'read: {{encoding: {found}}}'"
    other = "gb18030" if source.options.encoding.startswith("utf-8") else "utf-8"
    return f"check 'format', and the encoding under 'read:', for example {{encoding: {other}}}"


def misread_remedy(header: Sequence[str], source: Source, file: Path) -> str:
    """How to read the file so that its header has every column of the source; '' when no other way does."""
    wanted = _wanted(source)
    if not wanted.isdisjoint(name.strip() for name in header):
        return ""
    for delimiter, shown in _DELIMITERS.items():
        if len(header) == 1 and wanted <= {name.strip(' "') for name in header[0].split(delimiter)}:
            return f"its cells are divided otherwise: write 'read: {{delimiter: {shown}}}'"
    return encoding_remedy(source, file) if _encoding_of(wanted, file) else ""


def _wanted(source: Source) -> set[str]:
    return {column.name for column in source.columns()}


def _encoding_of(wanted: set[str], file: Path) -> str:
    """'' also where the columns are plain ASCII, which tells nothing."""
    if all(map(str.isascii, wanted)):
        return ""
    with file.open("rb") as opened:
        head = opened.read(_HEAD_BYTES)
    for encoding in _ENCODINGS:
        text = head.decode(encoding, "ignore")
        if all(name in text for name in wanted):
            return encoding
    return ""
