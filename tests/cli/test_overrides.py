"""The commands by which people decide against the rules: what they print, how they end."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

Kehu = Callable[..., tuple[int, str, str]]

SOURCE = """
source: waybills
format: csv
files: data/waybills.csv
key: number
records:
  - shipment:
      number: number
      payer: {key: account, name: name}
      accepted_at: day
"""
ROWS = "number,account,name,day\n1,A1,顺达物流有限公司,2026-01-01\n2,A2,捷通公司,2026-02-01\n"
SHIPPED = """
shipped: {count: shipments, over: 30 days, unit: shipments, label: {en: Shipped, zh: 发货}, meaning: of 30 days}
"""
TIER = """
ruleset: tier
kind: tier
label: {en: Tier, zh: 等级}
levels:
  - {level: vip, label: {en: VIP, zh: 贵宾}, when: shipped > 9}
  - {level: rest, label: {en: Rest, zh: 其他}, otherwise: true}
examples:
  - {given: {shipped: 10}, expect: vip}
  - {given: {shipped: 9}, expect: rest}
"""
CHURN = """
ruleset: churn
kind: warning
label: {en: Churn, zh: 流失}
warnings:
  - warning: silent
    label: {en: Silent, zh: 久未发货}
    when: shipped == 0
    severity: low
    route: [sales]
    reason: nothing shipped
examples:
  - {given: {shipped: 0}, expect: [silent]}
  - {given: {shipped: 1}, expect: []}
"""
FILES = {
    "kehu.toml": 'clock = "latest event"\ntimezone = "Asia/Shanghai"\nrules = "own"\n',
    "sources/waybills.yaml": SOURCE,
    "data/waybills.csv": ROWS,
    "rules/features/shipped.yaml": SHIPPED,
    "rules/tier.yaml": TIER,
    "rules/churn.yaml": CHURN,
}
MADE = """\
override 1: 顺达物流有限公司 ({uid}), include tier:vip from 2026-01-31 16:00:00 UTC until 2026-05-01 16:00:00 UTC
1 override written; effective with the next run: kehu resegment
"""
ENDED = """\
override 1 ended: 顺达物流有限公司 ({uid}), include tier:vip; effective with the next run: kehu resegment
"""
WRONG = """\
--for:1:1: error[duration]: '3 moons' is no length of time \
(write a whole number and minutes, hours, days or weeks: '90 days')
--from:1:1: error[instant]: 'soon' is not an instant (write 2014-06-30 or 2014-06-30T18:00:00+08:00)
--reason:1:1: error[no-reason]: there is no reason (say why, for those who ask later)
CUSTOMER:1:1: error[unknown-customer]: nobody is known by 'A9' \
(give a uid, an account or tax code, a phone, an e-mail or the whole name)
RULESET:LEVEL:1:1: error[unknown-ruleset]: no rule set 'teir' (did you mean 'tier'?)
5 errors
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of two customers, not loaded yet."""
    root = tmp_path_factory.mktemp("template")
    for path, content in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")
    return root


@pytest.fixture
def loaded(template: Path, tmp_path: Path, kehu: Kehu, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workspace loaded; loading it once is enough."""
    if not (template / "kehu.sqlite3").exists():
        assert kehu("load", "-w", template)[0] == 0
    monkeypatch.setenv("COLUMNS", "160")
    root: Path = shutil.copytree(template, tmp_path / "loaded")
    monkeypatch.setenv("KEHU_WORKSPACE", str(root))
    return root


def uid_of(kehu: Kehu) -> str:
    """The uid of the first override's customer."""
    uid: str = json.loads(kehu("overrides", "list", "--all", "--json")[1])["overrides"][0]["customer"]["uid"]
    return uid


