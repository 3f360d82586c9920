"""kehu identity review and what people answer: a queue with evidence, locks, chains, bulk undo, contested keys."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Kehu = Callable[..., tuple[int, str, str]]
TOML = 'name = "w"\nphone_region = "CN"\nrules = "default"\n'
SOURCE = """source: {name}
format: csv
files: data/{name}.csv
key: key
records:
  - customer: {{name: name, phone: phone, address: address, tax_code: tax}}
"""
CRM = """key,name,phone,address,tax
C1,上海顺达物流有限公司,13912341234,,
C2,上海泰亿贸易有限公司,13912340000,张江路88号,
C3,李静,13912349999,,
C4,王强,13912348888,淮海路1号,
"""
FINANCE = """key,name,phone,address,tax
F1,顺达物流（上海）,+86 139 1234 1234,,91350100M000100Y43
F2,泰亿商行,13912340000,张江路88号,
F4,小王商店,13912348888,淮海路1号,
"""
CALLS = "key,name,phone,address,tax\nT1,上海顺达物流,13912341234,,91310000MA1FL1X77F\n"


@pytest.fixture
def place(workspace_after: Callable[..., Path]) -> Path:
    """A workspace of two departments, loaded; C1 and F1 are one by their keys."""
    files = {"kehu.toml": TOML, "data/crm.csv": CRM, "data/finance.csv": FINANCE}
    files |= {f"sources/{name}.yaml": SOURCE.format(name=name) for name in ("crm", "finance")}
    return workspace_after(files, ["load"])


def add(place: Path, name: str, rows: str) -> None:
    """A department's list, or what it became."""
    (place / "sources" / f"{name}.yaml").write_text(SOURCE.format(name=name), encoding="utf-8")
    (place / "data" / f"{name}.csv").write_text(rows, encoding="utf-8")


def queue(kehu: Kehu, place: Path, *options: str) -> dict[str, str]:
    """The code of each suggestion by its two records."""
    code, shown, errors = kehu("identity", "review", "--least", "0", *options, "--json", "-w", place)
    assert code == 0, errors
    found = json.loads(shown)["suggestions"]
    return {" ".join(sorted((each["left_record"], each["right_record"]))): each["code"] for each in found}


def customers(kehu: Kehu, place: Path) -> list[list[str]]:
    """The record keys of each customer, both sorted."""
    assert kehu("identity", "export", "-o", place / "c.csv", "-w", place)[0] == 0
    owners: dict[str, list[str]] = {}
    for line in (place / "c.csv").read_text(encoding="utf-8").splitlines()[1:]:
        _, key, owner = line.split(",")
        owners.setdefault(owner, []).append(key)
    return sorted(sorted(keys) for keys in owners.values())


SHOPS, WANGS = "crm:C2 finance:F2", "crm:C4 finance:F4"
APART = [["C1", "F1"], ["C2"], ["C3"], ["C4"], ["F2"], ["F4"]]


def test_an_approved_suggestion_joins_and_leaves_the_queue_until_it_is_undone(place: Path, kehu: Kehu) -> None:
    found = queue(kehu, place)
    assert set(found) == {SHOPS, WANGS}
    code, said, _ = kehu("identity", "approve", found[SHOPS], "--reason", "same house", "--author", "ann", "-w", place)
    assert (code, said.splitlines()[0]) == (0, "decision 1: 5 customers now, 0 new, 1 gone")
    assert customers(kehu, place) == [["C1", "F1"], ["C2", "F2"], ["C3"], ["C4"], ["F4"]]
    assert set(queue(kehu, place)) == {WANGS}
    assert kehu("identity", "undo", "1", "-w", place)[0] == 0
    assert (customers(kehu, place), queue(kehu, place)) == (APART, found)


