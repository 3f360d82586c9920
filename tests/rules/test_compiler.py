"""What a condition means, row by row, and what is refused with which words at which column."""

from datetime import UTC, datetime

import polars as pl
import pytest

from kehu.model.feature_types import POLARS_TYPES, FeatureType
from kehu.model.problems import Place, Problem
from kehu.rules.compiler import Compiled, CompiledValue, compile_condition, compile_value
from kehu.rules.interpreter import Interpreter, engine_row

AS_OF = datetime(2024, 2, 29, 12, 0, 30, tzinfo=UTC)
SCHEMA = {
    "count": FeatureType("integer", digits=6),
    "other": FeatureType("integer"),
    "days": FeatureType("integer", nullable=True),
    "amount": FeatureType("decimal", scale=2),
    "rate": FeatureType("float", nullable=True),
    "score": FeatureType("float"),
    "name": FeatureType("string"),
    "region": FeatureType("string", nullable=True),
    "kind": FeatureType("string", words=("company", "person")),
    "seen_at": FeatureType("instant"),
    "left_at": FeatureType("instant", nullable=True),
    "agreed": FeatureType("boolean"),
    "asked": FeatureType("boolean", nullable=True),
}
DAY = datetime(2024, 2, 28, tzinfo=UTC)
DAY_BEFORE = datetime(2024, 2, 28, 12, 0, 30, tzinfo=UTC)
MAYBE_FLOAT = FeatureType("float", nullable=True)
NEUTRAL: dict[str, object] = {
    "count": 0, "other": 0, "days": None, "amount": 0, "rate": None, "score": 0.0, "name": "", "region": None,
    "kind": "company", "seen_at": DAY, "left_at": None, "agreed": False, "asked": None,
}  # fmt: skip

T, F, E = True, False, None  # E: the interpreter raises

