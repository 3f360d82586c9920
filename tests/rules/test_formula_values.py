"""Random formulas have the interpreter's very value on each row, and none where it raises."""

import random
from collections import Counter
from collections.abc import Callable
from decimal import Decimal

import pytest
from tests.rules.adversarial import AS_OF, SCHEMA, feature_rows
from tests.rules.differential import ROUGH, STRANGE, WHOLE, Row

from kehu.model.problems import Place
from kehu.rules.compiler import CompiledValue, compile_value
from kehu.rules.interpreter import Interpreter, engine_row, engine_value
from kehu.rules.trees import ENGINE_ERRORS

pytestmark = [pytest.mark.slow, *(pytest.mark.filterwarnings(each) for each in STRANGE)]
KINDS = ("number", "arithmetic", "quotient", "bitwise", "of_list", "part", "number_maybe", "text", "text_maybe")
FORMULAS, ROWS, SHARING = 1_500, 14, 30
NEAR = 1e-12  # a quotient becomes a float; its last digits are no promise
FAR = ("total_seconds", "to_epoch")  # the interpreter rounds them beyond 272 years


def test_random_formulas_have_the_values_of_the_interpreter(tell: Callable[[str], None]) -> None:
    dice, fates, wrong = random.Random(15), Counter[str](), list[str]()
    for _ in range(FORMULAS // SHARING):
        frame = feature_rows(dice, ROWS)
        rows = [engine_row(row, SCHEMA) for row in frame.iter_rows(named=True)]
        for _ in range(SHARING):
            text = WHOLE.sentence(dice.choice((*KINDS, "instant", "boolean")), dice.choice((1, 2)), dice.choice).text
            formula = compile_value(text, SCHEMA, AS_OF, lambda offset: Place("random", 1, offset + 1))
            fates[_fate(text, formula)] += 1
            if isinstance(formula, CompiledValue) and _fate(text, formula) == "exact":
                table = frame.select(frame["i1"], value=formula.value, error=formula.error)
                for row, value, error in zip(rows, table["value"], table["error"], strict=True):
                    found = "raises" if error else engine_value(value, formula.type)
                    expected = _interpreted(formula, row)
                    fates["rows"] += 1
                    if not _same(found, expected):
                        wrong.append(f"{text} is {expected}, computed {found}, on {row}")
    tell(f"formulas, seed 15: {dict(fates)}; mismatches: {len(wrong) or 'none'}")
    assert wrong == []
    assert fates["exact"] > 0.75 * FORMULAS


def _fate(text: str, formula: object) -> str:
    if not isinstance(formula, CompiledValue):
        return "refused"
    if any(name in text for name in FAR):
        return "left out"
    return "with care" if ROUGH & {warning.check for warning in formula.warnings} else "exact"


def _interpreted(formula: CompiledValue, row: Row) -> object:
    try:
        return Interpreter(formula.root).value(row)
    except ENGINE_ERRORS:
        return "raises"


def _same(found: object, expected: object) -> bool:
    if isinstance(found, float) and isinstance(expected, Decimal):
        return abs(found - float(expected)) <= NEAR * abs(found)
    return isinstance(found, bool) == isinstance(expected, bool) and found == expected
