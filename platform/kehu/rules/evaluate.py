"""Every rule over every customer in one pass of column expressions."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

import polars as pl

from kehu.model.graph import INSTANT
from kehu.model.problems import Place, Problem, refuse_errors
from kehu.rules.book import RuleBook, RuleSet
from kehu.rules.columns import Engine
from kehu.rules.compiler import Compiled, compile_condition
from kehu.rules.contract import check_features
from kehu.rules.elsewhere import Elsewhere
from kehu.rules.holding import excluded, holding, included, with_standing
from kehu.rules.polars_engine import POLARS
from kehu.rules.references import flag_name, generations
from kehu.rules.rolls import Key, Roll, everybody, in_rows, is_listed
from kehu.rules.standing import INCLUDE, NOBODY, Standing

MEMBERSHIPS = {"customer": pl.Int64(), "ruleset": pl.String(), "level": pl.String()}
WARNINGS = {"customer": pl.Int64(), "ruleset": pl.String(), "warning": pl.String(), "severity": pl.String()}
SLIPPING = {**MEMBERSHIPS, "below_since": INSTANT, "drops_at": INSTANT}
BY_HAND = {**MEMBERSHIPS, "override": pl.Int64(), "reason": pl.String(), "author": pl.String()}


@dataclass(frozen=True)  # without slots, where what is derived could not be kept
class Evaluation:
    """Who is in which level and which warnings fire, of the customers as in the features.

    `severities` are those of the roll's warnings. `row_errors` counts per "rule set/code" the customers on whom the
    condition fails, as when it divides by zero; they do not match it. `slipping` are the memberships whose condition is
    unmet, with the first instant at which their grace and minimum stay end; `by_hand` those that a person's decision
    gives, whether or not the rules would, which never slip. `features` are those given, and what rule sets asked of
    others.
    """

    roll: Roll
    severities: Mapping[Key, str]
    row_errors: Mapping[str, int]
    features: pl.DataFrame
    slipping: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SLIPPING))
    by_hand: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=BY_HAND))

    @cached_property
    def memberships(self) -> pl.DataFrame:
        """Columns of MEMBERSHIPS, by rule set in book order, then customer; long, so made when asked for."""
        return in_rows(everybody(self.roll.customers, self.roll.members, "level"))

    @cached_property
    def warnings(self) -> pl.DataFrame:
        """Columns of WARNINGS in the same order."""
        rows = in_rows(everybody(self.roll.customers, self.roll.firing, "warning"))
        severities = [(*key, severity) for key, severity in self.severities.items()]
        named = pl.DataFrame(severities, schema=list(WARNINGS)[1:], orient="row").cast(pl.String())
        return rows.join(named, on=["ruleset", "warning"], how="left", maintain_order="left")

    def among(self, there: pl.DataFrame) -> "Evaluation":
        """The answers about the customers of `there` alone."""
        known = self.features.select(pl.col("customer").is_in(there["customer"].implode())).to_series()
        if known.all():
            return self
        return replace(
            self,
            roll=self.roll.kept(known),
            features=self.features.filter(known),
            slipping=self.slipping.join(there, on="customer", how="semi", maintain_order="left"),
            by_hand=self.by_hand.join(there, on="customer", how="semi", maintain_order="left"),
        )


def compile_book(book: RuleBook, as_of: datetime, engine: Engine = POLARS) -> Mapping[Key, Compiled]:
    """Every condition by rule set and code.

    Raises RefusedError when the book was not checked by its schema, and with all that the engine cannot compute.
    """
    return _compiled(book, RuleSet.conditions, as_of, engine)


def compile_keeping(book: RuleBook, as_of: datetime, engine: Engine = POLARS) -> Mapping[Key, Compiled]:
    """The same of the conditions of their own that keep levels."""
    return _compiled(book, RuleSet.keeping, as_of, engine)


def _compiled(
    book: RuleBook, texts: Callable[[RuleSet], Iterator[tuple[str, str]]], as_of: datetime, engine: Engine
) -> Mapping[Key, Compiled]:
    found: dict[Key, Compiled] = {}
    problems: list[Problem] = []
    for ruleset in book.rulesets:
        for code, text in texts(ruleset):
            result = compile_condition(text, book.schema, as_of, _whole_file(ruleset.path), engine)
            if isinstance(result, list):
                problems += [replace(each, message=f"'{code}': {each.message}") for each in result]
            else:
                found[ruleset.code, code] = result
    refuse_errors(problems)
    return found


def _whole_file(path: str) -> Callable[[int], Place]:
    """The conditions have been checked, so no token's place is asked for."""
    return lambda _offset: Place(path)


