"""A version tells whether anything of a row has changed."""

from dataclasses import dataclass, replace

import pytest

from kehu.model.problems import Place
from kehu.reader.versions import version_of, version_problems


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    size: int | None


ROW = Row("Alpha", None)


@pytest.mark.parametrize(
    ("_case", "other", "same"),
    [
        ("the same values", Row("Alpha", None), True),
        ("another name", replace(ROW, name="Alpha "), False),
        ("nothing and zero", replace(ROW, size=0), False),
    ],
)
def test_a_version_is_that_of_the_values(_case: str, other: Row, *, same: bool) -> None:
    assert (version_of(other) == version_of(ROW)) is same


@pytest.mark.parametrize("thing", [Row, "Alpha", None])
def test_only_rows_have_versions(thing: object) -> None:
    with pytest.raises(TypeError, match="is no dataclass"):
        version_of(thing)


@pytest.mark.parametrize(
    ("_case", "expected", "checks"),
    [
        ("none is expected", None, []),
        ("this one", version_of(ROW), []),
        ("another", "0", ["stale-version"]),
        ("an empty one", "", ["stale-version"]),
    ],
)
def test_a_change_expects_the_version_there_is(_case: str, expected: str | None, checks: list[str]) -> None:
    found = version_problems(ROW, expected, Place("input.expectedVersion"))
    assert [problem.check for problem in found] == checks
