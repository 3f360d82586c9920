"""Conditions compiled and interpreted over the same rows: every row must have the same answer, raising included."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import polars as pl
from rule_engine import DataType
from rule_engine.engine._attribute_resolver import _AttributeResolver
from tests.rules.adversarial import AS_OF, SCHEMA, feature_rows
from tests.rules.grammar import Grammar, Sentence

from kehu.model.problems import Place, Problem
from kehu.rules.compiler import Compiled, compile_condition
from kehu.rules.instants import EPOCH
from kehu.rules.interpreter import Interpreter, engine_row

BATCH = 40  # conditions that share their rows
WHOLE = Grammar()
ROUGH = {"approximate", "regex-approximate"}

# What is written on purpose although Python and rule-engine warn that it may mean something else one day.
STRANGE = (
    "ignore:Possible (nested set|set):FutureWarning",
    "ignore:accessing attribute .* on a MAPPING:rule_engine.errors.MappingAttributeLookupDeprecation",
)

Answer = bool | str  # true, false, or why there is neither
Row = dict[str, object]
Compile = Callable[[str], Compiled | list[Problem]]
Write = Callable[[random.Random, list[Row]], Sentence]


def compiled(text: str) -> Compiled | list[Problem]:
    """The condition over SCHEMA."""
    return compile_condition(text, SCHEMA, AS_OF, lambda offset: Place("random", 1, offset + 1))


@dataclass(slots=True)
class Batch:
    """Conditions with rows to try them on; what the interpreter says is asked once."""

    sentences: list[Sentence]
    frame: pl.DataFrame
    rows: list[Row]
    _verdicts: dict[str, list[Answer]] = field(default_factory=dict)

    def verdicts(self, sentence: Sentence, root: object) -> list[Answer]:
        """The interpreter's answer on each row."""
        if sentence.text not in self._verdicts:
            oracle = Interpreter(root)
            outcomes = (oracle.outcome(row) for row in self.rows)
            self._verdicts[sentence.text] = ["raises" if each is None else each for each in outcomes]
        return self._verdicts[sentence.text]


