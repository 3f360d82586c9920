"""The proof of the compiler: random conditions answer as the interpreter does, row by row, raising included."""

import random
from collections.abc import Callable
from functools import cache

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.adversarial import SCHEMA, feature_rows
from tests.rules.boundaries import boundary
from tests.rules.differential import STRANGE, WHOLE, Batch, Row, Tally, Write, mixed, tally_of, uniform
from tests.rules.grammar import productions
from tests.rules.language import RULES

from kehu.rules.interpreter import engine_row

ROWS = 14
pytestmark = [pytest.mark.slow, *(pytest.mark.filterwarnings(each) for each in STRANGE)]
# Reached by the conditions that mix types, of which few compile.
APART = {"mixed", "anything", "attribute"}
# Beside the 4,800 that test_mutants.py compares first without a fault.
RUNS: dict[str, tuple[Write, int, int]] = {
    "any condition": (uniform, 11, 10_600),
    "at their edges": (boundary, 12, 4_600),
    "types mixed": (mixed, 13, 2_000),
}


@cache
def proof(name: str) -> Tally:
    write, seed, count = RUNS[name]
    return tally_of(write, seed=seed, count=count, rows=ROWS)


@pytest.mark.parametrize("name", RUNS)
def test_random_conditions_answer_as_the_interpreter(name: str, tell: Callable[[str], None]) -> None:
    tally = proof(name)
    tell(f"{name}, seed {RUNS[name][1]}: {tally.told}")
    assert not tally.wrong, "\n".join(map(str, tally.shortest))


@pytest.mark.parametrize(
    ("name", "exact", "telling", "raising"),
    [("any condition", 0.85, 0.5, 0.02), ("at their edges", 0.85, 0.4, 0.01), ("types mixed", 0.08, 0.03, 0.001)],
)
def test_few_conditions_are_refused_and_many_divide_the_rows(
    name: str, exact: float, telling: float, raising: float
) -> None:
    tally, count = proof(name), RUNS[name][2]
    assert tally.fates["generated"] == count
    assert tally.fates["exact"] >= exact * count
    assert tally.fates["telling"] >= telling * count
    assert tally.rows["raises"] >= raising * tally.rows.total()


def test_every_production_of_the_language_was_compiled_often(tell: Callable[[str], None]) -> None:
    reached = proof("any condition").reached
    times = {name: reached[name] for name in productions(set(RULES) - APART)}
    rarest = min(times, key=times.__getitem__)
    tell(f"{len(times)} productions, each compiled exactly at least {times[rarest]} times (fewest: {rarest})")
    assert times[rarest] >= 15


@settings(max_examples=150)
@given(st.data())
def test_a_condition_that_hypothesis_can_make_small_answers_as_the_interpreter(data: st.DataObject) -> None:
    sentence = WHOLE.sentence("boolean", 3, lambda options: data.draw(st.sampled_from(options)))
    tally = Tally()
    tally.take(Batch([sentence], *some_rows()))
    assert not tally.wrong, "\n".join(map(str, tally.shortest))


@cache
def some_rows() -> tuple[pl.DataFrame, list[Row]]:
    frame = feature_rows(random.Random(14), 60)
    return frame, [engine_row(row, SCHEMA) for row in frame.iter_rows(named=True)]
