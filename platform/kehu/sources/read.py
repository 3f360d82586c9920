"""Reads and checks one sources/*.yaml file."""

import re
from collections.abc import Collection
from datetime import datetime
from hashlib import blake2b
from pathlib import PurePosixPath, PureWindowsPath
from zoneinfo import available_timezones

import polars as pl

from kehu.model.feature_types import Label
from kehu.model.problems import Place, Problem, did_you_mean
from kehu.model.yaml_nodes import Mapping, Node, Scalar, read_yaml
from kehu.sources.exported import read_exported
from kehu.sources.reading import Reading, read_columns, read_missing, read_scalars, read_text, read_word
from kehu.sources.records import read_records
from kehu.sources.source import ReadOptions, Source

SOURCE_KEYS: dict[str, str] = {
    "source": "the source's name: small letters, digits and _",
    "system": "the departmental system its keys belong to; default: the source's name",
    "label": "what users see, {en: ..., zh: ...}",
    "format": "how the files are written",
    "files": "one glob pattern, or a list, relative to the workspace",
    "exported": "the files' name, with directives for the date of the export",
    "read": "how to open the files",
    "timezone": "where the clocks that wrote its instants stand; default: the workspace's",
    "currency": "of its amounts; must be the workspace's",
    "key": "the column, or columns, that tell rows apart",
    "missing": "cells that mean unknown, in every column",
    "required": "columns whose cells must be known; a row without one is quarantined",
    "records": "what each row gives",
}

READ_KEYS: dict[str, tuple[str, ...]] = {
    "csv": ("encoding", "delimiter", "skip"),
    "excel": ("sheet", "skip"),
    "parquet": (),
    "sqlite": ("table", "query"),
}

ENCODINGS = (
    "utf-8", "utf-8-sig", "gb18030", "gbk", "gb2312", "big5",
    "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252",
)  # fmt: skip

_DIGITS_OF_LINES = 10
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def read_source(
    text: str, path: str, *, timezone: str, currency: str, formats: Collection[str]
) -> tuple[Source | None, list[Problem]]:
    """The source declared in `text`, and all that is wrong with it; None when it cannot be used.

    `timezone` and `currency` are the workspace's; `formats` are the names of the loaders at hand.
    """
    root, problems = read_yaml(text, path)
    if not isinstance(root, Mapping):
        if not problems:
            problems.append(Problem(Place(path), "bad-value", "a source is a mapping", "begin with 'source: <name>'"))
        return None, problems
    name = read_text(root.get("source"), "'source'", Reading("", ""))
    reading = Reading(read_text(root.get("system"), "'system'", Reading("", ""), default=name), currency, problems)
    source = Source(
        name=_name(root, "source", reading),
        system=_name(root, "system", reading) or name,
        label=_label(root.get("label"), name, reading),
        format=_format(root, formats, reading),
        files=_files(root.get("files"), reading),
        options=_options(root, reading),
        timezone=_timezone(root.get("timezone"), reading) or timezone,
        currency=_currency(root.get("currency"), reading),
        missing=read_missing(root.get("missing"), reading),
        required=() if root.get("required") is None else read_columns(root.get("required"), reading),
        records=read_records(root.get("records"), root.get("key"), reading),
        path=path,
        exported=read_exported(root.get("exported"), reading),
        digest=blake2b(text.encode(), digest_size=16).hexdigest(),
    )
    _check_root(root, reading)
    return (None if any(problem.severity == "error" for problem in problems) else source), problems


def _check_root(root: Mapping, reading: Reading) -> None:
    reading.check_keys(root, set(SOURCE_KEYS))
    for name in ("source", "format", "files", "records"):
        if name not in root.entries:
            reading.report(root.place, "missing-key", f"'{name}' is missing", f"add '{name}:', {SOURCE_KEYS[name]}")


def _name(root: Mapping, key: str, reading: Reading) -> str:
    name = read_text(root.get(key), f"'{key}'", reading)
    if name and not _NAME.fullmatch(name):
        remedy = "use small letters, digits and _, beginning with a letter"
        reading.report(root.entries[key].place, "bad-value", f"'{name}' is not a name", remedy)
    return name


