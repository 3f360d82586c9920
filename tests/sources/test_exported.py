"""The date of an export, told by the name of its file."""

from datetime import UTC, datetime

import pytest

from kehu.model.yaml_nodes import Mapping, read_yaml
from kehu.sources.exported import exported_at, read_exported
from kehu.sources.reading import Reading


@pytest.mark.parametrize(
    ("_case", "pattern", "name", "expected"),
    [
        ("a day", "crm_%Y%m%d.csv", "crm_20260302.csv", datetime(2026, 3, 1, 16, tzinfo=UTC)),
        ("a minute", "%Y-%m-%dT%H%M *.csv", "2026-03-02T0930 all.csv", datetime(2026, 3, 2, 1, 30, tzinfo=UTC)),
        ("any text", "*_%y.%m.%d.*", "客户_26.03.02.xlsx", datetime(2026, 3, 1, 16, tzinfo=UTC)),
        ("another name", "crm_%Y%m%d.csv", "crm.csv", None),
        ("a dot is a dot", "crm_%Y%m%d.csv", "crm_20260302xcsv", None),
        ("no such day", "crm_%Y%m%d.csv", "crm_20260230.csv", None),
        ("too many digits", "crm_%Y%m%d.csv", "crm_202603021.csv", None),
    ],
)
def test_a_name_tells_its_date(_case: str, pattern: str, name: str, expected: datetime | None) -> None:
    assert exported_at(pattern, name, "Asia/Shanghai") == expected


@pytest.mark.parametrize(
    ("_case", "pattern", "expected"),
    [
        ("right", "crm_%Y%m%d.csv", []),
        ("no day", "crm_%Y%m.csv", ["'crm_%Y%m.csv': a date needs a year, a month and a day"]),
        ("month by name", "%d%b%Y", ["'%d%b%Y': '%b' has no fixed number of digits"]),
        ("a year twice", "%Y/%Y%m%d", ["'%Y/%Y%m%d': '%Y' stands twice"]),
        ("no directive", "crm.csv", ["'crm.csv': a date needs a year, a month and a day"]),
    ],
)
def test_what_is_wrong_with_a_pattern(_case: str, pattern: str, expected: list[str]) -> None:
    root, _ = read_yaml(f"exported: '{pattern}'", "s.yaml")
    assert isinstance(root, Mapping)
    reading = Reading("crm", "CNY", [])
    assert read_exported(root.get("exported"), reading) == ("" if expected else pattern)
    assert [problem.message for problem in reading.problems] == expected
