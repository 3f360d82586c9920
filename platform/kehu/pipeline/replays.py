"""As-of replays of one rule set: what it flagged at each cut-off, and who then left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from kehu.features.catalogue import Catalogue
from kehu.features.silence import standing, with_gaps
from kehu.model.durations import DAY_MICROS
from kehu.model.feature_types import Schema
from kehu.model.graph import INSTANT
from kehu.model.problems import Place, RefusedError
from kehu.pipeline.snapshots import Snapshot
from kehu.pipeline.truth import Truth
from kehu.rules.book import RuleBook
from kehu.rules.compiler import Compiled, compile_condition
from kehu.rules.evaluate import evaluate
from kehu.rules.measures import Counts
from kehu.rules.standing import NOBODY, carried

COLUMNS = ("payer_id", "at", "status")


@dataclass(frozen=True, slots=True)
class Terms:
    """Whom a backtest looks at and what it calls leaving.

    A customer counts where it shipped in the `active` time up to the cut-off and meets the condition `among` then;
    it has left when it ships nothing in the `horizon` after it. With a `truth` it has left when that says so up to
    the horizon's end; whoever left before the `active` time, and whoever the truth does not speak of, is left out.
    """

    horizon: timedelta
    active: timedelta
    among: str | None = None
    truth: Truth | None = None


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign's record over the cut-offs, in their order.

    `lead_days` is the median over the leavings it found of the days from the first cut-off that flagged the customer
    to the leaving: the instant its silence outlasts the horizon, or the truth's, which may be earlier than the flag;
    None without a hit. `in_time` are the hits at cut-offs before the leaving.
    """

    name: str
    by_cutoff: tuple[Counts, ...]
    lead_days: float | None
    in_time: int

    @property
    def counts(self) -> Counts:
        """Over all cut-offs: a customer counts once for each it was active at."""
        return sum(self.by_cutoff, Counts())


@dataclass(frozen=True, slots=True)
class Past:
    """What happened, asked as of several instants: the database, and `payments` as `payments_of` gives them."""

    snapshot: Snapshot
    payments: pl.DataFrame


def payments_of(snapshot: Snapshot) -> pl.DataFrame:
    """The payers' shipments that were not cancelled, with gaps."""
    kept = snapshot.events("shipments", COLUMNS).filter(
        pl.col("payer_id").is_not_null(), pl.col("at").is_not_null(), pl.col("status").ne_missing("cancelled")
    )
    return with_gaps(kept.select("at", customer="payer_id").collect(engine="streaming"))


def replay(
    past: Past, rules: tuple[Catalogue, RuleBook, str], level: str | None, cutoffs: Sequence[datetime], terms: Terms
) -> pl.DataFrame:
    """A row per cut-off and active customer: `cutoff`, the columns of `standing`, `left_at`, a boolean per warning.

    `rules` name the rule set to replay; with a level the one boolean is membership in it. The features of a cut-off
    know nothing that came after it; who held a level is known from the cut-off before.

    Raises RefusedError when the condition `among` is wrong.
    """
    catalogue, book, code_of = rules
    ruleset, before = book.ruleset(code_of), NOBODY
    codes = [level] if level is not None else [rule.code for rule in ruleset.warnings]
    parts = []
    for cutoff in cutoffs:
        features = past.snapshot.features(catalogue, cutoff)
        cases = _with_outcomes(standing(past.payments, cutoff, terms.active, terms.horizon), cutoff, terms)
        if terms.among is not None:
            among = features.filter(among_whom(terms.among, book.features, cutoff).match)
            cases = cases.join(among, on="customer", how="semi", maintain_order="left")
        evaluation = evaluate(book, features, cutoff, before)
        before = carried(evaluation.memberships, evaluation.slipping, before, cutoff)
        found = evaluation.warnings.rename({"warning": "code"}) if level is None else _members(evaluation.memberships)
        held = found.filter(ruleset=ruleset.code)
        for code in codes:
            flagged = held.filter(pl.col("code") == code).select("customer", pl.lit(value=True).alias(f"sign {code}"))
            cases = cases.join(flagged, on="customer", how="left", maintain_order="left")
        signs = [pl.col(f"sign {code}").fill_null(value=False) for code in codes]
        parts.append(cases.with_columns(pl.lit(cutoff, INSTANT).alias("cutoff"), *signs))
    return pl.concat(parts)


def _with_outcomes(cases: pl.DataFrame, cutoff: datetime, terms: Terms) -> pl.DataFrame:
    """The rows whose outcome is known with `left_at`, which says nothing of those who stay, and `churned`."""
    if terms.truth is None:
        return cases.with_columns(left_at=pl.col("last") + terms.horizon)
    told = cases.join(terms.truth.outcomes, on="customer", how="inner", maintain_order="left")
    gone, until = (pl.lit(instant, INSTANT) for instant in (cutoff - terms.active, cutoff + terms.horizon))
    still = told.filter((pl.col("left_at") > gone).fill_null(value=True))
    return still.with_columns(churned=(pl.col("left_at") <= until).fill_null(value=False))


def among_whom(text: str, schema: Schema, as_of: datetime) -> Compiled:
    """The condition that narrows the customers; raises RefusedError with all that is wrong with it."""
    compiled = compile_condition(text, schema, as_of, lambda offset: Place("--among", 1, offset + 1))
    if isinstance(compiled, list):
        raise RefusedError(compiled)
    return compiled


def sign_of(cases: pl.DataFrame, name: str, flag: pl.Expr) -> Sign:
    """The record of a boolean over the rows of `replay`."""
    flagged = cases.select("cutoff", "customer", "left_at", "churned", flag=flag.fill_null(value=False))
    hit = pl.col("flag") & pl.col("churned")
    rows = flagged.group_by("cutoff", maintain_order=True).agg(
        pl.len(), pl.col("churned").sum(), pl.col("flag").sum(), hit.sum().alias("hits")
    )
    hits = flagged.filter(hit)
    found = hits.group_by("customer", "left_at").agg(pl.col("cutoff").min())
    lead = (pl.col("left_at") - pl.col("cutoff")).dt.total_microseconds() / DAY_MICROS
    median = found.select(lead.median()).item()
    in_time = hits.filter(pl.col("cutoff") < pl.col("left_at")).height
    return Sign(name, tuple(Counts(*row[1:]) for row in rows.iter_rows()), median, in_time)


def best_window(cases: pl.DataFrame, longest: int) -> int | None:
    """The number of silent days, 1 to `longest`, from which on flagging gives the best F1; the least of equals.

    None where nobody was active, or all came back.
    """
    days = (pl.col("silent_micros") // DAY_MICROS).alias("days")
    by_day = cases.group_by(days).agg(pl.len().alias("cases"), pl.col("churned").sum()).rows()
    outcomes = sum(churned for _, _, churned in by_day)
    if not outcomes:
        return None

    def f1(window: int) -> float:
        inside = [(count, churned) for day, count, churned in by_day if day >= window]
        flagged, hits = sum(count for count, _ in inside), sum(churned for _, churned in inside)
        return Counts(len(cases), outcomes, flagged, hits).f1

    return max(range(1, longest + 1), key=lambda window: (f1(window), -window))


def _members(memberships: pl.DataFrame) -> pl.DataFrame:
    return memberships.rename({"level": "code"})
