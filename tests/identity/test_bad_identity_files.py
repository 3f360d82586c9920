"""Every wrong file of identity rules is refused with exactly the problems that expected.txt lists."""

from pathlib import Path

import pytest

from kehu.identity.rule_file import read_identity_rules

CORPUS = Path(__file__).parents[1] / "bad_rules" / "identity"
FILES = {path.name: path.read_text(encoding="utf-8") for path in sorted(CORPUS.glob("*.yaml"))}
EXPECTED = (CORPUS / "expected.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", FILES)
def test_a_wrong_file_gives_all_its_problems(name: str) -> None:
    _, problems = read_identity_rules(FILES[name], name, "CN", {"crm", "finance", "tms"})
    assert [str(found) for found in problems] == [line for line in EXPECTED if line.startswith(f"{name}:")]
    assert problems


def test_the_list_names_no_file_that_is_not_there() -> None:
    assert {line.split(":")[0] for line in EXPECTED} == set(FILES)
