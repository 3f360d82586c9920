"""kehu identity values, correct, uncorrect: whose value a customer has, and how people correct it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Kehu = Callable[..., tuple[int, str, str]]
Values = Callable[..., dict[str, tuple[str | None, str, str | None]]]
TOML = 'name = "w"\nphone_region = "CN"\nrules = "default"\n'
SOURCE = """source: {name}
format: csv
files: data/{name}.csv
key: key
records:
  - customer: {{name: name, phone: phone, tax_code: tax}}
"""
CRM = "key,name,phone,tax\nC1,上海顺达物流有限公司,13912341234,91350100M000100Y43\nC2,李静,13912349999,\n"
FINANCE = "key,name,phone,tax\nF1,顺达物流（上海）,13912341234,91350100M000100Y43\n"


@pytest.fixture
def place(workspace_after: Callable[..., Path]) -> Path:
    """A workspace of two departments, loaded."""
    files = {"kehu.toml": TOML, "data/crm.csv": CRM, "data/finance.csv": FINANCE}
    files |= {f"sources/{name}.yaml": SOURCE.format(name=name) for name in ("crm", "finance")}
    return workspace_after(files, ["load"])


@pytest.fixture
def values(place: Path, kehu: Kehu) -> Values:
    """By field the value, the rule that chose it, and its record or who corrected it."""

    def read(customer: str) -> dict[str, tuple[str | None, str, str | None]]:
        code, shown, _ = kehu("identity", "values", customer, "--json", "-w", place)
        assert code == 0
        found = json.loads(shown)
        return {each["field"]: (each["value"], each["rule"], _source(each)) for each in found["values"]}

    return read


def _source(value: dict[str, dict[str, str] | None]) -> str | None:
    by = value["correction"]
    return f"{by['author']}: {by['reason']}" if by else value["key"]  # type: ignore[return-value]


def test_every_value_tells_its_record_and_the_rule_that_chose_it(values: Values) -> None:
    assert values("C1") == {
        "kind": ("company", "guessed", None),
        "name": ("上海顺达物流有限公司", "agreed", "C1"),
        "phone": ("13912341234", "agreed", "C1"),
        "tax_code": ("91350100M000100Y43", "agreed", "C1"),
    }


def test_a_customer_is_found_by_what_was_corrected_as_long_as_it_counts(
    place: Path, kehu: Kehu, values: Values
) -> None:
    by = ("--reason", "called", "-w", place)
    for field, value in (("phone", "13800138001"), ("email", "Li@Example.org"), ("tax_code", "91310000MA1FL1X77F")):
        assert kehu("identity", "correct", "C2", field, value, *by)[0] == 0
    found = [values(text) for text in ("+86 138 0013 8001", "li@example.org", "91310000ma1fl1x77f")]
    assert [each["name"][0] for each in found] == ["李静"] * 3
    assert kehu("identity", "resolve", "-w", place)[0] == 0
    assert values("13800138001") == found[0]
    assert kehu("identity", "uncorrect", "1", *by)[0] == 0
    assert kehu("identity", "values", "13800138001", "-w", place)[0] == 1
    assert values("13912349999")["name"][0] == "李静"


def test_a_correction_wins_through_loads_splits_and_merges_until_it_is_taken_back(
    place: Path, kehu: Kehu, values: Values
) -> None:
    by = ("--author", "wang", "-w", place)
    code, said, _ = kehu("identity", "correct", "C1", "phone", "13800138001", "--reason", "called", *by)
    assert (code, said.split(": ")[0]) == (0, "correction 1")
    corrected = ("13800138001", "correction", "wang: called")
    assert values("C1")["phone"] == corrected
    (place / "data/crm.csv").write_text(CRM.replace("13912341234", "13912341235"), encoding="utf-8")
    assert kehu("load", "-w", place)[0] == 0
    assert values("C1")["phone"] == corrected
    assert kehu("identity", "split", "C1", "finance:F1", "--reason", "no", *by)[0] == 0
    assert values("C1")["phone"] == corrected
    assert values("F1")["phone"] == ("13912341234", "only", "F1")
    assert kehu("identity", "merge", "C2", "C1", "--reason", "yes", *by)[0] == 0
    assert values("C2")["phone"] == corrected
    assert kehu("identity", "undo", "2", "-w", place)[0] == 0
    assert values("C2")["phone"] == ("13912349999", "only", "C2")
    assert kehu("identity", "uncorrect", "1", "-w", place)[:2] == (0, "taken back: 1\n")
    assert values("C1")["phone"] == ("13912341235", "only", "C1")
    code, shown, _ = kehu("identity", "corrections", "--json", "-w", place)
    (made,) = json.loads(shown)["corrections"]
    assert (made["value"], made["author"], made["reason"], made["ended_reason"]) == (
        "13800138001", "wang", "called", "taken back"
    )  # fmt: skip


def test_the_later_correction_counts_and_the_earlier_comes_back(place: Path, kehu: Kehu, values: Values) -> None:
    for name in ("顺达一", "顺达二"):
        assert kehu("identity", "correct", "C1", "name", name, "--reason", "r", "-w", place)[0] == 0
    assert values("C1")["name"][0] == "顺达二"
    assert kehu("identity", "uncorrect", "2", "-w", place)[0] == 0
    assert values("C1")["name"][0] == "顺达一"


@pytest.mark.parametrize(
    ("_case", "told", "expected"),
    [
        ("nobody", ("C9", "name", "x"), "CUSTOMER:1:1: error[unknown-customer]: nobody is known by 'C9'"),
        ("a field misspelt", ("C1", "phon", "1"),
         "FIELD:1:1: error[unknown-field]: a customer has no value 'phon' (did you mean 'phone'?)"),
        ("no phone", ("C1", "phone", "123"),
         "VALUE:1:1: error[wrong-value]: '123' is no phone (write it with its country, such as +8613800138000)"),
        ("a tax code mistyped", ("C1", "tax_code", "91350100M000100Y44"),
         ("VALUE:1:1: error[wrong-value]: '91350100M000100Y44' is no tax_code "
          "(look at its 18 characters: the last one checks the others)")),
        ("consent by another word", ("C1", "consent", "maybe"),
         "VALUE:1:1: error[wrong-value]: 'maybe' is no consent (write yes or no)"),
        ("nobody's number", ("C1", "owner", "E9"),
         "VALUE:1:1: error[wrong-value]: 'E9' is no owner (give the number of an employee)"),
        ("nothing", ("C1", "name", " "),
         "VALUE:1:1: error[no-value]: '' cannot be a value (write 1 to 1,000 characters that can be seen)"),
        ("a control character", ("C1", "name", "a\x07b"),
         "VALUE:1:1: error[no-value]: 'a\\x07b' cannot be a value (write 1 to 1,000 characters that can be seen)"),
        ("a book", ("C1", "name", "x" * 1001),
         "VALUE:1:1: error[no-value]: 1,001 characters cannot be a value (write 1 to 1,000 characters that"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_changes_nothing(
    _case: str, told: tuple[str, str, str], expected: str, place: Path, kehu: Kehu, values: Values
) -> None:
    before = values("C1")
    code, _, said = kehu("identity", "correct", *told, "--reason", "r", "-w", place)
    assert (code, expected in " ".join(said.split())) == (1, True), said
    assert values("C1") == before


def test_a_correction_is_taken_back_once(place: Path, kehu: Kehu) -> None:
    kehu("identity", "correct", "C1", "city", "上海", "--reason", "r", "-w", place)
    assert kehu("identity", "uncorrect", "1", "-w", place)[0] == 0
    code, _, said = kehu("identity", "uncorrect", "1", "7", "-w", place)
    assert code == 1
    assert "took correction 1 back already" in said
    assert "there is no correction 7" in said
