"""Random conditions, compiled and interpreted: every row must have the same answer, raising included."""

import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

import polars as pl
import pytest

from kehu.model.feature_types import POLARS_TYPES, FeatureType
from kehu.model.problems import Place
from kehu.rules.compiler import Compiled, compile_condition
from kehu.rules.interpreter import Interpreter, engine_context, engine_row
from kehu.rules.trees import ENGINE_ERRORS, parse

AS_OF = datetime(2024, 2, 29, 13, 37, 5, 250_001, tzinfo=UTC)
PLAIN = {
    "i1": FeatureType("integer", digits=6), "i2": FeatureType("integer"),
    "d1": FeatureType("decimal", scale=2, digits=9), "d2": FeatureType("decimal", scale=3),
    "f1": FeatureType("float"), "s1": FeatureType("string"), "b1": FeatureType("boolean"), "t1": FeatureType("instant"),
}  # fmt: skip
SCHEMA = PLAIN | {f"{name[0]}n1": replace(kind, nullable=True) for name, kind in PLAIN.items() if name.endswith("1")}
INTEGERS = (0, 0, 1, -1, 2, 3, -3, 7, -7, 10, 100, 333, 999_999, -999_999)
LARGE = (*INTEGERS, 10**15 - 1, -(10**15) + 1, 123_456_789_012_345)
FLOATS = (0.0, -0.0, 0.1, 0.3, 0.30000000000000004, -2.5, 1.0, 3.0, 7.0, 1e-9, 123456.789, 2.9999999999999996)
TEXTS = ("", "a", "abc", "abc\n", "ABC", "VIP 客户", "ß", "e\u0301 VIP", "北京", "a1 b2", "0", "x_y", "İ", "ab\x1cc")
INSTANTS = (
    datetime(2024, 2, 29, tzinfo=UTC),
    datetime(2024, 2, 29, 13, 37, 5, 250_001, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2023, 12, 31, 12, 0, 1, tzinfo=UTC),
    datetime(2099, 7, 5, 6, 7, 8, 9, tzinfo=UTC),
)
VALUES: dict[str, tuple[object, ...]] = {
    "i1": INTEGERS, "i2": LARGE, "d1": (*INTEGERS, 33_333, 250, -1005), "d2": (*LARGE, 100_500),
    "f1": FLOATS, "s1": TEXTS, "b1": (True, False), "t1": INSTANTS,
}  # fmt: skip
NUMBERS = ("0", "1", "2", "3", "7", "10", "100", "0.3", "2.5", "111.11", "33.33", "0.125", "10.050", "1e3", "-4")
PATTERNS = (
    r"\w+", r"\d", r"\s*", "a|b", "[^a-c]", "(?:VIP|abc)", ".", "", "^a", "abc$", r"\D+", r"[\w ]+", r"\W",
    r"\S{2,3}", "(b+)?", "北", r"a.*?c\Z", r"(?i)ABC", r"\bVIP\b", "(?s)c.", r"\.", "[.$]", r"(x|abc$)",
)  # fmt: skip
ROUGH = {"approximate", "regex-approximate"}


def feature_rows(dice: random.Random, count: int) -> pl.DataFrame:
    def column(name: str, kind: FeatureType) -> pl.Series:
        values = VALUES[name.replace("n1", "1")] + ((None,) * 4 if kind.nullable else ())
        return pl.Series(name, [dice.choice(values) for _ in range(count)], dtype=POLARS_TYPES[kind.kind])

    return pl.DataFrame([column(name, kind) for name, kind in SCHEMA.items()])