def evaluate(
    book: RuleBook,
    features: pl.DataFrame,
    as_of: datetime,
    standing: Standing = NOBODY,
    elsewhere: Elsewhere | None = None,
) -> Evaluation:
    """The answers for every row of `features`: `customer` and one column per feature.

    `book` holds each code once, as `in_force` gives it. Conditions are answered by Polars, unless `elsewhere` does.
    Raises RefusedError when a feature the rules need is absent or breaks its contract.
    """
    if elsewhere is None:
        job = _Job(book, compile_book(book, as_of), compile_keeping(book, as_of), as_of)
    else:
        job = _Job(book, elsewhere.entering, elsewhere.keeping, as_of)
    asked = {name for each in (*job.entering.values(), *job.keeping.values()) for name in each.features}
    check_features(features, asked - set(book.answered_by), book.schema)
    frame, answers = features, features.select("customer")
    for rulesets in job.generations():
        frame = job.with_asked(frame, answers)
        known = frame
        if elsewhere is not None:
            asked_of_others = [name for name in book.answered_by if name in frame.columns]
            known = frame.hstack(elsewhere.answers(frame.select("customer", *asked_of_others), rulesets))
        found = job.answers(known, rulesets, standing)
        answers = pl.concat([answers, found], how="horizontal")
    errors = [name for name in answers.columns if name.startswith("error ")]
    roll = _roll(book, answers)
    by_hand = _by_hand(roll, standing)
    return Evaluation(
        roll,
        {(item.code, rule.code): rule.severity for item in book.rulesets for rule in item.warnings},
        {name.removeprefix("error "): int(answers[name].sum()) for name in sorted(errors)},
        job.with_asked(frame, answers),
        # What a person gives does not slip away.
        _slipping(book, answers).join(by_hand, on=list(MEMBERSHIPS), how="anti", maintain_order="left"),
        by_hand,
    )


