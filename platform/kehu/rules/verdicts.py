"""What the rule sets say of one customer, and why: the clauses, the deciding ones, what lacks for more."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from kehu.model.feature_types import Label, Schema
from kehu.rules.book import Level, RuleBook, RuleSet, VariantRule, WarningRule
from kehu.rules.evaluate import Evaluation, evaluate
from kehu.rules.needs import Need, need_of
from kehu.rules.next_level import NextLevel, asked_of, next_level
from kehu.rules.reasons import warning_reasons
from kehu.rules.standing import NOBODY, Standing
from kehu.rules.truths import Truth, deciding, truth_of


@dataclass(frozen=True, slots=True)
class Kept:
    """Why a level is held though its condition is not met: it was entered at `since` and `condition` is met.

    Where that is not either, a grace or minimum stay keeps it: since `below_since`, until `drops_at` at the latest.
    """

    since: datetime
    condition: Truth | None
    below_since: datetime | None = None
    drops_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ByHand:
    """A person's decision about the customer and a level or warning; `effect` is 'include' or 'exclude'."""

    override: int
    effect: str
    reason: str
    author: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A level or a warning. `condition` is None for the level that takes the rest.

    `decided_by` are the clauses that made the condition true or false; `need` is what lacks, where the customer
    could come next: the level above its own in a tier, every level of a flag it has not. `reason` is the filled
    text of a warning that fires. `variant` is the condition by which the customer is one of those a variant is for.
    """

    code: str
    label: Label
    holds: bool
    condition: Truth | None
    decided_by: tuple[Truth, ...] = ()
    need: Need | None = None
    reason: str = ""
    variant: str = ""
    kept: Kept | None = None
    by_hand: ByHand | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule set's answers in the order of its file, and the codes of those that hold.

    `next` is how far the customer is from the level of a tier above its own, or from the last where it has none.
    """

    ruleset: str
    kind: str
    label: Label
    holding: tuple[str, ...]
    answers: tuple[Answer, ...]
    next: NextLevel | None = None


def verdicts(
    book: RuleBook, features: pl.DataFrame, as_of: datetime, standing: Standing = NOBODY
) -> tuple[Verdict, ...]:
    """Every rule set's verdict on the one row of `features`, in the order of the book, which is that in force.

    `standing` is that customer's. Raises RefusedError when a feature the rules need is absent or breaks its contract,
    ValueError for other than one row.
    """
    if len(features) != 1:
        raise ValueError(f"one row is wanted, not {len(features)}")
    evaluation = evaluate(book, features, as_of, standing)
    texts = warning_reasons(book, evaluation.features, evaluation.warnings)["reason"]
    fired = evaluation.warnings.select("ruleset", "warning").rows()
    reasons = {(ruleset, code): text for (ruleset, code), text in zip(fired, texts, strict=True)}
    customer = _Customer(evaluation.features.row(0, named=True), evaluation, standing, as_of, book.schema, reasons)
    return tuple(customer.verdict(ruleset) for ruleset in book.rulesets)


def counting_variant(entry: Level | WarningRule, truth: Callable[[str], Truth]) -> VariantRule:
    """The variant that counts for the customer of whom `truth` tells; what is written for everybody else at last.

    Where it cannot be computed whether a variant counts, nothing is answered: then that is its condition.
    """
    for each in entry.variants[:-1]:
        state = truth(each.whom).state
        if state == "failed":
            return VariantRule(each.whom, each.whom)
        if state == "true":
            return each
    return entry.written


def holding_of(evaluation: Evaluation) -> dict[str, tuple[str, ...]]:
    """The codes that hold by rule set, of an evaluation of one customer; rule sets without any are absent."""
    found: dict[str, tuple[str, ...]] = {}
    pairs = evaluation.memberships.select("ruleset", "level").rows()
    for ruleset, code in [*pairs, *evaluation.warnings.select("ruleset", "warning").rows()]:
        found[ruleset] = (*found.get(ruleset, ()), code)
    return found


@dataclass(frozen=True, slots=True)
class _Customer:
    """One customer's row, what it held, and what the compiled rules made of it."""

    row: Mapping[str, object]
    evaluation: Evaluation
    standing: Standing
    as_of: datetime
    schema: Schema
    reasons: Mapping[tuple[str, str], str]

    def verdict(self, ruleset: RuleSet) -> Verdict:
        holding = holding_of(self.evaluation).get(ruleset.code, ())
        entries: tuple[Level | WarningRule, ...] = (*ruleset.levels, *ruleset.warnings)
        names = [entry.code for entry in entries]
        at = names.index(holding[0]) if ruleset.kind == "tier" and holding else len(names)
        answers = []
        for position, entry in enumerate(entries):
            comes_next = position == at - 1 if ruleset.kind == "tier" else ruleset.kind == "flag"
            asked = ruleset.kind != "tier" or position <= at
            holds = entry.code in holding
            answers.append(self._answer(ruleset.code, entry, holds=holds, asked=asked, comes_next=comes_next))
        better = ruleset.levels[at - 1] if ruleset.kind == "tier" and at else None
        return Verdict(ruleset.code, ruleset.kind, ruleset.label, holding, tuple(answers), self._next(better))

    def _next(self, level: Level | None) -> NextLevel | None:
        if level is None or level.when is None:
            return None
        return next_level(asked_of(level), self.evaluation.features, self.schema, self.as_of)

    def _answer(
        self, ruleset: str, entry: Level | WarningRule, *, holds: bool, asked: bool, comes_next: bool
    ) -> Answer:
        by_hand = self._by_hand(ruleset, entry.code)
        if entry.when is None:
            return Answer(entry.code, entry.label, holds, None, by_hand=by_hand)
        if not asked:
            skipped = Truth(" ".join(entry.when.split()), "skipped")
            return Answer(entry.code, entry.label, holds, skipped, by_hand=by_hand)
        variant = counting_variant(entry, self._truth)
        condition = self._truth(variant.when)
        need = need_of(variant.when, self.row, self.schema, self.as_of) if comes_next and not holds else None
        return Answer(
            entry.code,
            entry.label,
            holds,
            condition,
            deciding(condition),
            need,
            self.reasons.get((ruleset, entry.code), ""),
            " ".join(variant.whom.split()),
            self._kept(ruleset, entry, variant) if holds and condition.state != "true" else None,
            by_hand,
        )

    def _truth(self, condition: str) -> Truth:
        return truth_of(condition, self.row, self.schema, self.as_of)

    def _kept(self, ruleset: str, level: Level | WarningRule, variant: VariantRule) -> Kept | None:
        held = self.standing.held.filter(ruleset=ruleset, level=level.code)
        by_hand = self.evaluation.by_hand.filter(ruleset=ruleset, level=level.code)
        if held.is_empty() or not by_hand.is_empty() or not isinstance(level, Level):
            return None
        condition = None if variant.keep_while is None else self._truth(variant.keep_while)
        slipping = self.evaluation.slipping.filter(ruleset=ruleset, level=level.code)
        dates = slipping.select("below_since", "drops_at").rows()
        return Kept(held["since"][0], condition, *(dates[0] if dates else (None, None)))

    def _by_hand(self, ruleset: str, code: str) -> ByHand | None:
        columns = ("override", "effect", "reason", "author", "expires_at")
        found = self.standing.overrides.filter(ruleset=ruleset, code=code).select(columns).rows()
        return ByHand(*found[-1]) if found else None
