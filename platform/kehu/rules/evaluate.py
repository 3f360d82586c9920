"""Every rule over every customer in one pass of column expressions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from kehu.model.problems import Place, RefusedError
from kehu.rules.book import RuleBook, RuleSet
from kehu.rules.compiler import Compiled, compile_condition
from kehu.rules.contract import check_features

MEMBERSHIPS = {"customer": pl.Int64(), "ruleset": pl.String(), "level": pl.String()}
WARNINGS = {"customer": pl.Int64(), "ruleset": pl.String(), "warning": pl.String(), "severity": pl.String()}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Who is in which level and which warnings fire, by rule set in book order, then customer as in the features.

    `row_errors` counts per "rule set/code" the customers on whom the condition fails, as when it divides by
    zero; they do not match it.
    """

    memberships: pl.DataFrame
    warnings: pl.DataFrame
    row_errors: Mapping[str, int]


def compile_book(book: RuleBook, as_of: datetime) -> Mapping[tuple[str, str], Compiled]:
    """Every condition by rule set and code. Raises RefusedError when the book was not checked by its schema."""
    compiled: dict[tuple[str, str], Compiled] = {}
    for ruleset in book.rulesets:
        for code, text in ruleset.conditions():
            result = compile_condition(text, book.schema, as_of, _whole_file(ruleset.path))
            if isinstance(result, list):
                raise RefusedError(result)
            compiled[ruleset.code, code] = result
    return compiled


def _whole_file(path: str) -> Callable[[int], Place]:
    """The conditions have been checked, so no token's place is asked for."""
    return lambda _offset: Place(path)


def evaluate(book: RuleBook, features: pl.DataFrame, as_of: datetime) -> Evaluation:
    """The answers for every row of `features`: `customer` and one column per feature.

    Raises RefusedError when a feature the rules need is absent or breaks its contract.
    """
    compiled = compile_book(book, as_of)
    check_features(features, {name for each in compiled.values() for name in each.features}, book.schema)
    columns: dict[str, pl.Expr] = {}
    for ruleset in book.rulesets:
        columns |= _answers(ruleset, compiled)
    for (ruleset_code, code), each in compiled.items():
        if each.can_fail:
            columns[f"error {ruleset_code}/{code}"] = each.error
    answers = features.select("customer", **columns)
    return Evaluation(
        _memberships(book, answers),
        _warnings(book, answers),
        {name.removeprefix("error "): int(answers[name].sum()) for name in columns if name.startswith("error ")},
    )


def _answers(ruleset: RuleSet, compiled: Mapping[tuple[str, str], Compiled]) -> dict[str, pl.Expr]:
    """One column of levels for a tier, one boolean column per flag or warning."""
    matches = {code: compiled[ruleset.code, code].match for code, _ in ruleset.conditions()}
    if ruleset.kind != "tier":
        return {f"{ruleset.code}/{code}": match for code, match in matches.items()}
    level: pl.Expr = pl.lit(None, dtype=pl.String)
    for each in reversed(ruleset.levels):
        code = pl.lit(each.code)
        level = code if each.when is None else pl.when(matches[each.code]).then(code).otherwise(level)
    return {ruleset.code: level}


def _memberships(book: RuleBook, answers: pl.DataFrame) -> pl.DataFrame:
    parts = [pl.DataFrame(schema=MEMBERSHIPS)]
    for ruleset in book.rulesets:
        if ruleset.kind == "tier":
            level = pl.col(ruleset.code)
            found = answers.lazy().filter(level.is_not_null())
            parts.append(found.select("customer", ruleset=pl.lit(ruleset.code), level=level).collect())
        elif ruleset.kind == "flag":
            parts += [_holders(answers, ruleset, level.code, {"level": level.code}) for level in ruleset.levels]
    return pl.concat(parts)


def _warnings(book: RuleBook, answers: pl.DataFrame) -> pl.DataFrame:
    parts = [pl.DataFrame(schema=WARNINGS)]
    for ruleset in book.rulesets:
        for rule in ruleset.warnings:
            words = {"warning": rule.code, "severity": rule.severity}
            parts.append(_holders(answers, ruleset, rule.code, words))
    return pl.concat(parts)


def _holders(answers: pl.DataFrame, ruleset: RuleSet, code: str, words: Mapping[str, str]) -> pl.DataFrame:
    held = answers.lazy().filter(pl.col(f"{ruleset.code}/{code}")).select("customer")
    named = {"ruleset": ruleset.code, **words}
    return held.with_columns(**{name: pl.lit(word) for name, word in named.items()}).collect()
