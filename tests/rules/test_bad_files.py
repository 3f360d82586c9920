"""Every wrong file in bad/ is refused with exactly the problems that bad/expected.txt lists."""

from pathlib import Path

import pytest

from kehu.model.feature_types import Schema
from kehu.rules.book import read_rules

BAD = Path(__file__).parent / "bad"
NAMES = sorted(path.name for path in BAD.glob("*.yaml"))
EXPECTED = (BAD / "expected.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_file_is_refused_with_all_its_problems(name: str, schema: Schema) -> None:
    book, problems = read_rules({name: (BAD / name).read_bytes().decode()}, schema)
    assert [str(found) for found in problems] == [line for line in EXPECTED if line.startswith(f"{name}:")]
    assert problems
    assert book.rulesets == ()


def test_the_problems_of_all_files_come_at_once(schema: Schema) -> None:
    book, problems = read_rules({name: (BAD / name).read_bytes().decode() for name in NAMES}, schema)
    assert sorted(map(str, problems)) == sorted(EXPECTED)
    assert book.rulesets == ()
