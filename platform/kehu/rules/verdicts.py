"""What the rule sets say of one customer, and why: the clauses, the deciding ones, what lacks for more."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from kehu.model.feature_types import Label
from kehu.rules.book import RuleBook, RuleSet
from kehu.rules.conditions import PLACEHOLDER
from kehu.rules.evaluate import Evaluation, evaluate
from kehu.rules.needs import Need, need_of
from kehu.rules.reasons import features_in, warning_reasons
from kehu.rules.truths import Truth, deciding, truth_of


@dataclass(frozen=True, slots=True)
class Answer:
    """A level or a warning. `condition` is None for the level that takes the rest.

    `decided_by` are the clauses that made the condition true or false; `need` is what lacks, where the customer
    could come next: the level above its own in a tier, every level of a flag it has not. `reason` is the filled
    text of a warning that fires.
    """

    code: str
    label: Label
    holds: bool
    condition: Truth | None
    decided_by: tuple[Truth, ...] = ()
    need: Need | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule set's answers in the order of its file, and the codes of those that hold."""

    ruleset: str
    kind: str
    label: Label
    holding: tuple[str, ...]
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class _Customer:
    """One customer's row and what the compiled rules made of it."""

    row: Mapping[str, object]
    as_of: datetime
    holding: Mapping[str, tuple[str, ...]]
    reasons: Mapping[tuple[str, str], str]


def verdicts(book: RuleBook, features: pl.DataFrame, as_of: datetime) -> tuple[Verdict, ...]:
    """Every rule set's verdict on the one row of `features`, in the order of the book.

    Raises RefusedError when a feature the rules need is absent or breaks its contract, ValueError for other than
    one row.
    """
    if len(features) != 1:
        raise ValueError(f"one row is wanted, not {len(features)}")
    evaluation = evaluate(book, features, as_of)
    texts = warning_reasons(book, features, evaluation.warnings)["reason"]
    fired = evaluation.warnings.select("ruleset", "warning").rows()
    reasons = {(ruleset, code): text for (ruleset, code), text in zip(fired, texts, strict=True)}
    customer = _Customer(features.row(0, named=True), as_of, holding_of(evaluation), reasons)
    return tuple(_verdict(ruleset, book, customer) for ruleset in book.rulesets)


def used_features(book: RuleBook) -> set[str]:
    """The features that the book's conditions and reasons name."""
    named = {
        found[1] for item in book.rulesets for rule in item.warnings for found in PLACEHOLDER.finditer(rule.reason)
    }
    asked = (features_in(text, book.schema) for item in book.rulesets for _, text in item.conditions())
    return named.union(*asked)


def holding_of(evaluation: Evaluation) -> dict[str, tuple[str, ...]]:
    """The codes that hold by rule set, of an evaluation of one customer; rule sets without any are absent."""
    found: dict[str, tuple[str, ...]] = {}
    pairs = evaluation.memberships.select("ruleset", "level").rows()
    for ruleset, code in [*pairs, *evaluation.warnings.select("ruleset", "warning").rows()]:
        found[ruleset] = (*found.get(ruleset, ()), code)
    return found


def _verdict(ruleset: RuleSet, book: RuleBook, customer: _Customer) -> Verdict:
    holding = customer.holding.get(ruleset.code, ())
    codes = [(level.code, level.label) for level in ruleset.levels]
    codes += [(rule.code, rule.label) for rule in ruleset.warnings]
    names = [code for code, _ in codes]
    at = names.index(holding[0]) if ruleset.kind == "tier" and holding else len(names)
    answers = []
    for position, (code, label) in enumerate(codes):
        comes_next = position == at - 1 if ruleset.kind == "tier" else ruleset.kind == "flag"
        asked = ruleset.kind != "tier" or position <= at
        answers.append(_answer(ruleset, book, customer, (code, label), asked=asked, comes_next=comes_next))
    return Verdict(ruleset.code, ruleset.kind, ruleset.label, holding, tuple(answers))


def _answer(
    ruleset: RuleSet, book: RuleBook, customer: _Customer, named: tuple[str, Label], *, asked: bool, comes_next: bool
) -> Answer:
    code, label = named
    holds = code in customer.holding.get(ruleset.code, ())
    reason = customer.reasons.get((ruleset.code, code), "")
    text = dict(ruleset.conditions()).get(code)
    if text is None:
        return Answer(code, label, holds, None)
    if not asked:
        return Answer(code, label, holds, Truth(" ".join(text.split()), "skipped"))
    condition = truth_of(text, customer.row, book.schema, customer.as_of)
    need = need_of(text, customer.row, book.schema, customer.as_of) if comes_next and not holds else None
    return Answer(code, label, holds, condition, deciding(condition), need, reason)