MEANINGS: list[tuple[str, str, str, list[tuple[object, bool | None]]]] = [
    ("null equals nothing but null", "days == 3", "days", [(3, T), (4, F), (None, F)]),
    ("null differs from a value", "days != 3", "days", [(3, F), (4, T), (None, T)]),
    ("a test for null", "days == null", "days", [(3, F), (None, T)]),
    ("two unknowns are equal", "days == (rate == null ? null : 1)", "days", [(None, T), (1, F)]),
    ("a default for unknown", "(days ?? 9) > 5", "days", [(5, F), (6, T), (None, T)]),
    ("not of unknown", "not asked", "asked", [(True, F), (False, T), (None, T)]),
    ("'and' with unknown", "asked and true", "asked", [(True, T), (None, F)]),
    ("zero is false", "not count", "count", [(0, T), (2, F)]),
    ("the empty text is false", "name and true", "name", [("", F), ("x", T)]),
    ("an integer above a fraction", "count > 2.5", "count", [(2, F), (3, T)]),
    ("an integer at most a fraction", "count <= 2.5", "count", [(2, T), (3, F)]),
    ("an integer below minus a fraction", "count < -2.5", "count", [(-3, T), (-2, F)]),
    ("an integer is never a fraction", "count == 2.5", "count", [(2, F), (3, F)]),
    ("an amount in yuan", "amount >= 500000", "amount", [(49_999_999, F), (50_000_000, T)]),
    ("an amount finer than its cents", "amount > 0.005", "amount", [(0, F), (1, T)]),
    ("a literal on the left", "10 < count", "count", [(10, F), (11, T)]),
    ("a literal beyond all integers", "count < 1e30", "count", [(5, T)]),
    ("a product of decimals is exact", "amount * 0.125 == 0.0125", "amount", [(10, T), (11, F)]),
    ("a share is exact at its edge", "count / 10 != 0.3", "count", [(3, F), (4, T)]),
    ("a third of an amount", "amount / 3 <= 111.11", "amount", [(33_333, T), (33_334, F)]),
    ("division by a negative turns the order", "count / -2 > 1", "count", [(-3, T), (-2, F), (3, F)]),
    ("division by zero raises", "10 / count > 2", "count", [(0, E), (4, T), (5, F), (-1, F)]),
    ("two quotients", "count / 3 < 10 / count", "count", [(5, T), (6, F), (-5, F), (0, E)]),
    ("whole division truncates", "count // 2 == -3", "count", [(-7, T), (-6, T), (-8, F), (-5, F)]),
    ("the remainder has the dividend's sign", "count % 3 == -1", "count", [(-7, T), (7, F), (-1, T)]),
    ("remainder by zero raises", "7 % count == 0", "count", [(0, E), (7, T)]),
    ("a power", "count ** 3 == -27", "count", [(-3, T), (3, F)]),
    ("powers go from the left", "2 ** 3 ** 2 == count", "count", [(64, T), (512, F)]),
    ("the size of a quotient", "$abs(count / -4) > 1.75", "count", [(8, T), (7, F), (-8, T), (-7, F)]),
    ("the right side of 'and' is not asked", "count > 0 and 10 / count > 2", "count", [(0, F), (4, T)]),
    ("the right side of 'or' is not asked", "count == 0 or 10 / count > 2", "count", [(0, T), (5, F)]),
    ("the left side of 'and' is asked", "10 / count > 2 and false", "count", [(0, E), (4, F)]),
    ("only one branch of '?:' is asked", "(count == 0 ? 0 : 10 / count) > 2", "count", [(0, F), (4, T)]),
    ("the default of '??' is not asked", "(days ?? 1 / count) == 3", "days", [(3, T), (None, E)]),
    ("true is 1 in a list only of its type", "agreed in [true]", "agreed", [(True, T), (False, F)]),
    ("null in a list", "days in [1, null]", "days", [(1, T), (None, T), (2, F)]),
    ("null not in a list", "days in [1, 2]", "days", [(1, T), (None, F)]),
    ("a text in a text", '"ab" in name', "name", [("cab", T), ("ba", F)]),
    ("an empty list", "count in []", "count", [(0, F)]),
    ("match is anchored", 'name =~ "b"', "name", [("ab", F), ("ba", T)]),
    ("search is not", 'name =~~ "b"', "name", [("ab", T), ("a", F)]),
    ("the end allows a line break", r'name =~~ r"b$"', "name", [("ab\n", T), ("ab\n\n", F), ("ba", F)]),
    ("the very end does not", r'name =~~ r"b\Z"', "name", [("ab\n", F), ("ab", T)]),
    ("a class of letters", r'name =~ r"\w+\Z"', "name", [("客户_1", T), ("a b", F)]),
    ("characters are counted", "name.length == 2", "name", [("客户", T), ("ß", F)]),
    ("upper case may grow", 'name.as_upper == "SS"', "name", [("ß", T)]),
    ("every text starts with nothing", 'name.starts_with("")', "name", [("", T), ("a", T)]),
    ("a character from the end", 'name[-1] == "b"', "name", [("ab", T), ("ba", F), ("", E)]),
    ("a character that may be missing", 'name&[1] == "b"', "name", [("ab", T), ("a", F)]),
    ("a character of one text or another", '(agreed ? "ab" : "ß")[-1] == "b"', "agreed", [(True, T), (False, F)]),
    ("texts in order", 'name < "北"', "name", [("a", T), ("京", T), ("客", F)]),
    ("a leap day", 'seen_at + t"P1D" == d"2024-02-29"', "seen_at", [(DAY, T), (AS_OF, F)]),
    ("a span since", '$now - seen_at > t"P1D"', "seen_at", [(DAY, T), (DAY_BEFORE, F)]),
    ("days are floored", "(seen_at - $now).days == -2", "seen_at", [(DAY, T), (DAY_BEFORE, F)]),
    ("a weekday", 'seen_at.weekday == "Wednesday"', "seen_at", [(DAY, T), (AS_OF, F)]),
    ("today is a day's start", "$today == seen_at.date", "seen_at", [(AS_OF, T), (DAY, F)]),
    ("past the last year", 'seen_at + t"P417000W" > $now', "seen_at", [(DAY, E)]),
    ("an attribute of unknown", "left_at&.year == 2024", "left_at", [(DAY, T), (None, F)]),
    ("the larger of two", "$max([count, 3]) == 3", "count", [(2, T), (4, F)]),
    ("any of a list", "$any([count > 3, agreed])", "count", [(4, T), (3, F)]),
    ("whole part below", "amount.floor == -1", "amount", [(-1, T), (-100, T), (-101, F)]),
    ("a float at its edge", "score >= 0.3", "score", [(0.3, T), (0.29999999999999993, F), (0.30000000000000004, T)]),
    ("a float against an amount", "score == amount", "score", [(0.0, T), (0.1, F)]),
    ("a comment inside", "count > 1 # more than one\n and count < 3", "count", [(2, T), (3, F)]),
]  # fmt: skip