def _label(node: Node | None, name: str, reading: Reading) -> Label:
    if node is None:
        return Label(name, name)
    if not isinstance(node, Mapping):
        reading.report(node.place, "bad-value", "a label has two languages", "write {en: Waybills, zh: 运单}")
        return Label(name, name)
    reading.check_keys(node, {"en", "zh"})
    for language in ("en", "zh"):
        if language not in node.entries:
            reading.report(node.place, "missing-key", f"the label lacks '{language}'", f"add '{language}: ...'")
    return Label(read_text(node.get("en"), "'en'", reading), read_text(node.get("zh"), "'zh'", reading))


def _format(root: Mapping, formats: Collection[str], reading: Reading) -> str:
    name = read_text(root.get("format"), "'format'", reading)
    if name and name not in formats:
        place = root.entries["format"].place
        reading.report(place, "unknown-format", f"no loader reads '{name}'", did_you_mean(name, formats))
    return name


def _files(node: Node | None, reading: Reading) -> tuple[str, ...]:
    scalars = read_scalars(node, "'files'", reading)
    if node is not None and not scalars:
        reading.report(node.place, "bad-files", "no files are named", "for example data/tms/*.csv")
    for scalar in scalars:
        path = PurePosixPath(scalar.text)
        if any("**" in part and part != "**" for part in path.parts):
            remedy = "'**' stands for folders: write it alone between two '/'"
            reading.report(scalar.place, "bad-files", f"'{scalar.text}' is no pattern", remedy)
        elif not path.parts or path.is_absolute() or PureWindowsPath(scalar.text).drive or ".." in path.parts:
            reading.report(
                scalar.place,
                "bad-files",
                f"'{scalar.text}' is not a path inside the workspace",
                "write it relative to the workspace, for example data/tms/*.csv",
            )
    return tuple(scalar.text for scalar in scalars)


def _options(root: Mapping, reading: Reading) -> ReadOptions:
    node = root.get("read")
    if node is None:
        return ReadOptions()
    if not isinstance(node, Mapping):
        reading.report(node.place, "bad-value", "'read' is a mapping", "for example {encoding: gb18030}")
        return ReadOptions()
    every = {name for names in READ_KEYS.values() for name in names}
    form = root.get("format")
    reading.check_keys(node, set(READ_KEYS.get(form.text, every) if isinstance(form, Scalar) else every))
    if "table" in node.entries and "query" in node.entries:
        reading.report(node.keys["query"].place, "bad-value", "'table' and 'query' exclude each other", "keep one")
    return ReadOptions(
        encoding=read_word(node.get("encoding"), ENCODINGS, "'encoding'", reading) or "utf-8",
        delimiter=_delimiter(node.get("delimiter"), reading),
        skip=_skip(node.get("skip"), reading),
        sheets=tuple(scalar.text for scalar in read_scalars(node.get("sheet"), "'sheet'", reading)),
        table=read_text(node.get("table"), "'table'", reading),
        query=read_text(node.get("query"), "'query'", reading),
    )


def _delimiter(node: Node | None, reading: Reading) -> str:
    text = read_text(node, "'delimiter'", reading, default=",")
    delimiter = "\t" if text in {"tab", "\\t"} else text
    if node is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        reading.report(
            node.place, "bad-value", f"'{text}' is not a delimiter", 'write one character, such as ";", or tab'
        )
        return ","
    return delimiter


def _skip(node: Node | None, reading: Reading) -> int:
    text = read_text(node, "'skip'", reading, default="0")
    if text.isdecimal() and len(text) < _DIGITS_OF_LINES:
        return int(text)
    if node is not None:
        reading.report(
            node.place, "bad-value", f"'{text}' is not a number of lines", "write how many stand above the header"
        )
    return 0


def _timezone(node: Node | None, reading: Reading) -> str:
    name = read_text(node, "'timezone'", reading)
    if node is not None and name and not _is_timezone(name):
        remedy = did_you_mean(name, available_timezones()) or "for example Asia/Shanghai"
        reading.report(node.place, "unknown-timezone", f"no time zone is called '{name}'", remedy)
    return name


def _is_timezone(name: str) -> bool:
    try:
        pl.select(pl.lit(datetime(2024, 1, 1)).dt.replace_time_zone(name))  # noqa: DTZ001 - the zone is what is tried
    except pl.exceptions.ComputeError:
        return False
    return True


def _currency(node: Node | None, reading: Reading) -> str:
    name = read_text(node, "'currency'", reading)
    if node is not None and name and name != reading.currency:
        reading.report(
            node.place,
            "other-currency",
            f"the source is in '{name}', the workspace in '{reading.currency}'",
            "amounts of two currencies cannot be added: convert the export, or give it a workspace of its own",
        )
    return reading.currency
