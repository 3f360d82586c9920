"""The rule book: every rule set of the directory, checked and ready to be evaluated."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import cast

from kehu.model.feature_types import Label, Schema
from kehu.model.yaml_nodes import Scalar
from kehu.rules.effective import ALWAYS, Effective
from kehu.rules.entries import Entry
from kehu.rules.files import Draft
from kehu.rules.kinds import Kind

_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class VariantRule:
    """Conditions that count for the customers that meet `whom`; `keep_while` is None where none is of its own.

    After an entry's variants stands what counts for everybody else, with '' for `whom`.
    """

    whom: str
    when: str
    keep_while: str | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """An answer of a rule set. `when` is None for the level that takes the rest.

    Who holds it goes on while `keep_while` is met, or `when` where that is None; then before `grace` has passed since
    it ceased to be, and before `minimum_stay` has passed since the level was entered. Both conditions already ask
    which of the `variants` a customer is.
    """

    code: str
    label: Label
    when: str | None
    otherwise: bool
    treatment: Mapping[str, object] = field(default_factory=dict)
    keep_while: str | None = None
    grace: timedelta = timedelta()
    minimum_stay: timedelta = timedelta()
    variants: tuple[VariantRule, ...] = ()

    @property
    def written(self) -> VariantRule:
        """The conditions as they stand in the file, for whom no variant is; `when` is '' for who takes the rest."""
        return self.variants[-1] if self.variants else VariantRule("", self.when or "", self.keep_while)

    @property
    def told(self) -> str:
        """Its condition as people read it, with those of its variants."""
        return _told(self.variants) if self.variants else (self.when or "").strip()

    @property
    def remembers(self) -> bool:
        """Whether it makes a difference who held it before."""
        return self.keep_while is not None or bool(self.grace or self.minimum_stay)


@dataclass(frozen=True, slots=True)
class WarningRule:
    """A sign that fires; `reason` is its text with {feature} placeholders, `route` the departments told.

    Having cleared, it does not fire again until `cooldown` after it last fired.
    """

    code: str
    label: Label
    when: str
    severity: str
    route: tuple[str, ...]
    reason: str
    cooldown: timedelta = timedelta()
    variants: tuple[VariantRule, ...] = ()

    @property
    def written(self) -> VariantRule:
        """The condition as it stands in the file, for whom no variant is."""
        return self.variants[-1] if self.variants else VariantRule("", self.when)

    @property
    def told(self) -> str:
        """Its condition as people read it, with those of its variants."""
        return _told(self.variants) if self.variants else self.when.strip()


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One file's question. A tier's levels are exclusive and the first that matches wins; a flag's are independent.

    A score is written as points and bands and means a tier: `written` tells the two apart. `source` is its text,
    `digest` that text's SHA-256. `asks` are the rule sets whose levels its conditions name.
    """

    code: str
    kind: Kind
    label: Label
    description: str
    levels: tuple[Level, ...]
    warnings: tuple[WarningRule, ...]
    path: str
    source: str
    digest: str
    written: str = "tier"
    effective: Effective = ALWAYS
    asks: frozenset[str] = frozenset()

    def conditions(self) -> Iterator[tuple[str, str]]:
        """(code, condition) of each level and warning that has one, in order."""
        yield from ((level.code, level.when) for level in self.levels if level.when is not None)
        yield from ((rule.code, rule.when) for rule in self.warnings)

    def keeping(self) -> Iterator[tuple[str, str]]:
        """(code, condition) of each level that is kept by a condition of its own."""
        yield from ((level.code, level.keep_while) for level in self.levels if level.keep_while is not None)


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The rule sets in the order of their paths, and the schema they were checked against.

    The schema holds the features and what conditions may ask of rule sets; `answered_by` names the rule set of each
    of the latter.
    """

    rulesets: tuple[RuleSet, ...]
    digest: str
    schema: Schema = field(default_factory=dict)
    answered_by: Mapping[str, str] = field(default_factory=dict)

    def ruleset(self, code: str) -> RuleSet:
        """The rule set of that code; raises KeyError when there is none."""
        for ruleset in self.rulesets:
            if ruleset.code == code:
                return ruleset
        raise KeyError(code)

    @property
    def features(self) -> Schema:
        """The features of the schema alone."""
        return {name: kind for name, kind in self.schema.items() if name not in self.answered_by}

    def latest(self) -> "RuleBook":
        """Of each code the version that comes into force last; the digest stays."""
        last: dict[str, RuleSet] = {}
        for item in self.rulesets:
            rival = last.setdefault(item.code, item)
            if (item.effective.start or _BEGINNING) > (rival.effective.start or _BEGINNING):
                last[item.code] = item
        return replace(self, rulesets=tuple(item for item in self.rulesets if last[item.code] is item))

    def in_force(self, as_of: datetime) -> "RuleBook":
        """The rule sets that count at the instant, of each code one at most; the digest stays."""
        return replace(self, rulesets=tuple(item for item in self.rulesets if item.effective.holds(as_of)))


def ruleset_of(draft: Draft, asks: Iterable[str]) -> RuleSet:
    """The rule set of a draft without error."""
    warning = draft.kind == "warning"
    return RuleSet(
        draft.code,
        draft.kind,
        draft.label,
        draft.description,
        () if warning else tuple(map(_level, draft.entries)),
        tuple(map(_warning, draft.entries)) if warning else (),
        draft.path,
        draft.source,
        sha256(draft.source.replace("\r\n", "\n").encode()).hexdigest(),
        draft.written,
        draft.effective,
        frozenset(asks),
    )


def digest_of(rulesets: Iterable[RuleSet]) -> str:
    """One digest of them all, in their order."""
    return sha256("".join(f"{item.code} {item.digest}\n" for item in rulesets).encode()).hexdigest()


def _level(entry: Entry) -> Level:
    return Level(
        entry.code,
        entry.label,
        entry.condition,
        entry.when is None,
        cast("Mapping[str, object]", entry.treatment or {}),
        entry.keep_condition,
        entry.keeping.grace,
        entry.keeping.minimum_stay,
        _variants(entry),
    )


def _warning(entry: Entry) -> WarningRule:
    reason = "" if entry.reason is None else entry.reason.text
    return WarningRule(
        entry.code,
        entry.label,
        entry.condition or "",
        entry.severity,
        entry.route,
        reason,
        entry.cooldown,
        _variants(entry),
    )


def _variants(entry: Entry) -> tuple[VariantRule, ...]:
    if not entry.variants or entry.when is None:
        return ()
    own = _text(entry.keeping.condition)
    told = (VariantRule(each.whom.text, each.when.text, _text(each.keep) or own) for each in entry.variants)
    return (*told, VariantRule("", entry.when.text, own))


def _told(variants: Iterable[VariantRule]) -> str:
    """`n >= 6 for region == "west", else n >= 10`."""
    spoken = (f"{each.when} for {each.whom}" if each.whom else f"else {each.when}" for each in variants)
    return ", ".join(" ".join(text.split()) for text in spoken)


def _text(condition: Scalar | None) -> str | None:
    return None if condition is None else condition.text