@pytest.mark.parametrize(("_case", "text", "feature", "rows"), MEANINGS)
def test_a_condition_means_what_the_interpreter_says(
    _case: str, text: str, feature: str, rows: list[tuple[object, bool | None]]
) -> None:
    compiled = condition(text)
    frame = frame_of([{**NEUTRAL, feature: value} for value, _ in rows])
    columns = frame.select(pl.col("count"), match=compiled.match, error=compiled.error)
    ours = [None if error else match for match, error in zip(columns["match"], columns["error"], strict=True)]
    oracle = [Interpreter(compiled.root).outcome(engine_row(row, SCHEMA)) for row in frame.iter_rows(named=True)]
    assert ours == [expected for _, expected in rows]
    assert oracle == ours


def test_an_amount_over_its_cent_compares_with_a_float_exactly() -> None:
    compiled = condition("score == amount")
    frame = frame_of([{**NEUTRAL, "amount": cents, "score": cents / 100} for cents in range(-2000, 2000)])
    assert frame.select(match=compiled.match)["match"].all()
    assert frame.head(1).select(match=compiled.match)["match"].all()


REFUSALS = [
    ("an unknown feature", "count > 1 and\n  amout > 2", "unknown-feature", 2, 3, "did you mean 'amount'?"),
    ("an unknown in an order", "count > 1 and days > 2", "nullable-operand", 1, 15, "(days ?? 0)"),
    ("an unknown in arithmetic", "days + 1 > 2", "nullable-operand", 1, 1, "(days ?? 0)"),
    ("an unknown text", 'region =~ "x"', "nullable-operand", 1, 1, "(region ?? '')"),
    ("an unknown in a function", "$abs(days) > 2", "nullable-operand", 1, 6, "(days ?? 0)"),
    ("an unknown answer", "asked", "nullable-operand", 1, 1, "(asked ?? false)"),
    ("a number as condition", "count + 1", "condition-not-boolean", 1, 1, "count + 1 > 0"),
    ("text against number", 'count > "3"', "type-mismatch", 1, 9, ""),
    ("never equal", 'count == "3"', "never-equal", 1, 1, "one type"),
    ("a word not declared", 'kind == "compny"', "unknown-word", 1, 9, "did you mean 'company'?"),
    ("a word not declared in a list", 'kind in ["person", "firm"]', "unknown-word", 1, 20, "company, person"),
    ("a weekday misspelt", 'seen_at.weekday == "Mo"', "unknown-word", 1, 20, ""),
    ("an attribute misspelt", "name.lenght > 1", "unknown-attribute", 1, 6, "did you mean 'length'?"),
    ("a function misspelt", "$mix([count]) > 1", "unknown-builtin", 1, 1, "did you mean '$min'?"),
    ("sum of a column", "$sum(count) > 1", "wrong-arguments", 1, 1, ""),
    ("a constant that fails", "count > 1 / 0", "constant-fails", 1, 9, ""),
    ("infinity", "count < inf", "not-finite", 1, 9, ""),
    ("a float against many digits", "score > 0.1234567890123456", "too-many-digits", 1, 9, "15 digits"),
    ("a product too large", "other * other * count > 1", "too-many-digits", 1, 1, ""),
    ("a fractional power", "count ** 0.5 > 2", "inexact-power", 1, 1, ""),
    ("a remainder of floats", "score % 2 == 1", "inexact-remainder", 1, 1, ""),
    ("an instant with an offset", 'seen_at > d"2024-01-01T08:00+08:00"', "instant-offset", 1, 11, "2024-01-01T00"),
    ("an instant misspelt", 'seen_at > d"2024-13-01"', "bad-literal", 1, 11, "2024-06-30"),
    ("a duration misspelt", 'seen_at + t"30 days" > $now', "bad-literal", 1, 11, "P30D"),
    ("look-ahead", 'name =~ "(?=a)"', "regex-unsupported", 1, 9, ""),
    ("a back-reference", r'name =~ r"(a)\1"', "regex-unsupported", 1, 9, ""),
    ("a pattern in a feature", "name =~ name", "regex-unsupported", 1, 9, ""),
    ("no pattern", 'name =~ "("', "bad-pattern", 1, 9, ""),
    ("lists as a whole", "[count] == [1]", "unsupported", 1, 1, "'x in list'"),
    ("a mapping", '{"a": count}["a"] == 1', "unsupported", 1, 1, "? 1 : 2"),
    ("bytes", 'b"61" == b"61"', "unsupported", 1, 1, "compare texts"),
    ("a number as text", 'count.to_str == "1"', "unsupported", 1, 7, "the number itself"),
    ("chance", "$random(3) > 1", "unsupported", 1, 1, "count % 10"),
    ("one argument too many", "$max(count, other) > 1", "wrong-arguments", 1, 1, "$max([a, b])"),
    ("branches that differ", '(agreed ? 1 : "x") == 1', "type-mismatch", 1, 2, ""),
    ("&&", "count > 1 && agreed", "syntax", 1, 12, "'and' for '&&'"),
    ("||", "count > 1 || agreed", "syntax", 1, 12, "'or' for '||'"),
    ("AND", "count > 1 AND agreed", "syntax", 1, 11, "small letters"),
    ("one equals sign", "count = 1", "syntax", 1, 7, "'=='"),
    ("is null", "days is null", "syntax", 1, 6, "== null"),
    ("is not null", "days is not null", "syntax", 1, 6, "!= null"),
    ("between", "count between 1 and 2", "syntax", 1, 7, "x >= low"),
    ("like", 'name like "a%"', "syntax", 1, 6, "starts_with"),
    ("a list in round brackets", "count in (1, 2)", "syntax", 1, 12, "in [1, 2]"),
    ("a chained comparison", "1 < count < 3", "syntax", 1, 11, "two comparisons"),
    ("a separated number", "count > 1_000", "syntax", 1, 10, "without separators"),
    ("Chinese brackets", "（count > 1）", "syntax", 1, 1, "half-width"),
    ("an open end", "count > 1 and", "syntax", 1, 14, "complete it"),
    ("nothing", "", "syntax", 1, 1, "complete it"),
    ("too many levels", "(" * 150 + "not " * 150 + "agreed" + ")" * 150, "too-deep", 1, 151, "split"),
]  # fmt: skip


