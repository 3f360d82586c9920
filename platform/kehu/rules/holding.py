"""Who is in a level: by its condition, by having held it, by a person's decision."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from kehu.model.graph import INSTANT
from kehu.rules.book import Level, RuleSet
from kehu.rules.compiler import Compiled
from kehu.rules.standing import EXCLUDE, INCLUDE, Standing

_NEVER = pl.lit(None, dtype=INSTANT)


@dataclass(frozen=True, slots=True)
class Holding:
    """Columns about one level. `stands` is who is in it as far as the level alone decides.

    `below_since` and `drops_at` are null unless the customer holds the level and neither enters it anew nor meets what
    keeps it: when that was first seen, and the first instant at which the level is taken away for it.
    """

    stands: pl.Expr
    below_since: pl.Expr | None = None
    drops_at: pl.Expr | None = None


def with_standing(frame: pl.LazyFrame, rulesets: Iterable[RuleSet], standing: Standing) -> pl.LazyFrame:
    """The frame with what its customers hold and what was decided, for `holding`, `included` and `excluded`.

    Columns are added only where the standing has rows, so that nothing costs those without.
    """
    for ruleset in rulesets:
        for code in _codes(ruleset):
            held = _of(standing.held, ruleset, "level", code)
            if not held.is_empty():
                key = f"{ruleset.code}/{code}"
                columns = {f"since {key}": pl.col("since"), f"below {key}": pl.col("below_since")}
                frame = _joined(frame, held.select("customer", **columns))
            out = _decided(standing, ruleset, EXCLUDE).filter(code=code)
            if not out.is_empty():
                flag = pl.lit(value=True).alias(f"excluded {ruleset.code}/{code}")
                frame = _joined(frame, out.select("customer", flag))
        chosen = _decided(standing, ruleset, INCLUDE)
        if not chosen.is_empty():
            by = ["customer"] if ruleset.kind == "tier" else ["customer", "code"]
            chosen = chosen.unique(by, keep="last", maintain_order=True)
            codes = chosen.group_by("customer").agg(pl.col("code").alias(f"included {ruleset.code}"))
            frame = _joined(frame, codes)
    return frame


def holding(
    ruleset: RuleSet, level: Level, compiled: Compiled, keeping: Compiled | None, there: set[str], as_of: datetime
) -> Holding:
    """The columns of a level that has a condition; `there` are the frame's columns."""
    key, enters = f"{ruleset.code}/{level.code}", compiled.match
    if f"since {key}" not in there or not level.remembers:
        return Holding(enters)
    keeps = enters if keeping is None else enters | keeping.match
    since, below = pl.col(f"since {key}"), pl.col(f"below {key}")
    now = pl.lit(as_of, INSTANT)
    first_below = pl.when(since.is_not_null() & ~keeps).then(pl.coalesce(below, now)).otherwise(_NEVER)
    drops_at = pl.max_horizontal(first_below + level.grace, since + level.minimum_stay)
    drops_at = pl.when(first_below.is_not_null()).then(drops_at).otherwise(_NEVER)
    stays = since.is_not_null() & keeps
    return Holding(enters | stays | (drops_at > now).fill_null(value=False), first_below, drops_at)


def excluded(ruleset: RuleSet, code: str, there: set[str]) -> pl.Expr | None:
    """Who is kept out of a level, or told nothing of a warning, by hand; None where nobody is."""
    name = f"excluded {ruleset.code}/{code}"
    return pl.col(name).fill_null(value=False) if name in there else None


def included(ruleset: RuleSet, there: set[str]) -> pl.Expr | None:
    """The codes a person put each customer into, as a list, null for none; None where nobody is."""
    name = f"included {ruleset.code}"
    return pl.col(name) if name in there else None


def _decided(standing: Standing, ruleset: RuleSet, effect: str) -> pl.DataFrame:
    """The decisions about codes that the rule set still has; one who takes the rest cannot be kept out."""
    mine = standing.overrides.filter(ruleset=ruleset.code, effect=effect)
    rest = {level.code for level in ruleset.levels if level.when is None} if effect == EXCLUDE else set()
    return mine.filter(pl.col("code").is_in([code for code in _codes(ruleset) if code not in rest]))


def _codes(ruleset: RuleSet) -> list[str]:
    return [level.code for level in ruleset.levels] + [rule.code for rule in ruleset.warnings]


def _of(frame: pl.DataFrame, ruleset: RuleSet, column: str, code: str) -> pl.DataFrame:
    level: Mapping[str, Level] = {each.code: each for each in ruleset.levels}
    if code not in level or not level[code].remembers:
        return frame.clear()
    return frame.filter(pl.col("ruleset") == ruleset.code, pl.col(column) == code)


def _joined(frame: pl.LazyFrame, more: pl.DataFrame) -> pl.LazyFrame:
    # To count is far quicker than to drop, and hardly ever is there a double.
    if more["customer"].n_unique() < len(more):
        more = more.unique("customer", keep="last", maintain_order=True)
    return frame.join(more.lazy(), on="customer", how="left", maintain_order="left")