def test_of_codes_one_that_is_wrong_keeps_all_back(place: Path, kehu: Kehu) -> None:
    code = queue(kehu, place)[SHOPS]
    refused, _, errors = kehu("identity", "approve", code, "1-99999", "--reason", "x", "-w", place)
    assert (refused, "there is no suggestion '1-99999'" in errors, customers(kehu, place)) == (1, True, APART)
    assert kehu("identity", "approve", code, "--reason", "x", "-w", place)[0] == 0
    refused, _, errors = kehu("identity", "approve", code, "--reason", "x", "-w", place)
    assert (refused, f"the customers of '{code}' are one already" in errors) == (1, True)


@pytest.mark.parametrize(
    ("_case", "options", "kind"), [("for now", (), "dismissed"), ("for good", ("--different",), "different")]
)
def test_a_rejected_suggestion_leaves_the_queue(
    _case: str, options: tuple[str, ...], kind: str, place: Path, kehu: Kehu
) -> None:
    found = queue(kehu, place)
    assert kehu("identity", "reject", found[SHOPS], "--reason", "two shops", *options, "-w", place)[0] == 0
    assert (set(queue(kehu, place)), customers(kehu, place)) == ({WANGS}, APART)
    history = json.loads(kehu("identity", "history", "--json", "-w", place)[1])["decisions"]
    assert [each["kind"] for each in history] == [kind]
    add(place, "crm", CRM.replace("C2,上海泰亿贸易有限公司", "C2,泰亿商行"))
    assert kehu("load", "-w", place)[0] == 0
    assert (["C2", "F2"] in customers(kehu, place)) is (kind == "dismissed")


def test_pages_and_filters_of_the_queue(place: Path, kehu: Kehu) -> None:
    page = json.loads(kehu("identity", "review", "--least", "0", "--limit", "1", "--json", "-w", place)[1])
    assert (page["count"], len(page["suggestions"])) == (2, 1)
    rest = json.loads(kehu("identity", "review", "--least", "0", "--after", page["after"], "--json", "-w", place)[1])
    assert (rest["count"], rest["after"]) == (2, None)
    assert {each["code"] for each in page["suggestions"] + rest["suggestions"]} == set(queue(kehu, place).values())
    assert set(queue(kehu, place, "--customer", "F4")) == {WANGS}
    assert set(queue(kehu, place, "--system", "finance")) == {SHOPS, WANGS}
    assert queue(kehu, place, "--system", "calls") == {}


def test_a_locked_customer_is_neither_joined_nor_parted(place: Path, kehu: Kehu) -> None:
    found = queue(kehu, place)
    assert kehu("identity", "lock", "C1", "--reason", "checked", "--author", "ann", "-w", place)[0] == 0
    assert kehu("identity", "lock", "F2", "--reason", "checked", "--author", "ann", "-w", place)[0] == 0
    add(
        place,
        "crm",
        CRM.replace("C1,上海顺达物流有限公司,13912341234", "C1,别的公司,13900000000")
        + "C5,顺达物流（上海）,13912341234,,\n",
    )
    assert kehu("load", "-w", place)[0] == 0
    assert customers(kehu, place) == sorted([*APART, ["C5"]])
    code, _, errors = kehu("identity", "approve", found[SHOPS], "--reason", "one", "-w", place)
    assert (code, "decision 2 by ann locks the customer of finance:F2: checked" in errors) == (1, True)
    code, _, errors = kehu("identity", "split", "C1", "finance:F1", "--reason", "two", "-w", place)
    assert (code, "unlock it first: kehu identity undo 1" in errors) == (1, True)
    assert "(locked by decision 2)" in kehu("identity", "review", "--least", "0", "-w", place)[1]
    assert kehu("identity", "undo", "1", "-w", place)[0] == 0
    assert customers(kehu, place) == sorted([["C1"], ["C2"], ["C3"], ["C4"], ["C5", "F1"], ["F2"], ["F4"]])


