"""A workspace's settings: kehu.toml, then KEHU_* variables; unknown names are refused with the nearest."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kehu.model.problems import Place, Problem, did_you_mean, refuse_errors
from kehu.workspace.documents import DOCUMENT_MODES
from kehu.workspace.texts import read_texts

CLOCKS = ("now", "latest event")
ENGINES = ("polars", "spark")
API_CHANGES = ("local", "on", "off")
FILE_NAME = "kehu.toml"


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of the settings table: where it stands, its default, and a sentence."""

    name: str
    default: str
    meaning: str


SETTINGS: tuple[Setting, ...] = (
    Setting("name", "", "What the workspace is called on screens; the folder's name by default."),
    Setting("currency", "CNY", "ISO 4217 code of the one currency amounts are kept in."),
    Setting("timezone", "Asia/Shanghai", "IANA zone of local times in sources that name no zone of their own."),
    Setting("phone_region", "CN", "ISO 3166 code of the country that phone numbers without a prefix belong to."),
    Setting("clock", "now", "'now', or 'latest event' so that a run over historic data pretends to be then."),
    Setting("rules", "default", "'default' lays rules/ over the shipped rule files; 'own' reads rules/ alone."),
    Setting("rules_reload_seconds", "2", "Seconds between two looks at rules/ by a server; 0: it looks only once."),
    Setting("guard_max_change", "0.3", "Share by which a level may grow or shrink in one run unconfirmed; or 'off'."),
    Setting("guard_min_members", "50", "Levels with fewer customers than this, before and after, never hold a run."),
    Setting("database_url", "", "sqlite:///… or postgresql://…; an SQLite file is looked for from the workspace."),
    Setting("engine", "polars", "'polars' computes a run on this machine, 'spark' on an Apache Spark."),
    Setting("spark_url", "", "sc://HOST:PORT of a Spark Connect server."),
    Setting(
        "api_changes",
        "local",
        "'on' or 'off': whether the server takes changes; 'local': where only this machine asks.",
    ),
    Setting("api_discovery", "on", "'off' hides the schema: no query page, no introspection, no hints, no GET."),
    Setting("api_timeout_seconds", "30", "Seconds after which a query is ended, in the database too; 0: never."),
    Setting(
        "trusted_documents",
        "off",
        "'also' takes documents by name or hash, beside free text; 'only' takes no other; 'off' takes free text.",
    ),
    Setting("trusted_documents_path", "documents", "Their folder or manifest, looked for from the workspace."),
    Setting("spark_folder", "", "Folder or address, such as s3://…, that both Kehu and Spark see under this name."),
)
_CHOICES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "clock": ("a clock", CLOCKS),
    "rules": ("a rule base", ("default", "own")),
    "engine": ("an engine", ENGINES),
    "api_changes": ("a choice", API_CHANGES),
    "api_discovery": ("a choice", ("on", "off")),
    "trusted_documents": ("a choice", DOCUMENT_MODES),
}
_BY_NAME = {setting.name: setting for setting in SETTINGS}
_PREFIX = "KEHU_"
_NUMBER = re.compile(r"\d{1,6}(\.\d{1,3})?", re.ASCII)
_COUNT = re.compile(r"\d{1,9}", re.ASCII)
# [guard] max_change = 0.3 in kehu.toml is the setting guard_max_change.
_TABLES = ("guard",)
# Variables that the command itself reads; see the command line's own page.
_OTHER_VARIABLES = {"KEHU_WORKSPACE"}


@dataclass(frozen=True, slots=True)
class Settings:
    """Read once and passed as a value; see SETTINGS for what each means."""

    name: str
    currency: str
    timezone: str
    phone_region: str
    clock: str
    rules: str
    rules_reload_seconds: str
    guard_max_change: str
    guard_min_members: str
    database_url: str
    engine: str
    spark_url: str
    spark_folder: str
    api_changes: str
    api_discovery: str
    api_timeout_seconds: str
    trusted_documents: str
    trusted_documents_path: str

    @property
    def guard_share(self) -> float | None:
        """`guard_max_change` as a number; None when it is off."""
        return None if self.guard_max_change == "off" else float(self.guard_max_change)

    @property
    def guard_members(self) -> int:
        """`guard_min_members` as a number."""
        return int(self.guard_min_members)

    @property
    def timeout_seconds(self) -> float:
        """`api_timeout_seconds` as a number."""
        return float(self.api_timeout_seconds)

    @property
    def reload_seconds(self) -> float:
        """`rules_reload_seconds` as a number."""
        return float(self.rules_reload_seconds)


def read_settings(root: Path, environ: Mapping[str, str]) -> Settings:
    """The settings of the workspace in `root`.

    Raises RefusedError with every problem of the file and of the KEHU_* variables.
    """
    path = root / FILE_NAME
    given, problems = _from_file(path)
    problems += _from_environment(environ, given)
    values = {setting.name: given.get(setting.name, (setting.default, Place(str(path))))[0] for setting in SETTINGS}
    values["name"] = values["name"] or root.resolve().name
    values["database_url"] = _inside(root.resolve(), values["database_url"] or "sqlite:///kehu.sqlite3")
    for name, (text, place) in given.items():
        problems += _value_problems(name, text, place)
    refuse_errors(problems)
    return Settings(**{field.name: values[field.name] for field in fields(Settings)})