@pytest.mark.parametrize(("_case", "text", "check", "line", "column", "remedy"), REFUSALS)
def test_what_is_refused_says_where_and_what_to_do(
    _case: str, text: str, check: str, line: int, column: int, remedy: str
) -> None:
    (problem,) = problems(text)
    assert (problem.check, problem.place) == (check, Place("rules.yaml", line, column))
    assert remedy in problem.remedy


def test_all_problems_of_a_condition_are_found_at_once() -> None:
    found = problems('days > 1 and (kind == "x" or rate < 2) and nme == "a" and name.foo == 1 and score ** 2 > 1')
    assert [(problem.check, problem.place.column) for problem in found] == [
        ("nullable-operand", 1),
        ("unknown-word", 23),
        ("nullable-operand", 30),
        ("unknown-feature", 44),
        ("unknown-attribute", 64),
        ("inexact-power", 77),
    ]


WARNINGS = [
    ("float arithmetic", "score * 2 > 1", "approximate", 1),
    ("a quotient in a sum", "count / 3 + 1 > 2", "approximate", 1),
    ("an unknown in 'and'", "agreed and asked", "unknown-counts-false", 12),
    ("a test that never varies", "count == null", "never-null", 1),
    ("a word boundary", r'name =~~ r"\bVIP\b"', "regex-approximate", 10),
    ("case folding", 'name =~~ "(?i)vip"', "regex-approximate", 10),
]