def test_an_override_is_made_listed_and_ended(loaded: Path, kehu: Kehu) -> None:
    words = ("--reason", "framework contract", "--author", "ann", "--from", "2026-02-01", "--for", "90 days")
    code, out, err = kehu("overrides", "include", "A1", "tier:vip", *words)
    assert (code, out, err) == (0, MADE.format(uid=uid_of(kehu)), "")
    code, out, _ = kehu("overrides", "list", "--customer", "A1", "--ruleset", "tier")
    assert code == 0
    row = next(line for line in out.splitlines() if "framework" in line)
    assert [cell.strip() for cell in row.split("│")[1:-1]] == [
        "1",
        "顺达物流有限公司",
        "tier:vip",
        "include",
        "active",
        "2026-01-31 16:00:00",
        "2026-05-01 16:00:00",
        "ann",
        "framework contract",
    ]
    code, out, _ = kehu("overrides", "end", "1", "--reason", "cancelled", "--author", "bo")
    assert (code, out) == (0, ENDED.format(uid=uid_of(kehu)))
    assert kehu("overrides", "list")[1].startswith("no override; ")
    assert "framework contract (ended by bo: cancelled)" in kehu("overrides", "list", "--all")[1]


def test_a_dry_run_writes_nothing(loaded: Path, kehu: Kehu) -> None:
    asked = ("overrides", "exclude", "A2", "churn:silent", "--reason", "works", "--until", "2026-12-31", "--dry-run")
    code, out, _ = kehu(*asked)
    assert code == 0
    assert out.endswith("exclude churn:silent until 2026-12-31 16:00:00 UTC\ndry run, nothing written: 1 override\n")
    document = json.loads(kehu(*asked, "--author", "ann", "--json")[1])
    (made,) = document["overrides"]
    assert (document["dry_run"], made.pop("customer")["name"]) == (True, "捷通公司")
    assert made == {
        "id": None,
        "ruleset": "churn",
        "code": "silent",
        "effect": "exclude",
        "reason": "works",
        "author": "ann",
        "starts_at": None,
        "expires_at": "2026-12-31T16:00:00+00:00",
    }
    assert kehu("overrides", "list", "--all", "--json")[1] == '{\n  "overrides": []\n}\n'


@pytest.mark.parametrize(
    ("_case", "options", "edges"),
    [
        ("for ever", (), (None, None)),
        (
            "whole days",
            ("--from", "2026-03-01", "--until", "2026-03-02"),
            ("2026-02-28T16:00:00+00:00", "2026-03-02T16:00:00+00:00"),
        ),
        (
            "instants",
            ("--from", "2026-03-01T08:00", "--until", "2026-03-01T08:00Z"),
            ("2026-03-01T00:00:00+00:00", "2026-03-01T08:00:00+00:00"),
        ),
        ("a length counts from the workspace's clock", ("--for", "1 day"), (None, "2026-02-01T16:00:00+00:00")),
    ],
)
def test_a_day_counts_from_its_beginning_to_its_end(
    loaded: Path, kehu: Kehu, _case: str, options: tuple[str, ...], edges: tuple[str | None, str | None]
) -> None:
    code, out, _ = kehu("overrides", "include", "A1", "tier:vip", "--reason", "why", *options, "--json")
    (made,) = json.loads(out)["overrides"]
    assert (code, made["id"], made["starts_at"], made["expires_at"]) == (0, 1, *edges)


def test_the_author_is_the_system_s_user_unless_told(loaded: Path, kehu: Kehu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "wang")
    kehu("overrides", "include", "A1", "tier:vip", "--reason", "why")
    (made,) = json.loads(kehu("overrides", "list", "--json")[1])["overrides"]
    assert (made["author"], made["state"], made["ended_at"], made["reason"]) == ("wang", "active", None, "why")