def _from_file(path: Path) -> tuple[dict[str, tuple[str, Place]], list[Problem]]:
    if not path.is_file():
        remedy = "run 'kehu init DIR' to make a workspace, or give its folder with --workspace"
        return {}, [Problem(Place(str(path)), "no-workspace", "there is no workspace here", remedy)]
    text = read_texts({str(path): path})[str(path)]
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return {}, [_syntax_problem(str(error), text, path)]
    given: dict[str, tuple[str, Place]] = {}
    problems: list[Problem] = []
    for written, name, value in _entries(table):
        place = _place_of(written, text, path)
        if name not in _BY_NAME:
            remedy = did_you_mean(name, _BY_NAME)
            problems.append(Problem(place, "unknown-setting", f"unknown setting '{name}'", remedy))
        elif not isinstance(value, str):
            problems.append(Problem(place, "setting-value", f"'{name}' must be a text, not {value!r}", "quote it"))
        else:
            given[name] = (value, place)
    return given, problems


def _entries(table: Mapping[str, object]) -> Iterator[tuple[str, str, object]]:
    """Each setting's name as written, its whole name and its value; in our tables numbers may stand bare."""
    for name, value in table.items():
        if name in _TABLES and isinstance(value, dict):
            for key, inner in value.items():
                bare = isinstance(inner, (int, float)) and not isinstance(inner, bool)
                yield key, f"{name}_{key}", str(inner) if bare else inner
        else:
            yield name, name, value


def _syntax_problem(said: str, text: str, path: Path) -> Problem:
    what, _, where = said.partition(" (at ")
    # "line 2, column 9" or "end of document".
    line, column = [int(number) for number in re.findall(r"\d+", where)] or (len(text.splitlines()), 1)
    remedy = 'write each setting as name = "value"'
    return Problem(Place(str(path), line, column), "settings-syntax", f"not readable as TOML: {what}", remedy)


def _from_environment(environ: Mapping[str, str], given: dict[str, tuple[str, Place]]) -> list[Problem]:
    problems = []
    for variable, value in environ.items():
        if not variable.startswith(_PREFIX) or variable in _OTHER_VARIABLES:
            continue
        name = variable.removeprefix(_PREFIX).lower()
        if name in _BY_NAME:
            given[name] = (value, Place(f"${variable}"))
        else:
            remedy = did_you_mean(variable, {_PREFIX + known.upper() for known in _BY_NAME})
            problems.append(Problem(Place(f"${variable}"), "unknown-setting", f"unknown variable '{variable}'", remedy))
    return problems


def _value_problems(name: str, text: str, place: Place) -> list[Problem]:
    message, remedy = "", ""
    match name:
        case "currency" if not re.fullmatch("[A-Z]{3}", text):
            message, remedy = f"'{text}' is not a currency code", "give three capitals, such as CNY"
        case "phone_region" if not re.fullmatch("[A-Z]{2}", text):
            message, remedy = f"'{text}' is not a country code", "give two capitals, such as CN"
        case "clock" | "rules" | "engine" | "api_changes" | "api_discovery" | "trusted_documents" if (
            text not in _CHOICES[name][1]
        ):
            noun, choices = _CHOICES[name]
            message, remedy = f"'{text}' is not {noun}", did_you_mean(text, choices)
        case "rules_reload_seconds" | "api_timeout_seconds" if not _NUMBER.fullmatch(text):
            message, remedy = f"'{text}' is not a number of seconds", "give one such as 2, or 0 for never"
        case "guard_max_change" if not is_guard(text):
            message, remedy = f"'{text}' is not a share", "give one such as 0.3, or 'off'"
        case "guard_min_members" if not _COUNT.fullmatch(text):
            message, remedy = f"'{text}' is not a number of customers", "give one such as 50"
        case "database_url" if text and not text.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            message, remedy = "this is not a database address Kehu knows", "sqlite:///FILE or postgresql://HOST/NAME"
        case "database_url" if text and not _is_address(text):
            message, remedy = "this is no whole database address", "sqlite:///FILE or postgresql://HOST:PORT/NAME"
        case "spark_url" if text and not is_spark(text):
            message, remedy = "this is no address of a Spark Connect server", "give sc://HOST:PORT"
        case "timezone" if not _is_zone(text):
            message, remedy = f"'{text}' is not a time zone", "give an IANA name, such as Asia/Shanghai"
    return [Problem(place, "setting-value", message, remedy)] if message else []


def is_guard(text: str) -> bool:
    """Whether it is a share such as 0.3 or 2 (twice as many again), or 'off'."""
    return text == "off" or _NUMBER.fullmatch(text) is not None


def is_spark(url: str) -> bool:
    """Whether it is sc://HOST or sc://HOST:PORT, with parameters after '/;' perhaps."""
    try:
        parts = urlsplit(url)
        return parts.scheme == "sc" and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _is_address(url: str) -> bool:
    """False for a port that is no number, brackets left open, and an SQLite database that nobody could find again."""
    try:
        parts = urlsplit(url)
        named = parts.port is None or parts.port >= 0
    except ValueError:
        return False
    return named and not (parts.scheme == "sqlite" and parts.path in {"", "/", "/:memory:"})


def _inside(root: Path, url: str) -> str:
    """A relative SQLite file is the workspace's, wherever the command is run from."""
    file = url.removeprefix("sqlite:///")
    return url if file == url else f"sqlite:///{root / file}"


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _place_of(name: str, text: str, path: Path) -> Place:
    for number, line in enumerate(text.splitlines(), start=1):
        if re.match(rf"\s*\"?{re.escape(name)}\b", line):
            return Place(str(path), number, len(line) - len(line.lstrip()) + 1)
    return Place(str(path))
