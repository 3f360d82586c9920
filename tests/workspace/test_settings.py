"""kehu.toml and KEHU_* variables: what is read, and how mistakes are told."""

from pathlib import Path

import pytest

from kehu.model.problems import RefusedError
from kehu.workspace.settings import FILE_NAME, SETTINGS, read_settings

ROOT = Path(__file__).parents[2]


def write(folder: Path, text: str) -> Path:
    (folder / FILE_NAME).write_text(text, encoding="utf-8")
    return folder


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path, ""), {})
    assert (settings.currency, settings.timezone, settings.phone_region) == ("CNY", "Asia/Shanghai", "CN")
    assert (settings.clock, settings.rules, settings.name) == ("now", "default", tmp_path.name)
    assert settings.database_url == f"sqlite:///{tmp_path}/kehu.sqlite3"


def test_a_variable_wins_over_the_file(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path, 'currency = "CNY"'), {"KEHU_CURRENCY": "EUR", "HOME": "/"})
    assert settings.currency == "EUR"


@pytest.mark.parametrize(
    ("_case", "text", "environ", "expected"),
    [
        (
            "an unknown setting",
            '\ntimezon = "UTC"',
            {},
            "kehu.toml:2:1: error[unknown-setting]: unknown setting 'timezon' (did you mean 'timezone'?)",
        ),
        (
            "an unknown variable",
            "",
            {"KEHU_TIMEZON": "UTC"},
            (
                "$KEHU_TIMEZON:1:1: error[unknown-setting]: "
                "unknown variable 'KEHU_TIMEZON' (did you mean 'KEHU_TIMEZONE'?)"
            ),
        ),
        (
            "a zone that is none",
            'timezone = "Mars/Olympus"',
            {},
            (
                "kehu.toml:1:1: error[setting-value]: 'Mars/Olympus' is not a time zone "
                "(give an IANA name, such as Asia/Shanghai)"
            ),
        ),
        (
            "a currency that is none",
            'currency = "yuan"',
            {},
            "kehu.toml:1:1: error[setting-value]: 'yuan' is not a currency code (give three capitals, such as CNY)",
        ),
        (
            "a number",
            "currency = 7",
            {},
            "kehu.toml:1:1: error[setting-value]: 'currency' must be a text, not 7 (quote it)",
        ),
        (
            "a clock that is none",
            'clock = "latest"',
            {},
            "kehu.toml:1:1: error[setting-value]: 'latest' is not a clock (did you mean 'latest event'?)",
        ),
        (
            "seconds in words",
            'rules_reload_seconds = "2 s"',
            {},
            (
                "kehu.toml:1:1: error[setting-value]: '2 s' is not a number of seconds "
                "(give one such as 2, or 0 for never)"
            ),
        ),
        (
            "another database",
            'database_url = "mysql://x"',
            {},
            (
                "kehu.toml:1:1: error[setting-value]: this is not a database address Kehu knows "
                "(sqlite:///FILE or postgresql://HOST/NAME)"
            ),
        ),
        (
            "a port that is no number",
            'database_url = "postgresql://me@host:port/kehu"',
            {},
            (
                "kehu.toml:1:1: error[setting-value]: this is no whole database address "
                "(sqlite:///FILE or postgresql://HOST:PORT/NAME)"
            ),
        ),
        (
            "a database that ends with the command",
            'database_url = "sqlite:///:memory:"',
            {},
            (
                "kehu.toml:1:1: error[setting-value]: this is no whole database address "
                "(sqlite:///FILE or postgresql://HOST:PORT/NAME)"
            ),
        ),
        (
            "an engine that is none",
            'engine = "sparks"',
            {},
            "kehu.toml:1:1: error[setting-value]: 'sparks' is not an engine (did you mean 'spark'?)",
        ),
        (
            "a web address for Spark",
            'spark_url = "https://spark.example:15002"',
            {},
            "kehu.toml:1:1: error[setting-value]: this is no address of a Spark Connect server (give sc://HOST:PORT)",
        ),
        (
            "a Spark without a host",
            'spark_url = "sc://:15002"',
            {},
            "kehu.toml:1:1: error[setting-value]: this is no address of a Spark Connect server (give sc://HOST:PORT)",
        ),
        (
            "a share in per cent",
            '\n[guard]\nmax_change = "30%"',
            {},
            "kehu.toml:3:1: error[setting-value]: '30%' is not a share (give one such as 0.3, or 'off')",
        ),
        (
            "half a customer",
            "[guard]\nmin_members = 2.5",
            {},
            "kehu.toml:2:1: error[setting-value]: '2.5' is not a number of customers (give one such as 50)",
        ),
        (
            "a share below nothing",
            "guard_max_change = '-1'",
            {},
            "kehu.toml:1:1: error[setting-value]: '-1' is not a share (give one such as 0.3, or 'off')",
        ),
        (
            "an unknown setting in a table",
            "[guard]\nmaxchange = 0.3",
            {},
            (
                "kehu.toml:2:1: error[unknown-setting]: unknown setting 'guard_maxchange' "
                "(did you mean 'guard_max_change'?)"
            ),
        ),
        (
            "a yes for a share",
            "[guard]\nmax_change = true",
            {},
            "kehu.toml:2:1: error[setting-value]: 'guard_max_change' must be a text, not True (quote it)",
        ),
        (
            "a setting given twice",
            'name = "a"\nname = "b"',
            {},
            (
                "kehu.toml:2:1: error[settings-syntax]: not readable as TOML: Cannot overwrite a value "
                '(write each setting as name = "value")'
            ),
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(
    tmp_path: Path, _case: str, text: str, environ: dict[str, str], expected: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        read_settings(write(tmp_path, text), environ)
    assert str(caught.value).replace(f"{tmp_path}/", "") == expected


def test_a_byte_order_mark_before_the_settings_is_skipped(tmp_path: Path) -> None:
    assert read_settings(write(tmp_path, '\ufeffname = "顺达"'), {}).name == "顺达"


def test_settings_in_another_encoding_are_refused_with_their_place(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes('# 顺\nname = "顺达"'.encode("gb18030"))
    with pytest.raises(RefusedError) as caught:
        read_settings(tmp_path, {})
    told = str(caught.value).replace(f"{tmp_path}/", "")
    expected = r"kehu.toml:2:10: error[not-utf-8]: the file is not UTF-8: byte '\xb4' (save it as UTF-8 in the editor)"
    assert told == expected


@pytest.mark.parametrize(
    ("_case", "text", "expected"), [("the default", "", 2.0), ("never", 'x = "0"', 0.0), ("a part", 'x = "0.25"', 0.25)]
)
def test_the_seconds_between_two_looks_are_a_number(tmp_path: Path, _case: str, text: str, expected: float) -> None:
    assert read_settings(write(tmp_path, text.replace("x", "rules_reload_seconds")), {}).reload_seconds == expected


def test_a_relative_database_file_is_the_workspaces(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path, 'database_url = "sqlite:///state/kehu.db"'), {})
    assert settings.database_url == f"sqlite:///{tmp_path}/state/kehu.db"
    absolute = read_settings(tmp_path, {"KEHU_DATABASE_URL": "sqlite:////var/kehu.db"})
    assert absolute.database_url == "sqlite:////var/kehu.db"


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as caught:
        read_settings(write(tmp_path, 'clock = "x"\ncolour = "red"'), {"KEHU_X": "1"})
    assert len(caught.value.problems) == 3


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="not readable as TOML"):
        read_settings(write(tmp_path, "currency: CNY"), {})


def test_a_folder_without_settings_is_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"there is no workspace here .run 'kehu init DIR'"):
        read_settings(tmp_path, {})


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [setting.name for setting in SETTINGS if f"| `{setting.name}` |" not in page] == []
    assert [setting.name for setting in SETTINGS if setting.meaning not in page] == []


@pytest.mark.parametrize(
    ("_case", "text", "share", "members"),
    [
        ("the defaults", "", 0.3, 50),
        ("numbers in their table", "[guard]\nmax_change = 0.5\nmin_members = 10", 0.5, 10),
        ("texts in their table", '[guard]\nmax_change = "off"', None, 50),
        ("whole names", 'guard_max_change = "2"\nguard_min_members = "0"', 2.0, 0),
    ],
)
def test_the_guard_is_read(tmp_path: Path, _case: str, text: str, share: float | None, members: int) -> None:
    settings = read_settings(write(tmp_path, text), {})
    assert (settings.guard_share, settings.guard_members) == (share, members)
    assert read_settings(tmp_path, {"KEHU_GUARD_MAX_CHANGE": "0.1"}).guard_share == 0.1
