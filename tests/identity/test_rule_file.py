"""rules/identity.yaml: all that is wrong with it, at once and with its place."""

from pathlib import Path

import pytest

from kehu.identity.golden_file import GOLDEN_KEYS
from kehu.identity.rule_file import EXAMPLE_KEYS, FILE_KEYS, KEY_KEYS, VALUE_KEYS, read_identity_rules
from kehu.identity.rules import KeyRule, Survivorship, Values

SHIPPED = Path(__file__).parents[2] / "rules" / "identity.yaml"
GUIDE = SHIPPED.parents[1] / "docs" / "identity.md"
GOOD = """identity: customers
values:
  phone: {names: 2, blocked: ["+86 139 1234 1235"]}
  tax_code: {per_customer: 1}
generic_words: [School]
priority: [finance, crm]
golden:
  name: {take: [priority, longest]}
  owner: {take: priority, priority: [crm]}
  city: {take: longest}
keys:
  - {key: phone, same: phone, name: like, likeness: 0.5, unless_other: [address]}
examples:
  - records: [{name: Erie, phone: "+8613912341234"}, {name: Erie School, phone: "13912341234"}]
    expect: same
"""


def found(text: str) -> list[str]:
    return [str(problem) for problem in read_identity_rules(text, "identity.yaml", "CN")[1]]


def test_the_shipped_file_is_right_wherever_its_phones_are_read() -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert [read_identity_rules(text, "identity.yaml", region)[1] for region in ("CN", "US")] == [[], []]


def test_a_file_is_read_as_it_is_written() -> None:
    rules, problems = read_identity_rules(GOOD, "identity.yaml", "CN")
    assert problems == []
    assert rules.keys == (KeyRule("phone", "phone", "like", 0.5, ("address",)),)
    assert rules.of("phone") == Values(frozenset({"+8613912341235"}), 2, None)
    assert rules.of("tax_code").per_customer == 1
    assert rules.of("email") == Values()
    assert rules.generic_words == {"school"}
    assert rules.survivorship("name") == Survivorship(("priority", "longest"), ("finance", "crm"))
    assert rules.survivorship("owner") == Survivorship(("priority",), ("crm",))
    assert rules.survivorship("city") == Survivorship(("longest",))
    assert rules.survivorship("phone") == Survivorship()
    assert rules.source == GOOD


def test_every_fault_is_told_with_its_place() -> None:
    text = """identity: customer
colour: red
values:
  phone: {names: 0, blocked: [abc]}
  fax: {names: 3}
keys:
  - {key: A b, same: phones, name: like, unless_other: [city]}
  - {key: x, same: email, name: same, likeness: 2}
  - {key: x, same: email}
examples: []
"""
    problems = read_identity_rules(text, "identity.yaml", "CN")[1]
    assert sorted((problem.place.line, problem.place.column, problem.check) for problem in problems) == [
        (1, 11, "unknown-word"),
        (2, 1, "unknown-key"),
        (4, 18, "wrong-shape"),
        (4, 31, "wrong-shape"),
        (5, 3, "unknown-key"),
        (7, 5, "missing-key"),
        (7, 11, "bad-code"),
        (7, 22, "unknown-word"),
        (7, 57, "unknown-word"),
        (8, 49, "unknown-key"),
        (8, 49, "wrong-shape"),
        (9, 5, "duplicate-code"),
        (9, 5, "missing-key"),
    ]
    assert str(problems[0]).startswith("identity.yaml:2:1: error[unknown-key]: unknown key 'colour'")


def test_an_example_that_the_keys_do_not_bear_out_is_told() -> None:
    assert found(GOOD.replace("expect: same", "expect: different")) == [
        (
            "identity.yaml:14:5: error[example-fails]: the records are 1 customers by these keys, the example says "
            "'different' (mend the keys, or the example)"
        )
    ]


@pytest.mark.parametrize(
    ("_case", "text", "expected"),
    [
        ("nothing", "", ("identity.yaml:1:1: error[empty-file]: the file has no rules of identity (begin with "
         "'identity: customers')")),
        ("a list", "- 1\n", ("identity.yaml:1:1: error[wrong-shape]: a file of identity rules must be a mapping (with "
         "identity, keys, examples)")),
    ],
)  # fmt: skip
def test_a_file_that_is_none(_case: str, text: str, expected: str) -> None:
    assert found(text) == [expected]


@pytest.mark.parametrize("key", sorted({*FILE_KEYS, *GOLDEN_KEYS, *VALUE_KEYS, *KEY_KEYS, *EXAMPLE_KEYS}))
def test_the_guide_says_what_every_key_means(key: str) -> None:
    assert f"`{key}`" in GUIDE.read_text(encoding="utf-8")


def test_the_example_of_the_guide_is_right() -> None:
    text = GUIDE.read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]
    assert found(text) == []
