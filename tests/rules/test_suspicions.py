"""What is legal and hardly meant is told, and what may well be meant is not."""

from decimal import Decimal

import pytest

from kehu.model.feature_types import FeatureType, Schema
from kehu.rules.gauges import Gauge
from kehu.rules.reading import read_rules

SCHEMA: Schema = {
    "n": FeatureType("integer"),
    "m": FeatureType("integer", nullable=True),
    "paid": FeatureType("decimal", scale=2),
    "yen": FeatureType("decimal"),
    "rate": FeatureType("float", nullable=True),
    "days": FeatureType("integer", nullable=True),
    "kind": FeatureType("string", words=("company", "person")),
    "vip": FeatureType("boolean"),
}
GAUGES = {
    "n": Gauge("shipments", least=Decimal(0)),
    "rate": Gauge("share", Decimal(0), Decimal(1)),
    "days": Gauge("days", least=Decimal(0)),
}
NEVER = "no customer can ever meet the condition of 'l1'"
ALWAYS = "every customer meets the condition of 'l1'"
EITHER = [" or ".join(f"{name} == {number}" for number in range(16)) for name in ("n", "paid")]
MANY = f"when: ({EITHER[0]}) and ({EITHER[1]})"


def ruleset(kind: str, *levels: str, code: str = "size") -> str:
    """A rule set without examples; a level is its keys."""
    written = "".join(
        f"  - {{level: l{number}, label: {{en: L, zh: 级}}, {level}}}\n" for number, level in enumerate(levels, start=1)
    )
    return f"ruleset: {code}\nkind: {kind}\nlabel: {{en: Size, zh: 规模}}\nlevels:\n{written}"


def told(*texts: str) -> list[tuple[str, str]]:
    """Check and message of each warning."""
    _, problems = read_rules({f"{number}.yaml": text for number, text in enumerate(texts)}, SCHEMA, GAUGES)
    assert {found.check for found in problems if found.severity == "error"} <= {"missing-example"}
    return [(found.check, found.message) for found in problems if found.severity == "warning"]


@pytest.mark.parametrize(
    ("_case", "levels", "above"),
    [
        ("a narrower number below", ("when: n >= 6", "when: n >= 50"), "'l1' above takes"),
        ("the same condition again", ("when: n >= 6", "when: n >= 6"), "'l1' above takes"),
        ("the next number", ("when: n > 5", "when: n >= 6"), "'l1' above takes"),
        ("a further clause below", ("when: n >= 6", "when: n >= 6 and vip"), "'l1' above takes"),
        ("a clause of two features below", ("when: n >= 6", "when: n >= 7 and n > 2 * paid"), "'l1' above takes"),
        ("either of two above", ("when: n >= 6 or vip", "when: vip and n < 3"), "'l1' above takes"),
        ("halves above", ("when: n >= 6", "when: n < 6", "when: vip"), "the levels above take"),
        ("words above", ('when: kind == "company"', 'when: kind != "company"', "when: n > 3"), "the levels above take"),
        ("unknown taken for a number", ("when: (m ?? 9) > 5", "when: m == null"), "'l1' above takes"),
    ],
)
def test_a_level_that_nobody_can_reach_is_told(_case: str, levels: tuple[str, ...], above: str) -> None:
    said = f"'l{len(levels)}' is never reached: {above} everyone who meets its condition"
    assert told(ruleset("tier", *levels)) == [("shadowed-level", said)]


@pytest.mark.parametrize(
    ("_case", "kind", "levels"),
    [
        ("the wider below", "tier", ("when: n >= 50", "when: n >= 6")),
        ("one customer is left", "tier", ("when: n >= 7", "when: n >= 6")),
        ("a flag asks for each alone", "flag", ("when: n >= 6", "when: n >= 50")),
        ("a further clause above", "tier", ("when: n >= 6 and vip", "when: n >= 6")),
        ("above it depends on two features", "tier", ("when: n >= 2 * paid", "when: n >= 50")),
        ("above it may fail", "tier", ("when: 1 / n > 0 or n >= 6", "when: n >= 50")),
        ("unknown is taken by neither", "tier", ("when: (m ?? 0) > 5", "when: m == null")),
        ("the rest", "tier", ("when: n >= 6", "otherwise: true")),
        ("other words", "tier", ('when: kind == "company"', 'when: kind == "person"')),
        ("a variant is looser below", "tier", ("when: n >= 6", "when: n >= 50, variants: [{for: vip, when: n >= 1}]")),
        ("nested bands of a flag", "flag", ("when: n >= 10", "when: n >= 20", "when: n >= 10 and n < 15")),
        ("bands that meet", "flag", ("when: n < 10", "when: n >= 10 and n < 20", "when: n >= 20")),
        ("whole bands that meet", "flag", ("when: n <= 9", "when: n >= 10 and n <= 19")),
        ("a wide gap", "flag", ("when: n < 10", "when: n > 20")),
        ("bands of two features", "flag", ("when: n < 10", "when: paid > 5 and paid < 10")),
        ("a count of nothing", "flag", ("when: n == 0",)),
        ("a whole share", "flag", ("when: (rate ?? 0) >= 1",)),
        ("days", "flag", ("when: (days ?? 0) >= 86399",)),
        ("two amounts, a hundred times apart", "flag", ("when: paid >= 100", "when: paid >= 10000")),
        ("three amounts", "flag", ("when: paid >= 10000", "when: paid >= 300000", "when: paid >= 1000000")),
        ("amounts without minor units", "flag", ("when: yen >= 1", "when: yen >= 5", "when: yen >= 500")),
        ("too many parts", "tier", (MANY, MANY)),
    ],
)
def test_what_may_be_meant_is_not_told(_case: str, kind: str, levels: tuple[str, ...]) -> None:
    assert told(ruleset(kind, *levels)) == []


