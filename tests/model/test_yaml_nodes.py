"""YAML as nodes with places: words stay as written, duplicates and aliases are refused."""

import pytest

from kehu.model.yaml_nodes import Mapping, Scalar, as_value, read_yaml


@pytest.mark.parametrize(
    ("_case", "text", "expected"),
    [
        ("a word", "a: yes", "yes"),
        ("Norway", "a: NO", "NO"),
        ("a switch", "a: on", "on"),
        ("true", "a: true", True),
        ("quoted true", "a: 'true'", "true"),
        ("a whole number", "a: -12", -12),
        ("a fraction below one", "a: 0.9", 0.9),
        ("a power of ten", "a: 1.5e3", 1500.0),
        ("a code with a leading zero", "a: 007", "007"),
        ("an octal look-alike", "a: 0o17", "0o17"),
        ("underscores", "a: 1_000", "1_000"),
        ("sexagesimal", "a: 12:30", "12:30"),
        ("a date", "a: 2024-01-01", "2024-01-01"),
        ("not a number", "a: .nan", ".nan"),
        ("nothing", "a:", None),
        ("null", "a: null", None),
        ("quoted null", 'a: "null"', "null"),
        ("a list", "a: [1, b]", [1, "b"]),
        ("a block", "a: |\n  x > 1\n", "x > 1\n"),
    ],
)
def test_scalars_are_what_they_look_like(_case: str, text: str, expected: object) -> None:
    root, problems = read_yaml(text, "f.yaml")
    assert problems == []
    assert root is not None
    assert as_value(root) == {"a": expected}


def test_a_node_knows_its_place() -> None:
    root, _ = read_yaml("# 注释\n客户:\n  level: 金\n", "f.yaml")
    assert isinstance(root, Mapping)
    inner = root.entries["客户"]
    assert isinstance(inner, Mapping)
    assert str(inner.entries["level"].place) == "f.yaml:3:10"
    assert str(inner.keys["level"].place) == "f.yaml:3:3"


@pytest.mark.parametrize(
    ("_case", "text", "expected"),
    [
        ("a key twice", "a: 1\na: 2",
         "f.yaml:2:1: error[duplicate-key]: 'a' stands here twice (the first is on line 1)"),
        ("an alias", "a: &x 1\nb: *x",
         "f.yaml:2:4: error[yaml-alias]: an alias (*) is not allowed here (write the value out, or quote the word)"),
        ("a colon in a value", "when: a: b", ("f.yaml:1:8: error[yaml-syntax]: mapping values are not allowed in this "
         "context (quote the value, or write it after 'key: |' on a line of its own)")),
        ("a key that is no word", "[1]: 2", "f.yaml:1:1: error[yaml-key]: a key must be a word (quote it)"),
    ],
)  # fmt: skip
def test_wrong_yaml_is_told_with_its_place(_case: str, text: str, expected: str) -> None:
    _, problems = read_yaml(text, "f.yaml")
    assert [str(problem) for problem in problems] == [expected]


def test_an_endless_alias_is_refused() -> None:
    root, problems = read_yaml("a: &a [*a]", "f.yaml")
    assert root is None
    assert [problem.check for problem in problems] == ["yaml-alias"]


def test_an_empty_document_is_nothing() -> None:
    assert read_yaml("# nothing", "f.yaml") == (None, [])


def test_a_plain_scalar_has_no_style() -> None:
    root, _ = read_yaml("a", "f.yaml")
    assert isinstance(root, Scalar)
    assert root.style is None