def batches(write: Write, *, seed: int, count: int, rows: int) -> Iterator[Batch]:
    """`count` conditions in all; the same seed gives the same ones."""
    dice = random.Random(seed)
    for begun in range(0, count, BATCH):
        frame = feature_rows(dice, rows)
        read = [engine_row(row, SCHEMA) for row in frame.iter_rows(named=True)]
        yield Batch([write(dice, read) for _ in range(min(BATCH, count - begun))], frame, read)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A row that the columns answer differently."""

    text: str
    row: Row
    interpreted: Answer
    computed: Answer

    def __str__(self) -> str:
        named = {name: value for name, value in self.row.items() if name in self.text}
        return f"{self.text}\n    on {named}: interpreted {self.interpreted}, computed {self.computed}"


@dataclass(slots=True)
class Tally:
    """What became of the conditions. Those warned of as rounded are counted apart and may differ."""

    compile: Compile = compiled
    fates: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    explained: Counter[str] = field(default_factory=Counter)
    wrong: list[Mismatch] = field(default_factory=list)
    rough: list[Mismatch] = field(default_factory=list)

    @property
    def told(self) -> str:
        """The counts in one line."""
        refusals = ", ".join(f"{check} {times:,}" for check, times in self.refusals.most_common())
        classes = Counter(f"{each.interpreted} for {each.computed}" for each in self.wrong)
        wrong = "; ".join(f"{kind}: {times:,}" for kind, times in classes.items()) or "none"
        explained = "".join(f"; {times:,} explained: {why}" for why, times in self.explained.items())
        return (
            f"{self.fates['generated']:,} conditions: {self.fates['exact']:,} exact, {self.fates['with care']:,} with "
            f"care ({len({each.text for each in self.rough}):,} of them differ), {self.fates['refused']:,} refused "
            f"({refusals}); {self.fates['telling']:,} divide the rows\n    {self.rows.total():,} rows compared, "
            f"{self.rows['raises']:,} of them raise; mismatches: {wrong}{explained}"
        )

    @property
    def shortest(self) -> list[Mismatch]:
        """Up to ten mismatches of different conditions, the shortest first."""
        return sorted({each.text: each for each in self.wrong}.values(), key=lambda each: len(each.text))[:10]

    def take(self, batch: Batch) -> None:
        """Compile the conditions, compute their columns together and compare each row."""
        found: list[tuple[Sentence, Compiled]] = []
        for sentence in batch.sentences:
            result = self.compile(sentence.text)
            self.fates["generated"] += 1
            if isinstance(result, list):
                self.fates["refused"] += 1
                self.refusals[result[0].check] += 1
            else:
                found.append((sentence, result))
        columns = computed([each for _, each in found], batch.frame)
        for (sentence, each), answers in zip(found, columns, strict=True):
            self._compare(sentence, each, answers, batch)

    def _compare(self, sentence: Sentence, result: Compiled, answers: list[Answer], batch: Batch) -> None:
        rough = bool(ROUGH & {warning.check for warning in result.warnings})
        self.fates["with care" if rough else "exact"] += 1
        verdicts = batch.verdicts(sentence, result.root)
        self.fates["telling"] += len(set(verdicts)) > 1
        self.reached.update(() if rough else sentence.productions)
        self.rows.update(map(str, verdicts))
        for row, ours, theirs in zip(batch.rows, answers, verdicts, strict=True):
            if ours == theirs:
                continue
            if not rough and ours == _answer_with_exact_seconds(result.root, row):
                self.explained["seconds of more than 272 years, which only the interpreter rounds"] += 1
                continue
            (self.rough if rough else self.wrong).append(Mismatch(sentence.text, row, theirs, ours))


def _answer_with_exact_seconds(root: object, row: Row) -> Answer:
    """What the interpreter would say if it did not hold `total_seconds` and `to_epoch` in a float."""
    known = _AttributeResolver.attribute.type_map
    registered = (known[DataType.TIMEDELTA]["total_seconds"], known[DataType.DATETIME]["to_epoch"])
    rounding = [each.function for each in registered]
    registered[0].function = lambda _, value: _seconds(value)
    registered[1].function = lambda _, value: _seconds(value - EPOCH)
    try:
        outcome = Interpreter(root).outcome(row)
    finally:
        for each, function in zip(registered, rounding, strict=True):
            each.function = function
    return "raises" if outcome is None else outcome


def _seconds(value: timedelta) -> Decimal:
    return Decimal(value // timedelta(microseconds=1)).scaleb(-6)


def computed(conditions: list[Compiled], frame: pl.DataFrame) -> list[list[Answer]]:
    """The answers of each condition on each row; all in one query, each alone where that fails."""
    try:
        answers = _selected(conditions, frame)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        if len(conditions) == 1:
            return [[f"fails the query: {type(error).__name__}"] * frame.height]
        return [computed([each], frame)[0] for each in conditions]
    return answers


def _selected(conditions: list[Compiled], frame: pl.DataFrame) -> list[list[Answer]]:
    table = frame.select(
        pl.col("i1"),  # so that a constant has as many rows
        *(each.match.alias(f"match {at}") for at, each in enumerate(conditions)),
        *(each.error.alias(f"error {at}") for at, each in enumerate(conditions)),
    )
    return [
        [_answer(*pair) for pair in zip(table[f"match {at}"], table[f"error {at}"], strict=True)]
        for at in range(len(conditions))
    ]


def _answer(match: object, error: object) -> Answer:
    if not isinstance(match, bool) or not isinstance(error, bool):
        return f"gives {match} with error {error}"
    if match and error:
        return "matches and raises"
    return "raises" if error else match


def tally_of(write: Write, *, seed: int, count: int, rows: int) -> Tally:
    """The tally of `count` conditions, each tried on `rows` rows."""
    tally = Tally()
    for batch in batches(write, seed=seed, count=count, rows=rows):
        tally.take(batch)
    return tally


def uniform(dice: random.Random, _rows: list[Row]) -> Sentence:
    """Any condition."""
    return WHOLE.sentence("boolean", dice.choice((1, 2, 2, 3)), dice.choice)


def mixed(dice: random.Random, _rows: list[Row]) -> Sentence:
    """A condition that takes no care of types."""
    return WHOLE.sentence("mixed", dice.choice((1, 2)), dice.choice)