@pytest.mark.parametrize(
    ("_case", "when", "check", "said"),
    [
        ("parts that contradict", "n > 5 and n < 3", "never-true", NEVER),
        ("no number between", "n > 5 and n < 6", "never-true", NEVER),
        ("below what a count can be", "n < 0", "never-true", NEVER),
        ("two words", 'kind == "company" and kind == "person"', "never-true", NEVER),
        ("or for and", "n > 3 or n < 5", "always-true", ALWAYS),
        ("what every count is", "n >= 0", "always-true", ALWAYS),
        ("all words", 'kind in ["company", "person"]', "always-true", ALWAYS),
        ("all but no word", 'kind != "company" or kind != "person"', "always-true", ALWAYS),
    ],
)
def test_a_condition_that_sorts_nobody_out_is_told(_case: str, when: str, check: str, said: str) -> None:
    assert told(ruleset("flag", f"when: '{when}'")) == [(check, said)]


def test_a_warning_that_never_fires_is_told() -> None:
    text = """
ruleset: signs
kind: warning
label: {en: Signs, zh: 征兆}
warnings:
  - {warning: gone, label: {en: Gone, zh: 走}, when: n > 5 and n < 5, severity: high, route: [sales], reason: gone}
"""
    assert told(text) == [("never-true", "no customer can ever meet the condition of 'gone'")]


@pytest.mark.parametrize(
    ("_case", "kind", "levels", "check", "said"),
    [
        (
            "one number",
            "flag",
            ("when: n <= 10", "when: n >= 10"),
            "overlapping-bands",
            "'l1' and 'l2' both take n = 10",
        ),
        (
            "some numbers",
            "tier",
            ("when: n > 0 and n < 20", "when: n >= 10 and n < 90"),
            "overlapping-bands",
            "'l1' and 'l2' both take n from 10 to 19",
        ),
        (
            "amounts",
            "flag",
            ("when: paid <= 10", "when: paid > 9.97"),
            "overlapping-bands",
            "'l1' and 'l2' both take paid from 9.98 to 10.00",
        ),
        (
            "one number forgotten",
            "flag",
            ("when: n < 10", "when: n > 10"),
            "band-gap",
            "neither 'l1' nor 'l2' takes n = 10",
        ),
        (
            "one fen forgotten",
            "tier",
            ("when: paid > 10", "when: paid < 10"),
            "band-gap",
            "neither 'l2' nor 'l1' takes paid = 10.00",
        ),
        (
            "one float forgotten",
            "flag",
            ("when: (rate ?? 0) < 0.5", "when: (rate ?? 0) > 0.5"),
            "band-gap",
            "neither 'l1' nor 'l2' takes rate = 0.5",
        ),
    ],
)
def test_bands_that_do_not_meet_are_told(_case: str, kind: str, levels: tuple[str, ...], check: str, said: str) -> None:
    assert told(ruleset(kind, *levels)) == [(check, said)]


@pytest.mark.parametrize(
    ("_case", "levels", "said"),
    [
        ("per cent", ("when: (rate ?? 100) < 95",), "'rate' is a share, 1 for all; 95 looks like per cent"),
        ("seconds", ("when: (days ?? 0) > 2592000",), "'days' counts days; 2592000 looks like seconds"),
        (
            "fen",
            ("when: paid >= 50000000", "when: paid >= 500000", "when: paid >= 60000"),
            "50000000 for 'paid' is 500000 in minor units; amounts are in major ones",
        ),
    ],
)
def test_a_number_in_another_unit_is_told(_case: str, levels: tuple[str, ...], said: str) -> None:
    assert told(ruleset("flag", *levels)) == [("unit-mismatch", said)]


def test_amounts_of_other_files_show_the_unit() -> None:
    others = [ruleset("flag", f"when: paid >= {number}", code=f"r{number}") for number in (500000, 60000)]
    said = "50000000 for 'paid' is 500000 in minor units; amounts are in major ones"
    assert told(*others, ruleset("flag", "when: paid >= 50000000")) == [("unit-mismatch", said)]


def test_a_number_in_a_score_is_looked_at_where_it_stands() -> None:
    text = """ruleset: worth
kind: score
label: {en: Worth, zh: 价值}
points:
  - {when: (rate ?? 0) > 95, points: 5}
levels:
  - {level: high, label: {en: H, zh: 高}, at_least: 5}
"""
    _, problems = read_rules({"worth.yaml": text}, SCHEMA, GAUGES)
    (found,) = [problem for problem in problems if problem.severity == "warning"]
    assert (found.check, str(found.place), found.remedy) == ("unit-mismatch", "worth.yaml:5:26", "write 0.95")


def test_nothing_is_told_of_a_file_with_a_mistake() -> None:
    _, problems = read_rules({"a.yaml": ruleset("tier", "when: n >= 6", "when: n >= 50", "when: mm > 1")}, SCHEMA)
    assert [found.check for found in problems] == ["unknown-feature"]
