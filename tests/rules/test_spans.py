"""Every layout of a YAML value gives back the place of each of its characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kehu.model.problems import Place
from kehu.model.yaml_nodes import Mapping, Scalar, read_yaml
from kehu.rules.spans import scalar_place

LAYOUTS = [
    ("plain", "key: revenue > 1 and HERE > 2", (1, 22)),
    ("plain over lines", "key: revenue > 1\n  and HERE > 2", (2, 7)),
    ("plain with a blank line", "key: revenue > 1\n\n  and HERE > 2", (3, 7)),
    ("plain before a comment", "key: HERE > 2 # why", (1, 6)),
    ("single quotes", "key: 'x == ''a'' and HERE > 2'", (1, 22)),
    ("single quotes over lines", "key: 'x ==\n  ''a'' and HERE > 2'", (2, 13)),
    ("double quotes", 'key: "x == \\"a\\" and HERE > 2"', (1, 22)),
    ("double quotes with escapes", "key: \"x == '\\u5317\\x41' and HERE > 2\"", (1, 29)),
    ("double quotes with a joined line", 'key: "x == 1 \\\n   and HERE > 2"', (2, 8)),
    ("literal block", "key: |\n  x == 1\n  and HERE > 2", (3, 7)),
    ("literal block, deeper line", "key: |\n  x == 1\n    and HERE > 2\n", (3, 9)),
    ("literal block, stripped", "key: |-\n  x == 1\n\n  and HERE > 2\n", (4, 7)),
    ("literal block with its indentation given", "key: |2\n    x == 1\n  and HERE > 2\n", (3, 7)),
    ("folded block", "key: >\n  x == 1\n  and HERE > 2\n", (3, 7)),
    ("folded block, deeper line", "key: >-\n  x == 1\n    and HERE > 2\n  or y\n", (3, 9)),
    ("folded block with a blank line", "key: >\n\n  x == 1\n\n  and HERE > 2\n", (5, 7)),
    ("Chinese before it", "key: region == '华东' and HERE > 2", (1, 25)),
    ("Chinese on the line above", "# 客户\nkey: |\n  region == '华东'\n  and HERE > 2", (4, 7)),
]


@pytest.mark.parametrize(("_case", "source", "expected"), LAYOUTS)
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_a_word_is_found_in_every_layout(_case: str, source: str, expected: tuple[int, int], line_break: str) -> None:
    source = source.replace("\n", line_break)
    scalar = scalar_of(source)
    assert scalar_place(scalar, source, scalar.text.index("HERE")) == Place("rules.yaml", *expected)


def test_the_end_of_a_value_is_behind_its_last_character() -> None:
    source = "key: a >"
    assert scalar_place(scalar_of(source), source, 3) == Place("rules.yaml", 1, 9)


WORDS = some.lists(some.sampled_from(["a", "客户", ">", "'x'", '"y"', "it's", "\\n", "#", ":"]), min_size=1, max_size=6)
STYLES = ["|", ">", "|-", ">-", "|2", "'", '"']


@given(some.lists(WORDS, min_size=1, max_size=4), some.sampled_from(STYLES), some.sampled_from(["\n", "\r\n"]))
def test_visible_characters_stand_where_they_are_said_to(lines: list[list[str]], style: str, line_break: str) -> None:
    written = [" ".join(words) for words in lines]
    if style == "'":
        value = "'" + "\n  ".join(line.replace("'", "''") for line in written) + "'"
    elif style == '"':
        value = '"' + "\n  ".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in written) + '"'
    else:
        value = style + "\n" + "\n\n".join("  " + line for line in written) + "\n"
    source = f"key: {value}\nnext: 1\n".replace("\n", line_break)
    scalar = scalar_of(source)
    rows = source.splitlines()
    for offset, character in enumerate(scalar.text):
        place = scalar_place(scalar, source, offset)
        if not character.isspace():
            assert rows[place.line - 1][place.column - 1] in {character, "\\"}


def scalar_of(source: str) -> Scalar:
    root, problems = read_yaml(source, "rules.yaml")
    assert problems == []
    assert isinstance(root, Mapping)
    scalar = root.entries["key"]
    assert isinstance(scalar, Scalar)
    return scalar
