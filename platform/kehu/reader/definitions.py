"""Rule sets as readers see them: the versions that the published run used, parsed from their stored form."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from kehu.model.feature_types import FeatureType, Label
from kehu.tables.runs import publication, rule_versions, run_levels, run_rules


@dataclass(frozen=True, slots=True)
class Variant:
    """Conditions of an entry that count for the customers who meet `whom` instead of its own."""

    whom: str
    when: str
    keep_while: str | None


@dataclass(frozen=True, slots=True)
class Level:
    """One answer of a rule set, with what it grants; `otherwise` catches who meets no other level.

    `members` counts customers in the run that the definition was read for; None where no run was named. Who holds it
    keeps it while `keep_while` is met, then for the grace and the minimum stay.
    """

    code: str
    label: Label
    when: str | None
    otherwise: bool
    treatment: Mapping[str, Any]
    members: int | None
    keep_while: str | None = None
    grace_seconds: int = 0
    minimum_stay_seconds: int = 0
    variants: tuple[Variant, ...] = ()


@dataclass(frozen=True, slots=True)
class WarningRule:
    """A churn sign; `reason` is the text with its {features} not yet filled in."""

    code: str
    label: Label
    when: str | None
    severity: str
    route: tuple[str, ...]
    reason: str
    cooldown_seconds: int = 0
    variants: tuple[Variant, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One version of a rule file: levels in their order, first match wins; `digest` names the version.

    It is in force in [`effective_from`, `effective_until`); None is without bound. `features` are the types of what its
    levels ask for; of versions that were first used long ago they are not known, and there are none.
    """

    code: str
    kind: str
    label: Label
    description: str | None
    levels: tuple[Level, ...]
    warnings: tuple[WarningRule, ...]
    digest: str
    source: str
    path: str
    effective_from: datetime | None = None
    effective_until: datetime | None = None
    features: Mapping[str, FeatureType] = field(default_factory=dict)

    def level(self, code: str) -> Level | None:
        """None when the rule set has no such level."""
        return next((level for level in self.levels if level.code == code), None)


def published_run_id(connection: Connection) -> int | None:
    """The run readers see; None before the first is published."""
    return connection.scalar(select(publication.c.run_id))


def publication_mark(connection: Connection) -> tuple[int, datetime] | None:
    """The run readers see and when it was published, together another for each publication; None before the first."""
    row = connection.execute(_PUBLICATION).first()
    return None if row is None else (row.run_id, row.published_at)


_PUBLICATION = select(publication.c.run_id, publication.c.published_at)


def published_rule_sets(connection: Connection) -> dict[str, RuleSet]:
    """The rule sets of the run readers see, with its counts; empty before the first is published."""
    run_id = published_run_id(connection)
    return {} if run_id is None else rule_sets_of(connection, run_id)


def rule_sets_of(connection: Connection, run_id: int) -> dict[str, RuleSet]:
    """The rule sets a run used, by code, in the order of the rule directory, with that run's counts."""
    members = _members(connection, run_id)
    statement = (
        select(rule_versions)
        .join(run_rules, run_rules.c.digest == rule_versions.c.digest)
        .where(run_rules.c.run_id == run_id)
        .order_by(run_rules.c.position, run_rules.c.ruleset)
    )
    rows = connection.execute(statement).mappings()
    return {row["ruleset"]: _rule_set(row, members) for row in rows}


def rule_sets_by_digest(connection: Connection, digests: Collection[str]) -> dict[str, RuleSet]:
    """Versions of rule sets, current or past, without counts."""
    rows = connection.execute(select(rule_versions).where(rule_versions.c.digest.in_(digests))).mappings()
    return {row["digest"]: _rule_set(row, None) for row in rows}


def _members(connection: Connection, run_id: int) -> dict[tuple[str, str], int]:
    statement = select(run_levels.c.ruleset, run_levels.c.level, run_levels.c.members)
    rows = connection.execute(statement.where(run_levels.c.run_id == run_id))
    return {(ruleset, level): members for ruleset, level, members in rows}


def _rule_set(row: Mapping[Any, Any], members: Mapping[tuple[str, str], int] | None) -> RuleSet:
    definition: Mapping[str, Any] = row["definition"]
    code = row["ruleset"]
    return RuleSet(
        code=code,
        kind=row["kind"],
        label=_label(definition),
        description=definition.get("description"),
        levels=tuple(
            _level(level, None if members is None else members.get((code, level["code"]), 0))
            for level in definition.get("levels", ())
        ),
        warnings=tuple(_warning_rule(warning) for warning in definition.get("warnings", ())),
        digest=row["digest"],
        source=row["source"],
        path=row["path"],
        effective_from=_instant(definition, "from"),
        effective_until=_instant(definition, "until"),
        features={name: _type(kind) for name, kind in (definition.get("features") or {}).items()},
    )


def _type(kind: Mapping[str, Any]) -> FeatureType:
    return FeatureType(kind["kind"], kind["nullable"], kind["scale"], kind["digits"], tuple(kind["words"]))


def _instant(definition: Mapping[str, Any], edge: str) -> datetime | None:
    text = (definition.get("effective") or {}).get(edge)
    return None if text is None else datetime.fromisoformat(text)


def _level(level: Mapping[str, Any], members: int | None) -> Level:
    return Level(
        code=level["code"],
        label=_label(level),
        when=level.get("when"),
        otherwise=bool(level.get("otherwise")),
        treatment=level.get("treatment") or {},
        members=members,
        keep_while=level.get("keep_while"),
        grace_seconds=level.get("grace_seconds", 0),
        minimum_stay_seconds=level.get("minimum_stay_seconds", 0),
        variants=_variants(level),
    )


def _variants(entry: Mapping[str, Any]) -> tuple[Variant, ...]:
    return tuple(Variant(each["whom"], each["when"], each.get("keep_while")) for each in entry.get("variants", ()))


def _warning_rule(warning: Mapping[str, Any]) -> WarningRule:
    return WarningRule(
        code=warning["code"],
        label=_label(warning),
        when=warning.get("when"),
        severity=warning["severity"],
        route=tuple(warning.get("route") or ()),
        reason=warning.get("reason") or "",
        cooldown_seconds=warning.get("cooldown_seconds", 0),
        variants=_variants(warning),
    )


def _label(words: Mapping[str, Any]) -> Label:
    """A level without a label of its own is called by its code."""
    label = words.get("label") or {}
    return Label(en=label.get("en") or words["code"], zh=label.get("zh") or label.get("en") or words["code"])
