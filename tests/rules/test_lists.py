"""Conditions over lists, slices and bits answer as the interpreter does, on hand-picked and on random rows."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl
import pytest

from kehu.model.feature_types import POLARS_TYPES, FeatureType, Schema
from kehu.model.problems import Place
from kehu.rules.compiler import Compiled, compile_condition
from kehu.rules.interpreter import Interpreter, engine_row

AS_OF = datetime(2024, 2, 29, 12, 0, 30, tzinfo=UTC)
SCHEMA: Schema = {
    "services": FeatureType("strings"),
    "modes": FeatureType("strings", words=("air", "sea")),
    "sizes": FeatureType("integers", digits=6),
    "count": FeatureType("integer", digits=6),
    "small": FeatureType("integer", digits=3),
    "amount": FeatureType("decimal", scale=2),
    "name": FeatureType("string"),
    "region": FeatureType("string", nullable=True),
    "seen_at": FeatureType("instant"),
    "agreed": FeatureType("boolean"),
}
NEUTRAL: dict[str, object] = {
    "services": [], "modes": [], "sizes": [], "count": 0, "small": 0, "amount": 0, "name": "", "region": None,
    "seen_at": AS_OF, "agreed": False,
}  # fmt: skip
T, F, E = True, False, None  # E: the interpreter raises

MEANINGS: list[tuple[str, str, str, list[tuple[object, bool | None]]]] = [
    ("a text in a list", '"air" in services', "services", [(["air", "sea"], T), (["sea"], F), ([], F)]),
    ("a text not in a list", '"air" not in services', "services", [(["air"], F), ([], T)]),
    ("a feature in a list", "count in sizes", "sizes", [([0], T), ([1], F), ([], F)]),
    ("unknown is in no list", 'region in ["x"] or region in services', "services", [(["x"], F)]),
    ("a list's length", "services.length == 2", "services", [(["a", "b"], T), (["a"], F)]),
    ("an empty list", "sizes.is_empty", "sizes", [([], T), ([1], F)]),
    ("an empty list counts as false", "not services", "services", [([], T), ([""], F)]),
    ("an item", 'services[0] == "a"', "services", [(["a", "b"], T), (["b"], F), ([], E)]),
    ("an item from the end", "sizes[-2] == 1", "sizes", [([1, 2], T), ([1], E)]),
    ("an item if there is one", "(sizes&[1] ?? 9) == 9", "sizes", [([1], T), ([1, 2], F), ([1, 9], T)]),
    ("any item", "$any([x > 2 for x in sizes])", "sizes", [([1, 3], T), ([1, 2], F), ([], F)]),
    ("all items", "$all([x > 2 for x in sizes])", "sizes", [([3, 4], T), ([1, 3], F), ([], T)]),
    ("any item itself", "$any(sizes)", "sizes", [([0], F), ([0, 1], T)]),
    ("the sum of some items", "$sum([x * 2 for x in sizes if x > 1]) == 10", "sizes", [([1, 2, 3], T), ([], F)]),
    ("the sum of no items is 0", "$sum(sizes) == 0", "sizes", [([], T), ([1], F)]),
    ("how many items", '$sum([1 for x in services if x =~ "a"]) == 2', "services", [(["a", "ab", "b"], T), ([], F)]),
    ("the largest item", "$max(sizes) == 3", "sizes", [([1, 3], T), ([4], F), ([], E)]),
    ("the smallest of some", "$min([x for x in sizes if x > 1]) == 2", "sizes", [([1, 2], T), ([1], E)]),
    ("items of items", "[x for x in [y + 1 for y in sizes] if x > 2].length == 1", "sizes", [([1, 2], T), ([2, 3], F)]),
    ("items turned", '"A" in [x.as_upper for x in services]', "services", [(["a"], T), (["b"], F)]),
    ("halves among items", "0.5 in [x * 0.5 for x in sizes]", "sizes", [([1], T), ([2], F)]),
    ("items of a written list", "$any([x > 2 for x in [count, small]])", "count", [(3, T), (2, F)]),
    ("a written list's member", "[count, small][0] == 3", "count", [(3, T), (2, F)]),
    ("the first items", "services[:1].length == 1", "services", [(["a", "b"], T), ([], F)]),
    ("the last items", '"b" in services[-1:]', "services", [(["a", "b"], T), (["b", "a"], F), ([], F)]),
    ("the first characters", 'name[0:2] == "ab"', "name", [("abc", T), ("ab", T), ("a", F), ("", F)]),
    ("characters past the end", 'name[1:9] == "bc"', "name", [("abc", T), ("a", F)]),
    ("the last characters", 'name[-2:] == "bc"', "name", [("abc", T), ("bc", T), ("c", F)]),
    ("all but the last", 'name[:-1] == "客"', "name", [("客户", T), ("客", F), ("", F)]),
    ("a slice that ends before it begins", 'name[2:1] == ""', "name", [("abc", T)]),
    ("a slice to a feature", 'name[:count] == ""', "name", [("abc", T)]),
    ("a slice of unknown", 'region&[0:1] == "a"', "region", [("abc", T), (None, F)]),
    ("bits in common", "count & 6 == 2", "count", [(3, T), (6, F), (-1, E)]),
    ("bits of either", "count | 1 == 3", "count", [(2, T), (4, F), (-2, E)]),
    ("bits of one only", "count ^ 1 == 2", "count", [(3, T), (2, F)]),
    ("bits moved", "count << 2 == 12 and count >> 1 == 1", "count", [(3, T), (4, F), (-1, E)]),
    ("seconds since 1970", "seen_at.to_epoch == 1709208030", "seen_at", [(AS_OF, T)]),
    ("the zone", 'seen_at.zone_name == "UTC"', "seen_at", [(AS_OF, T)]),
]  # fmt: skip


@pytest.mark.parametrize(("_case", "text", "feature", "rows"), MEANINGS)
def test_a_condition_means_what_the_interpreter_says(
    _case: str, text: str, feature: str, rows: list[tuple[object, bool | None]]
) -> None:
    frame = frame_of([{**NEUTRAL, feature: value} for value, _ in rows])
    (ours,), (theirs,) = answers([condition(text)], frame)
    assert ours == [expected for _, expected in rows]
    assert theirs == ours


REFUSALS = [
    ("another feature beside an item", "$any([x > count for x in sizes])", "unsupported", "outside"),
    ("a body that may fail", "$any([1 / x > 1 for x in sizes])", "unsupported", "for every item"),
    ("a condition that may fail", "[x for x in sizes if 1 / x > 1].length > 1", "unsupported", "for every item"),
    ("a body that may be unknown", "$any([x&[0] for x in services])", "nullable-operand", "(x&[0] ?? '')"),
    ("instants gathered", "[seen_at for x in sizes].length > 1", "unsupported", "outside"),
    ("a variable named as a feature", "[count for count in sizes].length > 1", "unsupported", "another variable"),
    ("a variable within itself", "[x for x in [x for x in sizes] if $any([x for x in [x]])].length > 0",
     "unsupported", "another variable"),
    ("a written list sifted", "[x for x in [count] if x > 1].length > 1", "unsupported", "joined by"),
    ("a number among texts", "1 in services", "never-equal", "own type"),
    ("a word not declared", '"rail" in modes', "unknown-word", "air, sea"),
    ("decimals among whole numbers", "amount in sizes", "type-mismatch", ".floor"),
    ("lists as a whole", 'services == ["air"]', "unsupported", "'x in list'"),
    ("a list as condition", "services", "condition-not-boolean", "services.length > 0"),
    ("a list by default", "(services ?? []).length > 1", "unsupported", ""),
    ("texts summed", "$sum(services) > 1", "wrong-arguments", "list of numbers"),
    ("a written list beyond its end", "[count][3] == 1", "constant-fails", "it has 1"),
    ("shifted by a feature", "count << small > 1", "unsupported", "power of two"),
    ("bits of a decimal", "amount & 1 == 1", "type-mismatch", ".floor"),
]  # fmt: skip


@pytest.mark.parametrize(("_case", "text", "check", "remedy"), REFUSALS)
def test_what_is_refused_says_what_to_write(_case: str, text: str, check: str, remedy: str) -> None:
    result = compile_condition(text, SCHEMA, AS_OF, place)
    assert isinstance(result, list)
    assert [problem.check for problem in result] == [check]
    assert remedy in result[0].remedy


@dataclass
class Grammar:
    """Random conditions over lists; `depth` comprehensions at most."""

    dice: random.Random
    depth: int = 2

    def pick(self, *options: Callable[[], str]) -> str:
        return self.dice.choice(options)()

    def one(self, *words: str) -> str:
        return self.dice.choice(words)

    def condition(self) -> str:
        order = ("<", "<=", ">", ">=", "==", "!=")
        return self.pick(
            lambda: f"{self.number()} {self.one(*order)} {self.number()}",
            lambda: f"{self.text()} {self.one(*order)} {self.text()}",
            lambda: f"{self.text()} {self.one('in', 'not in')} {self.texts()}",
            lambda: f"region in {self.texts()}",
            lambda: f"{self.number()} {self.one('in', 'not in')} {self.numbers()}",
            lambda: f"{self.one('$any', '$all')}({self.one(self.texts(), self.numbers(), self.truths())})",
            lambda: f"({self.one(self.texts(), self.numbers())}).is_empty",
            lambda: f"({self.condition()}) {self.one('and', 'or')} ({self.condition()})",
            lambda: f"not {self.one(self.texts(), self.numbers())}",
        )

    def number(self) -> str:
        return self.pick(
            lambda: self.one("count", "small", "0", "1", "2", "7", "-1"),
            lambda: f"({self.one(self.texts(), self.numbers())}).length",
            lambda: f"{self.one('$sum', '$max', '$min')}({self.numbers()})",
            lambda: f"({self.numbers()})[{self.position()}]",
            lambda: f"(({self.numbers()})&[{self.position()}] ?? {self.one('count', '3')})",
            lambda: f"({self.one('count', 'small', '5')} {self.one('&', '|', '^')} {self.one('count', 'small', '6')})",
            lambda: f"(small {self.one('<<', '>>')} {self.one('0', '1', '3')})",
        )

    def text(self) -> str:
        return self.pick(
            lambda: self.one("name", "'air'", "''", "'客户'", "(region ?? 'sea')"),
            lambda: f"({self.texts()})[{self.position()}]",
            lambda: f"(({self.texts()})&[{self.position()}] ?? name)",
            lambda: f"({self.one('name', '(region ?? name)')})[{self.edge()}:{self.edge()}]",
            lambda: f"(region&[{self.edge()}:{self.edge()}] ?? 'x')",
        )

    def position(self) -> str:
        return self.one("0", "1", "-1", "-2", "small", "count")

    def edge(self) -> str:
        return self.one("", "", "0", "1", "2", "-1", "-3", "99", "small", "count", "null")

    def texts(self) -> str:
        if self.depth <= 0:
            return self.one("services", "modes")
        under = Grammar(self.dice, self.depth - 1)
        variable = f"x{self.depth}"
        body = self.one(variable, f"{variable}.as_upper", f"({variable} + 'a')", f"{variable}[0:1]", f"{variable}[-2:]")
        return self.pick(
            lambda: self.one("services", "modes"),
            lambda: f"[{body} for {variable} in {under.texts()}]",
            lambda: f"[{body} for {variable} in {under.texts()} if {self.about_text(variable)}]",
            lambda: f"({under.texts()})[{self.edge()}:{self.edge()}]",
        )

    def numbers(self) -> str:
        if self.depth <= 0:
            return "sizes"
        under = Grammar(self.dice, self.depth - 1)
        variable = f"y{self.depth}"
        body = self.one(variable, f"{variable} * 2", f"$abs({variable})", f"{variable} * 0.5", "1", f"(7 - {variable})")
        return self.pick(
            lambda: "sizes",
            lambda: f"[{body} for {variable} in {under.numbers()}]",
            lambda: f"[{body} for {variable} in {under.numbers()} if {self.about_number(variable)}]",
            lambda: f"[{variable}.length for {variable} in {under.texts()}]",
            lambda: f"({under.numbers()})[{self.edge()}:{self.edge()}]",
        )

    def truths(self) -> str:
        under = Grammar(self.dice, self.depth - 1)
        return self.pick(
            lambda: f"[{self.about_text('t')} for t in {under.texts()}]",
            lambda: f"[{self.about_number('n')} for n in {under.numbers()}]",
            lambda: "[n > count for n in [small, 1, 2]]",
        )

    def about_text(self, variable: str) -> str:
        return self.one(
            f"{variable} == 'air'", f"{variable} =~ 'a'", f"{variable}.length > 2", f"'a' in {variable}", variable,
            f"{variable} in ['air', 'sea']", f"not {variable}.is_empty", f"({variable}&[1] ?? 'i') == 'i'", "true",
        )  # fmt: skip

    def about_number(self, variable: str) -> str:
        return self.one(
            f"{variable} > 1", f"{variable} % 2 == 0", f"{variable} in [1, 2, 3]", variable, f"{variable} / 3 >= 1",
            f"{variable} ** 2 < 10", f"not ({variable} > 2)", f"({variable} > 0 ? true : false)",
        )  # fmt: skip


@pytest.mark.parametrize(
    "seed", [1, 2, pytest.param(3, marks=pytest.mark.slow), pytest.param(4, marks=pytest.mark.slow)]
)
def test_random_conditions_over_lists_answer_as_the_interpreter(seed: int) -> None:
    dice = random.Random(seed)
    compiled = 0
    for _ in range(24 if seed < 3 else 32):
        frame = frame_of([random_row(dice) for _ in range(16)])
        texts = [Grammar(dice).condition() for _ in range(25)]
        results = [compile_condition(text, SCHEMA, AS_OF, place) for text in texts]
        found = [(text, each) for text, each in zip(texts, results, strict=True) if isinstance(each, Compiled)]
        compiled += len(found)
        for (text, _), ours, theirs in zip(found, *answers([each for _, each in found], frame), strict=True):
            assert ours == theirs, (text, frame.rows(named=True))
    assert compiled > 400


def random_row(dice: random.Random) -> dict[str, object]:
    def some(*values: object) -> list[object]:
        return sorted(dice.sample(values, dice.randrange(len(values) + 1)))  # type: ignore[type-var]

    return {
        "services": some("", "air", "sea", "客户", "AIR", "i"),
        "modes": some("air", "sea"),
        "sizes": some(-3, 0, 1, 2, 3, 7, 999),
        "count": dice.choice((-2, 0, 1, 2, 5, 100)),
        "small": dice.choice((-1, 0, 1, 2, 3)),
        "amount": dice.choice((0, 250)),
        "name": dice.choice(("", "a", "air", "客户北京", "abcdef")),
        "region": dice.choice((None, "", "sea", "华东一区")),
        "seen_at": AS_OF,
        "agreed": dice.choice((True, False)),
    }


Answers = list[bool | None]


def answers(conditions: list[Compiled], frame: pl.DataFrame) -> tuple[list[Answers], list[Answers]]:
    """By condition and row what the columns say and what the interpreter says; None where it raises."""
    matches = [each.match.alias(f"match {at}") for at, each in enumerate(conditions)]
    errors = [each.error.alias(f"error {at}") for at, each in enumerate(conditions)]
    columns = frame.select(pl.col("count"), *matches, *errors)
    rows = [engine_row(row, SCHEMA) for row in frame.iter_rows(named=True)]
    ours, theirs = [], []
    for at, each in enumerate(conditions):
        told = zip(columns[f"match {at}"], columns[f"error {at}"], strict=True)
        ours.append([None if error else match for match, error in told])
        interpreter = Interpreter(each.root)
        theirs.append([interpreter.outcome(row) for row in rows])
    return ours, theirs


def condition(text: str) -> Compiled:
    result = compile_condition(text, SCHEMA, AS_OF, place)
    assert isinstance(result, Compiled), result
    return result


def place(offset: int) -> Place:
    return Place("rules.yaml", 1, offset + 1)


def frame_of(rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={name: POLARS_TYPES[kind.kind] for name, kind in SCHEMA.items()})