def test_a_chain_that_contradicts_is_refused_with_every_decision_of_it(place: Path, kehu: Kehu) -> None:
    def decide(*arguments: str) -> tuple[int, str, str]:
        return kehu("identity", *arguments, "--reason", "seen", "--author", "ann", "-w", place)

    assert decide("merge", "C3", "C4")[0] == decide("different", "C2", "C4")[0] == 0
    code, _, errors = decide("merge", "C2", "C3")
    assert (code, "decision 2 by ann says that they are not the same" in errors) == (1, True)
    assert "decision 1 by ann says that crm:C3 is crm:C4" in errors
    assert decide("undo", "2")[0] == decide("merge", "C2", "C3")[0] == 0
    code, _, errors = decide("split", "C2", "crm:C4")
    assert (code, "decision 3, 1: crm:C2 is crm:C3" in errors) == (1, True), errors
    assert "take one back first: kehu identity undo 3" in errors


def test_a_days_decisions_are_undone_together(place: Path, kehu: Kehu) -> None:
    for author, pair in (("ann", ("C2", "F2")), ("bob", ("C3", "C4")), ("ann", ("C1", "C3"))):
        assert kehu("identity", "merge", *pair, "--reason", "one", "--author", author, "-w", place)[0] == 0
    joined = customers(kehu, place)
    code, said, _ = kehu("identity", "undo", "--by", "ann", "--dry-run", "-w", place)
    assert (code, said.splitlines()[:2]) == (
        0,
        ["dry run, nothing written", "decisions 1, 3: 5 customers now, 2 new, 0 gone"],
    )
    assert customers(kehu, place) == joined
    none = ("identity", "undo", "--by", "ann", "--until", "2001-01-01", "-w", place)
    assert kehu(*none) == (0, "no such decision stands: nothing to take back\n", "")
    assert json.loads(kehu(*none, "--json")[1])["ids"] == []
    assert kehu("identity", "undo", "--by", "ann", "--since", "2001-01-01", "-w", place)[0] == 0
    assert customers(kehu, place) == [["C1", "F1"], ["C2"], ["C3", "C4"], ["F2"], ["F4"]]


def test_a_contested_key_is_told_with_its_bearers_and_the_limit(place: Path, kehu: Kehu) -> None:
    add(place, "calls", CALLS)
    assert kehu("load", "-w", place)[0] == 0
    found = json.loads(kehu("identity", "contested", "--json", "-w", place)[1])["contested"]
    told = [(each["because"], each["most"], [one["record"]["key"] for one in each["bearers"]]) for each in found]
    assert ("tax_code", 1) in {each[:2] for each in told}
    assert any("T1" in each[2] for each in told), told
    assert found[0]["held"] == ["91310000MA1FL1X77F", "91350100M000100Y43"]
    assert "kehu identity merge" in found[0]["advice"]


@pytest.mark.parametrize(
    ("_case", "arguments", "said"),
    [
        ("no such code", ("approve", "1-99999", "--reason", "x"), "there is no suggestion '1-99999'"),
        ("no code at all", ("approve", "x" * 5000, "--reason", "x"), "there is no suggestion 'xxx"),
        ("of two that nothing suggests", ("approve", "1-2", "--reason", "x"), "there is no suggestion '1-2'"),
        ("itself", ("approve", "1-1", "--reason", "x"), "there is no suggestion '1-1'"),
        ("a reason of a megabyte", ("lock", "C1", "--reason", "x" * 100_000), "the reason has 100,000 letters"),
        ("a control character", ("lock", "C1", "--reason", "a\x07b"), "the control characters '\\x07'"),
        ("a customer of a megabyte", ("lock", "x" * 100_000, "--reason", "x"), "nobody is known by a text of 100,000"),
        ("no end of a page", ("review", "--after", "x"), "'x' is no end of a page"),
        ("an unknown customer", ("review", "--customer", "C9"), "nobody is known by 'C9'"),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(
    _case: str, arguments: tuple[str, ...], said: str, place: Path, kehu: Kehu
) -> None:
    code, _, errors = kehu("identity", *arguments, "-w", place)
    assert (code, said in errors, len(errors) < 1000) == (1, True, True), errors[:2000]
    assert json.loads(kehu("identity", "history", "--json", "-w", place)[1]) == {"decisions": []}