@pytest.mark.parametrize(("_case", "text", "check", "column"), WARNINGS)
def test_what_needs_care_is_warned_of(_case: str, text: str, check: str, column: int) -> None:
    warnings = condition(text).warnings
    assert {(found.check, found.place.column, found.severity) for found in warnings} == {(check, column, "warning")}


def test_a_condition_names_its_features() -> None:
    assert condition("count > 1 or (days ?? 2) > 1 ? agreed : true").features == {"count", "days", "agreed"}


def test_the_time_is_refused_where_there_is_none() -> None:
    result = compile_condition("seen_at < $now", SCHEMA, None, place)
    assert isinstance(result, list)
    assert [problem.check for problem in result] == ["no-as-of"]


VALUES: list[tuple[str, str, dict[str, object], object, FeatureType]] = [
    ("a difference of amounts", "amount - 0.5", {"amount": 125}, 75, FeatureType("decimal", scale=2, digits=16)),
    ("a product gains decimals", "amount * 0.1", {"amount": 125}, 125, FeatureType("decimal", scale=3, digits=15)),
    ("a quotient is the nearest float", "count / other", {"count": 1, "other": 3}, 1 / 3, MAYBE_FLOAT),
    ("a quotient of equals is one", "count / other", {"count": 49, "other": 49}, 1.0, MAYBE_FLOAT),
    ("by a constant too", "count / 49", {"count": 49}, 1.0, FeatureType("float")),
    ("division by zero is unknown", "count / other", {"count": 1}, None, MAYBE_FLOAT),
    ("an unknown stays unknown", "days", {}, None, FeatureType("integer", nullable=True)),
    ("a default", "days ?? 7", {}, 7, FeatureType("integer")),
    ("a condition", "count > 1", {"count": 2}, True, FeatureType("boolean")),
    ("an instant", 'seen_at + t"P1D"', {}, datetime(2024, 2, 29, tzinfo=UTC), FeatureType("instant", nullable=True)),
    ("a text", 'agreed ? "yes" : "no"', {}, "no", FeatureType("string", words=("yes", "no"))),
]


@pytest.mark.parametrize(("_case", "text", "row", "value", "kind"), VALUES)
def test_a_formula_gives_a_value_and_its_type(
    _case: str, text: str, row: dict[str, object], value: object, kind: FeatureType
) -> None:
    compiled = compile_value(text, SCHEMA, AS_OF, place)
    assert isinstance(compiled, CompiledValue)
    assert compiled.type == kind
    for copies in (1, 3):
        frame = frame_of([{**NEUTRAL, **row}] * copies).select(pl.col("count"), value=compiled.value)
        assert frame["value"].to_list() == [value] * copies
        assert frame.schema["value"] == POLARS_TYPES[kind.kind]


def test_a_formula_that_raises_is_in_error() -> None:
    compiled = compile_value("count / other", SCHEMA, AS_OF, place)
    assert isinstance(compiled, CompiledValue)
    frame = frame_of([{**NEUTRAL, "other": 0}, {**NEUTRAL, "other": 2}])
    assert frame.select(error=compiled.error)["error"].to_list() == [True, False]


def test_a_duration_is_no_feature() -> None:
    result = compile_value("seen_at - $now", SCHEMA, AS_OF, place)
    assert isinstance(result, list)
    assert [problem.check for problem in result] == ["formula-type"]


def condition(text: str) -> Compiled:
    result = compile_condition(text, SCHEMA, AS_OF, place)
    assert isinstance(result, Compiled), result
    return result


def problems(text: str) -> list[Problem]:
    def line_and_column(offset: int) -> Place:
        before = text[:offset]
        return Place("rules.yaml", before.count("\n") + 1, offset - before.rfind("\n"))

    result = compile_condition(text, SCHEMA, AS_OF, line_and_column)
    assert isinstance(result, list)
    return result


def place(offset: int) -> Place:
    return Place("rules.yaml", 1, offset + 1)


def frame_of(rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={name: POLARS_TYPES[kind.kind] for name, kind in SCHEMA.items()})
