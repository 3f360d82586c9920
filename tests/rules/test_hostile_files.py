"""Files made to break the reader: each is refused with a message, whatever its size and depth."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kehu.features.catalogue import read_catalogue
from kehu.model.feature_types import Schema
from kehu.model.problems import RefusedError
from kehu.rules.backtracking import SlowPatternError, check_pattern
from kehu.rules.reading import read_rules
from kehu.workspace.texts import read_texts

MANY = 10_000


def flag(condition: str, rest: str = "") -> str:
    """A rule file of one flag."""
    return (
        "ruleset: hostile\nkind: flag\nlabel: {en: Hostile, zh: 恶意}\nlevels:\n"
        f"  - level: one\n    label: {{en: One, zh: 一}}\n    when: |\n      {condition}\n{rest}"
    )


def score(points: str) -> str:
    """A rule file of one score."""
    return (
        "ruleset: hostile\nkind: score\nlabel: {en: Hostile, zh: 恶意}\n"
        f"points:\n  - {{when: contacts > 1, points: {points}}}\n"
        "levels:\n  - {level: one, label: {en: One, zh: 一}, at_least: 1}\n"
    )


def warning(reason: str) -> str:
    """A rule file of one warning."""
    return (
        "ruleset: hostile\nkind: warning\nlabel: {en: Hostile, zh: 恶意}\n"
        "warnings:\n  - warning: one\n    label: {en: One, zh: 一}\n    when: contacts > 1\n"
        f"    severity: low\n    route: [sales]\n    reason: '{reason}'\n"
    )


def examples(*given: str) -> str:
    """Examples that expect nothing."""
    return "examples:\n" + "".join(f"  - {{given: {{{each}}}, expect: []}}\n" for each in given)


MATCHED = examples(f"kind: {'a' * 99}!")
BEFORE_ALL = examples("contacts: 1").replace("[]", "[], as_of: 0001-01-01T00:00+14:00")


def bomb() -> str:
    """Nine aliases to nine aliases, and so on: a billion nodes once resolved."""
    layer = "{0}: &{0} [{1}]\n".format
    layers = [layer(name, ", ".join([f"*{before}"] * 9)) for before, name in zip("abcdefgh", "bcdefghi", strict=True)]
    return "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(layers)


RULES: list[tuple[str, Callable[[], str], str]] = [
    ("ten megabytes of one word", lambda: "x" * 10_000_000, "file-too-large"),
    ("ten megabytes of blanks", lambda: " " * 10_000_000, "file-too-large"),
    ("ten megabytes of items", lambda: "- a\n" * 2_500_000, "file-too-large"),
    ("ten megabytes of condition", lambda: flag("contacts > 1 #" + "x" * 10_000_000), "file-too-large"),
    ("a bomb of aliases", bomb, "yaml-alias"),
    ("brackets that never close", lambda: "ruleset: " + "[" * 200_000, "yaml-depth"),
    ("brackets that close", lambda: "ruleset: " + "[" * 20_000 + "]" * 20_000, "yaml-depth"),
    ("braces within braces", lambda: "ruleset: " + "{a: " * 20_000 + "}" * 20_000, "yaml-depth"),
    ("keys within keys", lambda: "".join(" " * depth + "a:\n" for depth in range(600)), "yaml-depth"),
    ("dashes within dashes", lambda: "- " * 20_000 + "a", "yaml-depth"),
    ("terms joined by and", lambda: flag(" and ".join(["contacts > 1"] * MANY)), "too-deep"),
    ("terms joined by or", lambda: flag(" or ".join(["contacts > 1"] * MANY)), "too-deep"),
    ("terms added up", lambda: flag(" + ".join(["contacts"] * MANY) + " > 1"), "too-deep"),
    ("choices within choices", lambda: flag("contacts > 1 ? 1 : " * MANY + "2"), "too-deep"),
    ("not upon not", lambda: flag("not " * MANY + "(contacts > 1)"), "too-deep"),
    ("lists within lists", lambda: flag("contacts in " + "[" * MANY + "]" * MANY), "too-deep"),
    ("brackets of a condition", lambda: flag("(" * MANY), "syntax"),
    ("a number of many digits", lambda: flag("contacts > " + "9" * 200_000), "too-many-digits"),
    ("a tower of powers", lambda: flag("9 ** 9 ** 9 ** 9 > contacts"), "too-many-digits"),
    ("a constant too large", lambda: flag("contacts > 2 ** 1000000000"), "constant-fails"),
    ("groups within groups", lambda: flag(f'kind =~ "{"(" * 5_000}a{")" * 5_000}"'), "regex-unsupported"),
    ("options behind options", lambda: flag(f'kind =~ "{"a?" * MANY}"'), "regex-unsupported"),
    ("a text matched for ever", lambda: flag('kind =~ "(a+)+$"', MATCHED), "regex-unsupported"),
    ("a constant matched for ever", lambda: flag(f'"{"a" * 99}!" =~ "(a+)+$"'), "regex-unsupported"),
    ("a very long example", lambda: flag("contacts > 1", examples(f"kind: {'a' * 200_000}")), "example-value"),
    ("an example's many digits", lambda: flag("contacts > 1", examples(f"contacts: {'9' * 200_000}")), "example-value"),
    ("an instant before all", lambda: flag("contacts > 1", BEFORE_ALL), "example-value"),
    ("points of many digits", lambda: score("9" * MANY), "bad-points"),
    ("a reason without end", lambda: warning("{x}" * MANY), "wrong-shape"),
    ("a control character", lambda: "ruleset: \x00", "yaml-syntax"),
]  # fmt: skip


@pytest.mark.parametrize(("_case", "text", "check"), RULES, ids=[case for case, _, _ in RULES])
def test_a_hostile_rule_file_is_refused(
    _case: str, text: Callable[[], str], check: str, shipped_schema: Schema
) -> None:
    book, problems = read_rules({"hostile.yaml": text()}, shipped_schema)
    assert check in {problem.check for problem in problems}
    assert book.rulesets == ()


def feature(operation: str) -> str:
    """A feature file of one feature."""
    return f"one:\n  {operation}\n  unit: things\n  label: {{en: One, zh: 一}}\n  meaning: one\n"


def circle(length: int) -> str:
    """Formulas of which each needs the next, and the last the first."""
    files = (feature(f"formula: f{(at + 1) % length}").replace("one:", f"f{at}:") for at in range(length))
    return "".join(files)


FEATURES: list[tuple[str, Callable[[], str], str]] = [
    ("ten megabytes", lambda: feature("count: " + "x" * 10_000_000), "file-too-large"),
    ("a bomb of aliases", bomb, "yaml-alias"),
    ("braces within braces", lambda: "one: " + "{count: " * 20_000 + "}" * 20_000, "yaml-depth"),
    ("a formula of many terms", lambda: feature("formula: " + " + ".join(["1"] * MANY)), "too-deep"),
    ("a long circle", lambda: circle(500), "feature-cycle"),
    ("a value of many digits", lambda: feature("max: shipments.revenue\n  missing: " + "9" * MANY), "feature-missing"),
    ("an infinite value", lambda: feature("mean: shipments.revenue\n  missing: 1.5e999999"), "feature-missing"),
]  # fmt: skip


@pytest.mark.parametrize(("_case", "text", "check"), FEATURES, ids=[case for case, _, _ in FEATURES])
def test_a_hostile_feature_file_is_refused(_case: str, text: Callable[[], str], check: str) -> None:
    catalogue, problems = read_catalogue({"hostile.yaml": text()}, money_digits=2)
    assert check in {problem.check for problem in problems}
    assert catalogue.declarations == ()


@pytest.mark.parametrize(
    ("_case", "content", "said"),
    [
        ("GBK", "ruleset: 客户\n".encode("gbk"), r"1:10: error[not-utf-8]: the file is not UTF-8: byte '\xbf'"),
        ("UTF-16", "ruleset: a\n".encode("utf-16"), r"1:1: error[not-utf-8]: the file is not UTF-8: byte '\xff'"),
        ("cut off", "ruleset: 客".encode()[:-1], r"1:10: error[not-utf-8]: the file is not UTF-8: byte '\xe5'"),
    ],
)
def test_a_file_that_is_not_utf_8_is_refused(_case: str, content: bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "hostile.yaml"
    file.write_bytes(content)
    with pytest.raises(RefusedError) as refused:
        read_texts({"hostile.yaml": file})
    assert [str(problem) for problem in refused.value.problems] == [f"{file}:{said} (save it as UTF-8 in the editor)"]


PATTERNS = [
    ("plain", "VIP", True), ("four open repeats", r"a.*b.*c\d+x\w*", True),
    ("a list of words", "(?:东|华南|west)+", True),
    ("a phone", r"^\d{3,4}-\d{7,8}$", True), ("fixed repeats", "(?:ab){3}", True), ("not a pattern", "(", True),
    ("five open repeats", "a*b*c*d*e*", False), ("a repeat in a repeat", "(a+)+", False),
    ("a lazy one", "(?:a*?)*", False), ("alike in a repeat", "(?:ab|ac?d)*", False),
    ("within a look-ahead", "(?=(a+)+$)", False), ("many options", "a?" * 25, False),
    ("a possible group", "(a)?(?(1)(b+)+|c)", False),
]  # fmt: skip


@pytest.mark.parametrize(("_case", "pattern", "fine"), PATTERNS)
def test_a_pattern_is_tried_only_if_that_ends_soon(_case: str, pattern: str, fine: bool) -> None:  # noqa: FBT001
    if fine:
        check_pattern(pattern)
        return
    with pytest.raises(SlowPatternError, match="too many ways"):
        check_pattern(pattern)