@dataclass(frozen=True, slots=True)
class _Job:
    """A book compiled for an instant."""

    book: RuleBook
    entering: Mapping[Key, Compiled]
    keeping: Mapping[Key, Compiled]
    as_of: datetime

    def generations(self) -> Iterable[list[RuleSet]]:
        """Rule sets that can be answered together, those that others ask first."""
        by_code = {item.code: item for item in self.book.rulesets}
        for codes in generations({item.code: set(item.asks) for item in self.book.rulesets}):
            yield [by_code[code] for code in sorted(codes)]

    def with_asked(self, frame: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
        """The frame with a column per name that conditions ask of the rule sets, as far as they are answered.

        What is not in the book, because its version is not in force, is answered by nobody's level.
        """
        there = {name for item in self.book.rulesets for name in _asked_as(item)}
        asked = set().union(*(item.asks for item in self.book.rulesets))
        columns: dict[str, pl.Series | pl.Expr] = {}
        for name, code in self.book.answered_by.items():
            if code not in asked or name in frame.columns:
                continue
            if name in answers.columns:
                columns[name] = answers[name]
            elif name not in there:
                is_word = self.book.schema[name].kind == "string"
                columns[name] = pl.lit(None, dtype=pl.String) if is_word else pl.lit(value=False)
        return frame.with_columns(**columns) if columns else frame

    def answers(self, frame: pl.DataFrame, rulesets: list[RuleSet], standing: Standing) -> pl.DataFrame:
        """A column of levels per tier, a boolean column per flag and warning, and what is to be known of them."""
        told = with_standing(frame.lazy(), rulesets, standing).collect()
        there = set(told.columns) - set(frame.columns)
        columns: dict[str, pl.Expr] = {}
        for ruleset in rulesets:
            columns |= self._tier(ruleset, there) if ruleset.kind == "tier" else self._each(ruleset, there)
            columns |= self._failing(ruleset)
        # Beside "customer" a level that is the same for all takes as many rows as there are customers.
        return told.select("customer", **columns).drop("customer")

    def _tier(self, ruleset: RuleSet, there: set[str]) -> dict[str, pl.Expr]:
        columns: dict[str, pl.Expr] = {}
        level: pl.Expr = pl.lit(None, dtype=pl.String)
        for each in reversed(ruleset.levels):
            code = pl.lit(each.code)
            stands, more = self._stands(ruleset, each.code, there)
            columns |= more
            level = code if stands is None else pl.when(stands).then(code).otherwise(level)
        chosen = included(ruleset, there)
        columns[ruleset.code] = level if chosen is None else pl.coalesce(chosen.list.first(), level)
        return columns

    def _each(self, ruleset: RuleSet, there: set[str]) -> dict[str, pl.Expr]:
        columns: dict[str, pl.Expr] = {}
        chosen = included(ruleset, there)
        for code, _ in ruleset.conditions():
            stands, more = self._stands(ruleset, code, there)
            columns |= more
            if stands is not None:
                by_hand = None if chosen is None else chosen.list.contains(code).fill_null(value=False)
                columns[_name(ruleset, code)] = stands if by_hand is None else stands | by_hand
        return columns

    def _stands(self, ruleset: RuleSet, code: str, there: set[str]) -> tuple[pl.Expr | None, dict[str, pl.Expr]]:
        """Who is in it, None where it takes the rest, and the columns of what is slipping."""
        compiled = self.entering.get((ruleset.code, code))
        if compiled is None:
            return None, {}
        level = next((each for each in ruleset.levels if each.code == code), None)
        out = excluded(ruleset, code, there)
        if level is None:
            return (compiled.match if out is None else compiled.match & ~out), {}
        held = holding(ruleset, level, compiled, self.keeping.get((ruleset.code, code)), there, self.as_of)
        stands = held.stands if out is None else held.stands & ~out
        if held.below_since is None or held.drops_at is None:
            return stands, {}
        key = f"{ruleset.code}/{code}"
        return stands, {f"below {key}": held.below_since, f"drops {key}": held.drops_at}

    def _failing(self, ruleset: RuleSet) -> dict[str, pl.Expr]:
        columns: dict[str, pl.Expr] = {}
        for code in dict.fromkeys(code for code, _ in (*ruleset.conditions(), *ruleset.keeping())):
            both = (self.entering.get((ruleset.code, code)), self.keeping.get((ruleset.code, code)))
            errors = [each.error for each in both if each is not None and each.can_fail]
            if errors:
                columns[f"error {ruleset.code}/{code}"] = pl.any_horizontal(errors)
        return columns


def _asked_as(ruleset: RuleSet) -> set[str]:
    """The names by which conditions ask for its levels."""
    if ruleset.kind == "tier":
        return {ruleset.code}
    return {flag_name(ruleset.code, level.code) for level in ruleset.levels}


def _name(ruleset: RuleSet, code: str) -> str:
    """The column of a flag is named as conditions ask for it; a warning has no such name."""
    return flag_name(ruleset.code, code) if ruleset.kind == "flag" else f"{ruleset.code}/{code}"


def _roll(book: RuleBook, answers: pl.DataFrame) -> Roll:
    members: dict[Key, pl.Series] = {}
    firing: dict[Key, pl.Series] = {}
    for ruleset in book.rulesets:
        for level in ruleset.levels:
            tier = ruleset.kind == "tier"
            found = answers[ruleset.code] == level.code if tier else answers[_name(ruleset, level.code)]
            members[ruleset.code, level.code] = found.fill_null(value=False)
        for rule in ruleset.warnings:
            firing[ruleset.code, rule.code] = answers[_name(ruleset, rule.code)].fill_null(value=False)
    return Roll(answers["customer"], members, firing)


def _slipping(book: RuleBook, answers: pl.DataFrame) -> pl.DataFrame:
    parts = [pl.DataFrame(schema=SLIPPING)]
    for ruleset in book.rulesets:
        for level in ruleset.levels:
            key = f"{ruleset.code}/{level.code}"
            if f"below {key}" in answers.columns:
                tier = ruleset.kind == "tier"
                holds = pl.col(ruleset.code) == level.code if tier else pl.col(_name(ruleset, level.code))
                found = answers.filter(holds & pl.col(f"below {key}").is_not_null())
                columns = {"ruleset": pl.lit(ruleset.code), "level": pl.lit(level.code)}
                dates = {"below_since": pl.col(f"below {key}"), "drops_at": pl.col(f"drops {key}")}
                parts.append(found.select("customer", **columns, **dates))
    return pl.concat(parts)


def _by_hand(roll: Roll, standing: Standing) -> pl.DataFrame:
    decided = standing.overrides.filter(effect=INCLUDE).rename({"code": "level"})
    latest = decided.unique(list(MEMBERSHIPS), keep="last", maintain_order=True).select(list(BY_HAND))
    return latest.filter(is_listed(roll.customers, roll.members, latest, "level"))
