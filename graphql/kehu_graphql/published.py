"""The published run's rule sets, by the codes clients write."""

from datetime import datetime

from kehu.model.problems import did_you_mean
from kehu.reader.definitions import Level, RuleSet, published_rule_sets, rule_sets_of
from kehu.reader.runs import run_as_of
from kehu_graphql.context import Context
from kehu_graphql.failures import NOT_PUBLISHED, ExpectedError


async def known_rule_set(context: Context, code: str) -> RuleSet:
    """ExpectedError naming the nearest code, or that nothing is published yet."""
    published = await context.reads.once(published_rule_sets)
    if not published:
        raise ExpectedError(f"rule set '{code}': no run is published yet; start one with 'runStart'", NOT_PUBLISHED)
    if code not in published:
        raise ExpectedError(f"unknown rule set '{code}'; {did_you_mean(code, published)}".rstrip("; "))
    return published[code]


async def run_that_counted(context: Context, as_of: datetime | None) -> int | None:
    """The run whose answers count at the instant, 0 before the first; None, the published one, for no instant."""
    return None if as_of is None else await context.reads.once(run_as_of, as_of) or 0


async def rule_set_in_run(context: Context, code: str, run: int | None) -> RuleSet:
    """As the run used it, else as published; ExpectedError for a code that neither knows."""
    used = {} if run is None else await context.reads.once(rule_sets_of, run)
    return used[code] if code in used else await known_rule_set(context, code)


def known_level(rule_set: RuleSet, code: str) -> Level:
    """ExpectedError naming the nearest code."""
    found = rule_set.level(code)
    if found is None:
        near = did_you_mean(code, [level.code for level in rule_set.levels])
        raise ExpectedError(f"rule set '{rule_set.code}' has no level '{code}'; {near}".rstrip("; "))
    return found
