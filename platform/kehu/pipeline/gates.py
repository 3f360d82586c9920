"""A gate: an expression over a difference's figures, written in the rule language."""

from collections.abc import Mapping
from dataclasses import replace

from kehu.model.feature_types import Schema
from kehu.model.problems import Place, Problem, RefusedError, did_you_mean
from kehu.rules.compiler import Compiled, compile_condition
from kehu.rules.interpreter import Interpreter, engine_row


def read_gate(text: str, figures: Schema, option: str) -> Compiled:
    """The expression, checked. Raises RefusedError with all that is wrong; places count columns in `option`'s text."""
    compiled = compile_condition(text, figures, None, lambda offset: Place(option, 1, offset + 1))
    if isinstance(compiled, list):
        raise RefusedError(_about_figures(problem, figures) for problem in compiled)
    return compiled


def gate_holds(gate: Compiled, values: Mapping[str, object], figures: Schema, option: str) -> bool:
    """Whether the expression is true of the values as stored (decimals as scaled whole numbers).

    Raises RefusedError where it has no value, as where it divides by zero: a gate must not stand open unseen.
    """
    outcome = Interpreter(gate.root).outcome(engine_row(values, figures))
    if outcome is None:
        remedy = "ask first what it divides by: moved > 0 and …"
        raise RefusedError([Problem(Place(option), "no-value", "the expression has no value here", remedy)])
    return outcome


def _about_figures(problem: Problem, figures: Schema) -> Problem:
    """Names are those of figures here, where rules name features."""
    if problem.check != "unknown-feature":
        return problem
    name = problem.message.split("'")[1]
    said = f"unknown figure '{name}'"
    remedy = did_you_mean(name, figures) or f"choose one of {', '.join(sorted(figures))}"
    return replace(problem, check="unknown-figure", message=said, remedy=remedy)
