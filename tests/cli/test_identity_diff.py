"""kehu rules diff of identity.yaml: who would merge or part and which values would change, before it happens."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Kehu = Callable[..., tuple[int, str, str]]
SOURCE = """source: {name}
format: csv
files: data/{name}.csv
key: key
records:
  - customer: {{name: name, phone: phone, address: address, tax_code: tax, city: city}}
"""
CRM = """key,name,phone,address,tax,city
C1,上海顺达物流有限公司,13912341234,,91350100M000100Y43,上海
C2,上海泰亿贸易有限公司,13912340000,张江路88号,,上海
C3,李静,13912349999,,,深圳
"""
FINANCE = """key,name,phone,address,tax,city
F1,顺达物流（上海）,13912341230,,91350100M000100Y43,昆明
F2,泰亿商行,13912340000,张江路88号,,
F3,李静,13912349999,,,深圳市
"""
PHONES = """identity: customers
keys: [{key: phone_and_name, same: phone, name: same}]
examples:
  - {records: [{name: a}, {name: a}], expect: different}
"""
CODES = PHONES.replace("phone_and_name, same: phone, name: same", "tax_code, same: tax_code, name: any")
LONGEST = PHONES + "golden: {city: {take: longest}, name: {take: longest}}\n"


@pytest.fixture
def place(workspace_after: Callable[..., Path]) -> Path:
    """A workspace of two departments, loaded by their phones."""
    files = {"kehu.toml": 'name = "w"\nphone_region = "CN"\nrules = "default"\n', "rules/identity.yaml": PHONES}
    files |= {f"sources/{name}.yaml": SOURCE.format(name=name) for name in ("crm", "finance")}
    return workspace_after({**files, "data/crm.csv": CRM, "data/finance.csv": FINANCE}, ["load"])


@pytest.fixture
def diff(place: Path, kehu: Kehu) -> Callable[..., dict[str, Any] | None]:
    """What the command says of identity, once the file has that text."""

    def run(text: str, *options: str | Path) -> dict[str, Any] | None:
        (place / "rules/identity.yaml").write_text(text, encoding="utf-8")
        code, shown, said = kehu("rules", "diff", "--json", *options, "-w", place)
        assert code == 0, said
        found: dict[str, Any] | None = json.loads(shown)["identity"]
        return found

    return run


def test_the_same_rules_change_nobody(diff: Callable[..., dict[str, Any] | None]) -> None:
    assert diff(PHONES) is None


def test_who_would_merge_and_part_is_told_with_the_key(
    diff: Callable[..., dict[str, Any] | None], place: Path, kehu: Kehu
) -> None:
    found = diff(CODES)
    assert found is not None
    assert {name: found[name] for name in ("customers_before", "customers_now", "merged", "parted")} == {
        "customers_before": 5, "customers_now": 5, "merged": 1, "parted": 1
    }  # fmt: skip
    (merge,), (parting,) = found["merges"], found["partings"]
    assert (merge["one"]["name"], merge["key"], merge["value"]) == (
        "上海顺达物流有限公司", "tax_code", "91350100M000100Y43"
    )  # fmt: skip
    assert sorted(each["name"] for each in merge["several"]) == ["上海顺达物流有限公司", "顺达物流（上海）"]
    assert (parting["one"]["name"], parting["key"], parting["value"]) == (
        "李静", "phone_and_name", "+8613912349999 李静"
    )  # fmt: skip
    assert len(parting["several"]) == 2
    before = kehu("identity", "stats", "--json", "-w", place)[1]
    assert json.loads(before)["customers"] == 5
    for gate, code in (("customers_merged + customers_parted > 1", 1), ("customers_parted > 1", 0)):
        assert kehu("rules", "diff", "--fail-if", gate, "-w", place)[0] == code
    assert kehu("identity", "resolve", "-w", place)[0] == 0
    assert diff(CODES) is None
    back = diff(PHONES)
    assert back is not None
    assert (back["merged"], back["parted"]) == (1, 1)


def test_values_that_would_change_are_counted_and_shown(diff: Callable[..., dict[str, Any] | None]) -> None:
    found = diff(LONGEST)
    assert found is not None
    assert (found["merged"], found["parted"], found["values"]) == (0, 0, {"city": 1})
    (change,) = found["value_samples"]
    assert (change["customer"]["name"], change["field"], change["before"], change["now"], change["rule"]) == (
        "李静", "city", "深圳", "深圳市", "longest"
    )  # fmt: skip


def test_a_folder_is_compared_with_as_it_would_resolve(
    diff: Callable[..., dict[str, Any] | None], tmp_path: Path
) -> None:
    base = tmp_path / "other"
    base.mkdir()
    (base / "identity.yaml").write_text(CODES, encoding="utf-8")
    found = diff(PHONES, "--base", base)
    assert found is not None
    assert (found["merged"], found["parted"]) == (1, 1)
    assert diff(CODES, "--base", base) is None


def test_people_read_it_as_tables(place: Path, kehu: Kehu) -> None:
    (place / "rules/identity.yaml").write_text(CODES + "golden: {city: {take: longest}}\n", encoding="utf-8")
    code, shown, _ = kehu("rules", "diff", "-w", place)
    assert code == 0
    assert "Would be one customer" in shown
    assert "Would be several customers" in shown
    assert "identity: 5 customers would be 5: 1 go into others, 1 part; of those that stay" in " ".join(shown.split())
    (place / "rules/identity.yaml").write_text(CODES.replace("any", "annie"), encoding="utf-8")
    code, _, said = kehu("rules", "diff", "-w", place)
    assert (code, "'annie' is not what names must be" in " ".join(said.split())) == (1, True)