@dataclass
class Grammar:
    """Every production of a type is as likely as every other; `depth` operators at most."""

    dice: random.Random
    depth: int
    floats: bool = True

    def pick(self, *options: Callable[[], str]) -> str:
        return self.dice.choice(options)()

    def one(self, *words: str) -> str:
        return self.dice.choice(words)

    def deeper(self) -> "Grammar":
        return Grammar(self.dice, self.depth - 1, self.floats)

    def number(self) -> str:
        names = ["i1", "i2", "d1", "d2", *(["f1"] if self.floats else [])]
        leaves = [lambda: self.one(*names), lambda: self.one(*names), lambda: self.one(*NUMBERS)]
        if self.depth <= 0:
            return self.pick(*leaves)
        under = self.deeper()
        return self.pick(
            *leaves,
            lambda: f"({under.number()} {self.one('+', '-', '*', '/', '//', '%')} {under.number()})",
            lambda: f"({under.number()} {self.one('+', '-', '*', '/', '//', '%')} {self.one(*NUMBERS)})",
            lambda: f"({under.number()} ** {self.one('1', '2', '3')})",
            lambda: f"(-{under.number()})",
            lambda: f"({under.boolean()} ? {under.number()} : {under.number()})",
            lambda: f"({under.nullable_number()} ?? {under.number()})",
            lambda: f"$abs({under.number()})",
            lambda: f"{self.one('$max', '$min', '$sum')}([{under.number()}, {under.number()}])",
            lambda: f"({under.number()}).{self.one('floor', 'ceiling', 'to_int', 'to_flt')}",
            lambda: f"({under.text()}).length",
            lambda: (
                f"({under.instant()}).{self.one('year', 'month', 'day', 'hour', 'minute', 'second', 'millisecond')}"
            ),
            lambda: f"({under.duration()}).{self.one('days', 'seconds', 'microseconds', 'total_seconds')}",
        )

    def nullable_number(self) -> str:
        leaves = [lambda: self.one("in1", "dn1", *(["fn1"] if self.floats else []))]
        if self.depth <= 0:
            return self.pick(*leaves)
        under = self.deeper()
        return self.pick(
            *leaves,
            lambda: "sn1&.length",
            lambda: f"tn1&.{self.one('year', 'day', 'hour')}",
            lambda: f"({under.boolean()} ? {under.nullable_number()} : {under.number()})",
            lambda: f"({under.nullable_number()} ?? {under.nullable_number()})",
        )

    def text(self) -> str:
        leaves = [lambda: "s1", lambda: self.one("'a'", "'abc'", "''", "'北京'", r"'abc\n'", "'VIP'", "'ß'")]
        if self.depth <= 0:
            return self.pick(*leaves)
        under = self.deeper()
        return self.pick(
            *leaves,
            lambda: f"({under.text()} + {under.text()})",
            lambda: f"({under.text()}).{self.one('as_lower', 'as_upper', 'to_str')}",
            lambda: f"({under.text()})[{self.one('0', '1', '-1', '-3', 'i1')}]",
            lambda: f"(({under.text()})&[{self.one('0', '-2', 'i1')}] ?? {under.text()})",
            lambda: f"({under.nullable_text()} ?? {under.text()})",
            lambda: f"({under.boolean()} ? {under.text()} : {under.text()})",
            lambda: f"({under.instant()}).weekday",
        )

    def nullable_text(self) -> str:
        return self.one("sn1", "sn1&.as_upper", "sn1&.as_lower", "sn1&[1]", "tn1&.weekday", "(b1 ? sn1 : s1)")

    def instant(self) -> str:
        leaves = [
            lambda: "t1",
            lambda: self.one("$now", "$today", 'd"2024-02-29"', 'd"2023-12-31T12:00:01"', 'd"1970-01-01T00:00:00Z"'),
        ]
        if self.depth <= 0:
            return self.pick(*leaves)
        under = self.deeper()
        return self.pick(
            *leaves,
            lambda: f"({under.instant()} {self.one('+', '-')} {under.duration()})",
            lambda: f"({under.instant()}).date",
            lambda: f"(tn1 ?? {under.instant()})",
            lambda: f"({under.boolean()} ? {under.instant()} : {under.instant()})",
        )

    def duration(self) -> str:
        leaves = [lambda: self.one('t"P90D"', 't"PT1S"', 't"P1DT2H3M4S"', 't"P0D"', 't"P4000W"')]
        if self.depth <= 0:
            return self.pick(*leaves)
        under = self.deeper()
        return self.pick(
            *leaves,
            lambda: f"({under.instant()} - {under.instant()})",
            lambda: f"({under.duration()} {self.one('+', '-')} {under.duration()})",
            lambda: f"(-{under.duration()})",
        )

    def boolean(self) -> str:
        leaves = [lambda: "b1", lambda: self.one("true", "false"), lambda: "(bn1 ?? false)"]
        if self.depth <= 0:
            return self.pick(*leaves)
        under = self.deeper()
        order, same = ("<", "<=", ">", ">=", "==", "!="), ("==", "!=")
        return self.pick(
            *leaves,
            lambda: f"({under.number()} {self.one(*order)} {under.number()})",
            lambda: f"({under.number()} {self.one(*order)} {self.one(*NUMBERS)})",
            lambda: f"({under.text()} {self.one(*order)} {under.text()})",
            lambda: f"({under.instant()} {self.one(*order)} {under.instant()})",
            lambda: f"({under.duration()} {self.one(*order)} {under.duration()})",
            lambda: f"({under.nullable_number()} {self.one(*same)} {under.number()})",
            lambda: f"({under.nullable_number()} {self.one(*same)} {under.nullable_number()})",
            lambda: (
                f"({under.nullable_text()} {self.one(*same)} {self.one(under.text(), under.nullable_text(), 'null')})"
            ),
            lambda: f"({self.one('in1', 'fn1', 'sn1', 'tn1', 'bn1')} {self.one(*same)} null)",
            lambda: f"({under.number()} {self.one('in', 'not in')} [{under.number()}, {self.one(*NUMBERS)}, null])",
            lambda: f"({under.nullable_number()} in [{self.one(*NUMBERS)}, {self.one('null', '2')}, 7])",
            lambda: f"({under.nullable_text()} in ['a', 'ABC', {self.one('null', 's1')}])",
            lambda: f"({self.one('b1', 'bn1')} in [true, {self.one('null', 'b1', 'false')}])",
            lambda: f"({self.one('tn1', under.instant())} in [$today, {under.instant()}])",
            lambda: f"({under.text()} {self.one('in', 'not in')} {under.text()})",
            lambda: f"({under.boolean()} {self.one('and', 'or')} {under.boolean()})",
            lambda: f"({self.loose(under)} {self.one('and', 'or')} {self.loose(under)})",
            lambda: f"(not {self.loose(under)})",
            lambda: f"({under.boolean()} ? {under.boolean()} : {under.boolean()})",
            lambda: f"({under.boolean()} {self.one(*order)} {under.boolean()})",
            lambda: f"({under.text()} {self.one('=~', '=~~', '!~', '!~~')} {self.pattern()})",
            lambda: f"({under.text()}).{self.one('starts_with', 'ends_with')}({under.text()})",
            lambda: f"({under.text()}).is_empty",
            lambda: f"{self.one('$any', '$all')}([{self.loose(under)}, {self.loose(under)}])",
            lambda: f"((sn1&.is_empty) ?? {under.boolean()})",
        )

    def loose(self, under: "Grammar") -> str:
        return self.pick(
            under.boolean, under.number, under.text, under.duration, under.nullable_number, under.nullable_text
        )

    def pattern(self) -> str:
        return 'r"' + self.one("", self.one(*PATTERNS)) + self.one(*PATTERNS) + '"'