def test_a_system_that_knows_nobody_asks_for_the_author(
    loaded: Path, kehu: Kehu, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise OSError("no username set in the environment")

    monkeypatch.setattr("kehu.cli.options.getuser", nobody)
    code, _, err = kehu("overrides", "end", "1", "--reason", "why")
    assert (code, "give --author" in err) == (2, True)
    assert kehu("overrides", "include", "A1", "tier:vip", "--reason", "why", "--author", "ann")[0] == 0


def test_everything_wrong_is_said_at_once(loaded: Path, kehu: Kehu) -> None:
    asked = ("overrides", "include", "A9", "teir:vip", "--reason", " ", "--from", "soon", "--for", "3 moons")
    assert kehu(*asked) == (1, "", WRONG)


def test_a_length_beyond_the_calendar_is_refused(loaded: Path, kehu: Kehu) -> None:
    code, _, err = kehu("overrides", "include", "A1", "tier:vip", "--reason", "why", "--for", "999999 weeks")
    assert code == 1
    assert err.startswith("--for:1:1: error[duration]: '999999 weeks' after 2026-01-31 is beyond the year 9999 (")


@pytest.mark.parametrize(
    ("_case", "arguments", "said"),
    [
        ("no level", ("include", "A1", "vip", "--reason", "x"), "'vip' is no RULESET:LEVEL"),
        (
            "an end said twice",
            ("exclude", "A1", "tier:vip", "--reason", "x", "--until", "2027-01-01", "--for", "1 day"),
            "--until and --for exclude each other",
        ),
        ("no reason", ("include", "A1", "tier:vip"), "Missing option '--reason'"),
        ("a number that is none", ("end", "one", "--reason", "x"), "Invalid value for"),
    ],
)
def test_wrong_usage_ends_with_two(loaded: Path, kehu: Kehu, _case: str, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = kehu("overrides", *arguments)
    assert (code, out) == (2, "")
    assert said in " ".join(err.replace("│", " ").split())


HEADER = "customer,ruleset,code,effect,reason,author,expires_at\n"
GOOD = HEADER + 'A1,tier,vip,include,框架合同,王芳,2026-12-31\r\nA2,churn,silent,exclude,"works, and\n""more""",,\n'


@pytest.mark.parametrize(
    ("_case", "data"),
    [
        ("UTF-8", GOOD.encode()),
        ("UTF-8 with a byte order mark", GOOD.encode("utf-8-sig")),
        ("GB18030", GOOD.encode("gb18030")),
        ("no end of line at the end", GOOD.rstrip("\n").encode()),
        ("blank lines", GOOD.replace("\r\n", "\n\n,,,,,,\n \n").encode()),
        ("carriage returns only", GOOD.replace("\r\n", "\r").encode()),
    ],
)
def test_a_file_of_decisions_is_taken_down(loaded: Path, kehu: Kehu, _case: str, data: bytes) -> None:
    file = loaded / "decisions.csv"
    file.write_bytes(data)
    code, out, _ = kehu("overrides", "import", file, "--author", "ann")
    assert (code, out.splitlines()[-1]) == (0, "2 overrides written; effective with the next run: kehu resegment")
    found = json.loads(kehu("overrides", "list", "--json")[1])["overrides"]
    fields = ("ruleset", "code", "effect", "reason", "author", "starts_at", "expires_at")
    assert [tuple(each[field] for field in fields) for each in found] == [
        ("tier", "vip", "include", "框架合同", "王芳", None, "2026-12-31T16:00:00+00:00"),
        ("churn", "silent", "exclude", 'works, and\n"more"', "ann", None, None),
    ]


def test_one_wrong_row_keeps_the_whole_file_out(loaded: Path, kehu: Kehu) -> None:
    file = loaded / "decisions.csv"
    rows = [
        "A1,tier,vip,include,why,,",
        "A2,tier,vp,promote,,,sometime",
        'A1,tier,rest,include,"why,\nindeed",,',
        "A1,tier",
        "A9,tier,vip,include,why,,",
    ]
    file.write_text(HEADER + "\n".join(rows), encoding="utf-8")
    code, out, err = kehu("overrides", "import", file)
    assert (code, out) == (1, "")
    assert [line.removeprefix(f"{file}:").split(" (")[0] for line in err.splitlines()] == [
        "3:9: error[unknown-level]: rule set 'tier' has no level 'vp'",
        "3:12: error[unknown-effect]: 'promote' is no effect",
        "3:20: error[no-reason]: there is no reason",
        "3:22: error[instant]: 'sometime' is not an instant",
        f"4:9: error[contradiction]: {file}:2:9 includes it in 'vip', and a customer has one level of 'tier'",
        "6:1: error[csv-row]: the row has 2 cells, the header 7",
        "7:1: error[unknown-customer]: nobody is known by 'A9'",
        "7 errors",
    ]
    assert json.loads(kehu("overrides", "list", "--all", "--json")[1]) == {"overrides": []}


@pytest.mark.parametrize(
    ("_case", "data", "problems"),
    [
        ("empty", b"", ["1:1: error[csv-header]: the file is empty, not even a header"]),
        (
            "another header",
            b"customer,ruleset,levl,reason,reason\n",
            [
                "1:1: error[csv-header]: no column 'code', 'effect'",
                "1:18: error[csv-header]: unknown column 'levl'",
                "1:30: error[csv-header]: a second column 'reason'",
            ],
        ),
        (
            "separated by semicolons",
            b"customer;ruleset\n",
            [
                "1:1: error[csv-header]: unknown column 'customer;ruleset'",
                "1:1: error[csv-header]: no column 'customer', 'ruleset', 'code', 'effect', 'reason'",
            ],
        ),
        (
            "a quote that does not end",
            HEADER.encode() + b'A1,tier,"vip,include,why,,\nA1,tier,vip,include,why,,\n',
            ["2:9: error[csv-quotes]: the quotes do not match"],
        ),
        (
            "a quote inside a word",
            HEADER.encode() + b'A1,tier,v"ip,include,why,,\n',
            ["2:9: error[csv-quotes]: the quotes do not match"],
        ),
        ("a line of commas", HEADER.encode() + b"," * 51, ["2:51: error[csv-row]: the row has more than 50 cells"]),
        (
            "rows without end",
            HEADER.encode() + b"a,b\n" * 50_001,
            ["50001:3: error[file-too-large]: the file has more than 50,000 rows"],
        ),
        ("no text", b"\xff\xfe\x00", ["1:1: error[encoding]: the file is neither UTF-8 nor GB18030"]),
    ],
)
def test_a_file_that_is_no_table_is_refused(
    loaded: Path, kehu: Kehu, _case: str, data: bytes, problems: list[str]
) -> None:
    file = loaded / "decisions.csv"
    file.write_bytes(data)
    code, _, err = kehu("overrides", "import", file)
    assert code == 1
    assert [line.removeprefix(f"{file}:").split(" (")[0] for line in err.splitlines()[:-1]] == problems


@pytest.mark.parametrize(
    ("_case", "make", "said"),
    [
        ("not there", lambda _: None, "error[unreadable-file]: the file cannot be read: No such file or directory"),
        (
            "far too long",
            lambda file: file.write_bytes(b"a" * 10_000_001),
            "error[file-too-large]: the file has more than 10,000,000 bytes",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(
    loaded: Path, kehu: Kehu, _case: str, make: Callable[[Path], object], said: str
) -> None:
    file = loaded / "decisions.csv"
    make(file)
    code, _, err = kehu("overrides", "import", file)
    assert (code, said in err) == (1, True)


def test_a_file_without_rows_is_no_mistake(loaded: Path, kehu: Kehu) -> None:
    file = loaded / "decisions.csv"
    file.write_text(HEADER, encoding="utf-8")
    assert kehu("overrides", "import", file)[:2] == (
        0,
        "0 overrides written; effective with the next run: kehu resegment\n",
    )


def test_a_file_full_of_quotes_is_refused_in_no_time(loaded: Path, kehu: Kehu) -> None:
    file = loaded / "decisions.csv"
    file.write_text(HEADER + '"' + 'a""' * 1_000_000, encoding="utf-8")
    assert kehu("overrides", "import", file)[0] == 1
