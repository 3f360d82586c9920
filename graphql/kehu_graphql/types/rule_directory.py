"""The rule files as they stand, beside what the published run used."""

from collections.abc import Mapping
from datetime import datetime

import strawberry

from kehu.model.problems import Problem
from kehu.reader import definitions, runs
from kehu.rules import book, directory
from kehu_graphql.context import Info
from kehu_graphql.fields import resolved


@strawberry.type(description="Something wrong or doubtful in a rule or feature file.")
class RuleProblem:
    severity: str = strawberry.field(description="error: the file cannot be used; warning: it can, but look again.")
    check: str = strawberry.field(description='What kind it is, e.g. "unknown-feature"; docs/checks has a page of it.')
    message: str = strawberry.field(description="What is wrong, with the value.")
    remedy: str | None = strawberry.field(description="How to mend it; null where that is plain.")
    file: str = strawberry.field(description="The file as `kehu rules check` names it.")
    line: int = strawberry.field(description="From 1.")
    column: int = strawberry.field(description="In characters, from 1.")


@strawberry.type(description="A rule set as its file says, whether or not a run has used it yet.")
class RuleFile:
    code: str = strawberry.field(description='The rule set, e.g. "service_tier".')
    kind: str = strawberry.field(description="tier, flag, score or warning.")
    path: str = strawberry.field(description="The file as `kehu rules check` names it.")
    version: str = strawberry.field(description="Digest of the file; equal versions decide alike.")
    published_version: str | None = strawberry.field(
        description="The version that the published run used; null where it used none."
    )
    source: str = strawberry.field(description="The file's text.")


@strawberry.type(description="The rule directory as the server last looked at it.")
class RuleDirectory:
    checked_at: datetime = strawberry.field(description="When the files were last looked at, UTC.")
    is_broken: bool = strawberry.field(description="A file has an error; the rules here are the last that had none.")
    problems: list[RuleProblem] = strawberry.field(description="All problems of the files as they stand, by place.")
    read_at: datetime | None = strawberry.field(
        description="When the rules here were read, UTC; null while there were none without an error."
    )
    rule_digest: str | None = strawberry.field(description="Of all rule files, as a run's.")
    feature_digest: str | None = strawberry.field(description="Of all feature declarations, as a run's.")
    row: strawberry.Private[directory.RuleDirectory]

    @resolved("Whether a run would use other files than the published one did; null where there is none to compare.")
    async def differs_from_published(self, info: Info) -> bool | None:
        current = await info.context.reads.once(runs.published)
        run = None if current is None else await info.context.reads.one(runs.runs_by_id, current.run_id)
        if run is None or self.row.book is None:
            return None
        return (run.rule_digest, run.feature_digest) != (self.row.book.digest, self.row.feature_digest)

    @resolved("The last rule sets without an error, in the order of the rule directory.")
    async def rule_sets(self, info: Info) -> list[RuleFile]:
        published = await info.context.reads.once(definitions.published_rule_sets)
        return [] if self.row.book is None else [_rule_file(item, published) for item in self.row.book.rulesets]


def rule_directory_value(row: directory.RuleDirectory) -> RuleDirectory:
    """The directory as clients see it."""
    return RuleDirectory(
        checked_at=row.checked_at,
        is_broken=row.is_broken,
        problems=[rule_problem(problem) for problem in row.problems],
        read_at=row.read_at,
        rule_digest=None if row.book is None else row.book.digest,
        feature_digest=None if row.book is None else row.feature_digest,
        row=row,
    )


def rule_problem(problem: Problem) -> RuleProblem:
    """A problem as clients see it."""
    place = problem.place
    return RuleProblem(
        severity=problem.severity,
        check=problem.check,
        message=problem.message,
        remedy=problem.remedy or None,
        file=place.path,
        line=place.line,
        column=place.column,
    )


def _rule_file(ruleset: book.RuleSet, published: Mapping[str, definitions.RuleSet]) -> RuleFile:
    used = published.get(ruleset.code)
    return RuleFile(
        code=ruleset.code,
        kind=ruleset.written,
        path=ruleset.path,
        version=ruleset.digest,
        published_version=None if used is None else used.digest,
        source=ruleset.source,
    )
