"""What a customer lacks to meet a condition: the number it has, the number it needs, the difference."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from kehu.model.feature_types import FeatureType, Schema
from kehu.rules.comparands import EQUAL, NUMBERS, Comparand, comparand_of, number_of, target_of
from kehu.rules.engine import ast
from kehu.rules.interpreter import Interpreter, engine_context, engine_row
from kehu.rules.points import Score, Term, score_of
from kehu.rules.trees import ENGINE_ERRORS, parse, symbols_of
from kehu.rules.truths import chain_of, negated_part, text_of
from kehu.rules.wording import worded


@dataclass(frozen=True, slots=True)
class Need:
    """One thing to change, said in `text`, or several in `parts`: all of them ("and") or any one ("or").

    `feature`, `actual`, `target` and `gap` stand where a number of a feature is what lacks; the target meets the
    condition, the gap is positive. A float that must be beyond a number has that number for its target. A score
    that lacks points has its parts for what would grant more, though one may not be enough.
    """

    text: str
    joined: Literal["", "and", "or"] = ""
    parts: tuple["Need", ...] = ()
    feature: str = ""
    actual: Decimal | None = None
    target: Decimal | None = None
    gap: Decimal | None = None


def need_of(text: str, row: Mapping[str, object], schema: Schema, as_of: datetime) -> Need | None:
    """What the row of a feature frame lacks to meet the checked condition; None when it does."""
    root = parse(text, engine_context(schema, as_of)).root
    return _Looking(text, engine_row(row, schema), schema).lacking(root, wanted=True)


@dataclass(frozen=True, slots=True)
class _Looking:
    """Looks for what lacks in one condition over one row of the interpreter."""

    text: str
    row: Mapping[str, object]
    schema: Schema

    def lacking(self, node: Any, *, wanted: bool) -> Need | None:
        """What must change so that the node becomes `wanted`; None when it is so."""
        outcome = Interpreter(node).outcome(self.row)
        if outcome is wanted:
            return None
        if isinstance(node, ast.LogicExpression):
            return self._several(node, wanted=wanted)
        denied = negated_part(node)
        if denied is not None:
            return self.lacking(denied, wanted=not wanted)
        if isinstance(node, ast.SymbolExpression):
            value = worded(self.row.get(node.name))
            return Need(f"{node.name} is {value}, needs {worded(wanted)}", feature=str(node.name))
        score = score_of(node)
        if score is not None and outcome is not None and wanted and score.operator in {"ge", "gt"}:
            return self._score(score)
        found = self._compared(node, wanted=wanted) if outcome is not None else None
        return found or Need(self._plainly(node, outcome))

    def _several(self, node: Any, *, wanted: bool) -> Need | None:
        """To make `and` true, or `or` false, every part that is otherwise must change; else any one will do."""
        found = tuple(need for side in chain_of(node) if (need := self.lacking(side, wanted=wanted)))
        if len(found) == 1:
            return found[0]
        joined: Literal["and", "or"] = "and" if (node.type == "and") is wanted else "or"
        return Need(f" {joined} ".join(map(_bracketed, found)), joined, found)

    def _score(self, score: Score) -> Need:
        """How many points lack, and by what each term would next grant more."""
        total = score.total(self.row)
        gap = score.bound - total
        beyond = "more than " if score.operator == "gt" else ""
        more = tuple(need for term in score.terms if (need := self._more(term)))
        said = f"score is {worded(total)}, needs {beyond}{worded(score.bound)}: {worded(gap)} more"
        told = f" ({'; '.join(need.text for need in more)})" if more else ""
        return Need(said + told, "or" if more else "", more, "", total, score.bound, gap)

    def _more(self, term: Term) -> Need | None:
        """What lacks for the nearest condition above the one that holds that grants more; None at the top."""
        index = term.granted(self.row)
        for condition, points in reversed(term.branches[:index]):
            extra = points - term.points(index)
            need = self.lacking(condition, wanted=True) if extra > 0 else None
            if need is not None:
                return replace(need, text=f"+{worded(extra)} where {need.text}")
        return None

    def _plainly(self, node: Any, outcome: bool | None) -> str:  # noqa: FBT001 - the outcome is the value told
        what = "cannot be computed" if outcome is None else f"is {worded(outcome)}"
        values = [
            f"{name} is {worded(self.row[name], self.schema[name])}"
            for name in sorted(symbols_of(node))
            if name in self.row
        ]
        return f"'{text_of(node, self.text)}' {what}" + (f" ({', '.join(values)})" if values else "")

    def _compared(self, node: Any, *, wanted: bool) -> Need | None:
        """A comparison of a feature with something that does not name it; None where it is another clause."""
        found = comparand_of(node, self.row, wanted=wanted)
        return None if found is None else self._distance(found)

    def _distance(self, found: Comparand) -> Need | None:
        name, operator, other = found.feature, found.operator, found.bound
        try:
            actual, bound = (Interpreter(part).value(self.row) for part in (found.side, other))
        except ENGINE_ERRORS:
            return None
        kind, unknown = self.schema[name], self.row[name] is None
        told = f"{name} is {worded(self.row[name], kind)}"
        told += f" (taken for {worded(actual)})" if unknown and actual is not None else ""
        have, limit = number_of(actual), number_of(bound)
        if kind.kind not in NUMBERS or have is None or limit is None:
            return Need(f"{told}, needs {_equal(operator, bound)}", feature=name) if operator in EQUAL else None
        target = target_of(operator, limit, kind)
        wanted = _wanted(operator, target, kind)
        if symbols_of(other):
            wanted += f" ({text_of(other, self.text)})"
        if unknown:
            return Need(f"{told}, needs {wanted}", feature=name, target=target)
        said = f"{told}, needs {wanted}{_gap(operator, target - have, kind)}"
        return Need(said, feature=name, actual=have, target=target, gap=abs(target - have))


def _equal(operator: str, bound: object) -> str:
    if bound is None:
        return "to be unknown" if operator == "eq" else "to be known"
    return worded(bound) if operator == "eq" else f"anything but {worded(bound)}"


def _bracketed(need: Need) -> str:
    return f"({need.text})" if need.joined else need.text


def _wanted(operator: str, target: Decimal, kind: FeatureType) -> str:
    beyond = kind.kind == "float"
    words = {
        "ge": "",
        "gt": "more than " if beyond else "",
        "le": "at most ",
        "lt": "less than " if beyond else "at most ",
        "ne": "anything but ",
    }
    return words.get(operator, "") + worded(target, kind)


def _gap(operator: str, gap: Decimal, kind: FeatureType) -> str:
    if operator == "ne" or not gap:
        return ""
    less = "fewer" if kind.kind == "integer" else "less"
    return f": {worded(abs(gap), kind)} {'more' if gap > 0 else less}"