@dataclass
class Tally:
    """What became of the conditions; `wrong` holds text, row and both answers."""

    seen: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, dict[str, object], bool | None, bool | None]] = field(default_factory=list)
    rough: list[str] = field(default_factory=list)

    def compare(self, texts: list[str], frame: pl.DataFrame) -> None:
        compiled: list[tuple[str, Compiled]] = []
        for text in texts:
            result = compile_condition(text, SCHEMA, AS_OF, lambda offset: Place("random", 1, offset + 1))
            if isinstance(result, list):
                self.seen["refused"] += 1
                self.seen[result[0].check] += 1
            else:
                compiled.append((text, result))
        answers = frame.select(
            pl.lit(0),
            *(each.match.alias(f"m{at}") for at, (_, each) in enumerate(compiled)),
            *(each.error.alias(f"e{at}") for at, (_, each) in enumerate(compiled)),
            pl.col("i1"),
        )
        rows = [engine_row(row, SCHEMA) for row in frame.iter_rows(named=True)]
        for at, (text, each) in enumerate(compiled):
            self.one(text, each, list(zip(answers[f"m{at}"], answers[f"e{at}"], strict=True)), rows)

    def one(
        self, text: str, compiled: Compiled, answers: list[tuple[bool, bool]], rows: list[dict[str, object]]
    ) -> None:
        oracle = Interpreter(compiled.root)
        rough = bool(ROUGH & {warning.check for warning in compiled.warnings})
        self.seen["rough" if rough else "exact"] += 1
        for row, (match, error) in zip(rows, answers, strict=True):
            assert match is not None
            assert error is not None
            ours, theirs = (None if error else match), oracle.outcome(row)
            self.seen["rows"] += 1
            self.seen["raising rows"] += theirs is None
            if ours == theirs and not (match and error):
                continue
            if rough:
                self.rough.append(text)
            else:
                self.wrong.append((text, row, theirs, ours))


def tally_of(make: Callable[[random.Random], str], *, seed: int, count: int, rows: int) -> Tally:
    dice = random.Random(seed)
    tally = Tally()
    for _ in range(0, count, 50):
        tally.compare([make(dice) for _ in range(50)], feature_rows(dice, rows))
    sys.stdout.write(f"\nseed {seed}: {dict(tally.seen)}, rough conditions that differ: {len(set(tally.rough))}\n")
    return tally


def boundary(dice: random.Random) -> str:
    """A number compared with exactly the value it has on some row."""
    row = engine_row(feature_rows(dice, 1).row(0, named=True), SCHEMA)
    while True:
        text = Grammar(dice, dice.choice((1, 2)), floats=False).number()
        parsed = parse(text, engine_context(SCHEMA, AS_OF))
        if parsed.root is None or parsed.faults:
            continue
        try:
            value = Interpreter(parsed.root).value(row)
        except ENGINE_ERRORS:
            continue
        if isinstance(value, Decimal) and value.is_finite():
            return f"{text} {dice.choice(('<', '<=', '>', '>=', '==', '!='))} {value:f}"


def test_random_conditions_answer_as_the_interpreter() -> None:
    tally = tally_of(lambda dice: Grammar(dice, dice.choice((1, 2, 3))).boolean(), seed=11, count=1500, rows=40)
    assert tally.wrong == []
    assert tally.seen["exact"] > 1000


def test_numbers_at_their_own_value_answer_as_the_interpreter() -> None:
    tally = tally_of(boundary, seed=12, count=800, rows=40)
    assert tally.wrong == []
    assert tally.seen["exact"] > 500


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 110))
def test_many_random_conditions_answer_as_the_interpreter(seed: int) -> None:
    tally = tally_of(lambda dice: Grammar(dice, dice.choice((2, 3, 4))).boolean(), seed=seed, count=2000, rows=100)
    assert tally.wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200, 205))
def test_many_numbers_at_their_own_value_answer_as_the_interpreter(seed: int) -> None:
    assert tally_of(boundary, seed=seed, count=2000, rows=100).wrong == []
