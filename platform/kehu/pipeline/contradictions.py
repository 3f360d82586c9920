"""Overrides that cannot both hold: of one level twice, or in two levels of which a customer has one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from kehu.pipeline.wishes import Question, shown
from kehu.reader.overrides import Override
from kehu.store.overrides import Decision


@dataclass(frozen=True, slots=True)
class Standing:
    """A decision that a new one may contradict: how to speak of it, and how to get rid of it."""

    decision: Decision | Override
    name: str
    remedy: str


@dataclass(slots=True)
class Decided:
    """The decisions that stand, by customer and rule set; new ones are added as they are found sound."""

    questions: Mapping[str, Question]
    standing: dict[tuple[int, str], list[Standing]] = field(default_factory=dict)

    def add(self, one: Standing) -> None:
        """From now on `one` stands."""
        self.standing.setdefault((one.decision.customer_id, one.decision.ruleset), []).append(one)

    def against(self, new: Decision) -> tuple[str, str]:
        """What stands against the decision and the remedy; two empty texts where nothing does."""
        question = self.questions[new.ruleset]
        for one in self.standing.get((new.customer_id, new.ruleset), ()):
            if _overlap(new, one.decision) and _exclude_each_other(new, one.decision, is_tier=question.is_tier):
                return f"{one.name} {_said(one.decision, new, question)}", one.remedy
        return "", ""


def standing_override(override: Override) -> Standing:
    """One that has been taken down."""
    remedy = f"end it first: kehu overrides end {override.id} --reason …"
    return Standing(override, f"override {override.id} by {override.author}", remedy)


def _exclude_each_other(new: Decision, old: Decision | Override, *, is_tier: bool) -> bool:
    return new.code == old.code or (is_tier and new.effect == old.effect == "include")


def _overlap(new: Decision, old: Decision | Override) -> bool:
    return _before(new.starts_at, old.expires_at) and _before(old.starts_at, new.expires_at)


def _before(start: datetime | None, end: datetime | None) -> bool:
    return start is None or end is None or start < end


def _said(old: Decision | Override, new: Decision, question: Question) -> str:
    what = {"include": "includes it in", "exclude": "keeps it out of"}[old.effect]
    if old.code in question.warnings:
        what = "mutes"
    until = "" if old.expires_at is None else f" until {shown(old.expires_at)}"
    already = " already" if old.effect == new.effect and old.code == new.code else ""
    single = "" if old.code == new.code else f", and a customer has one level of '{old.ruleset}'"
    return f"{what} '{old.code}'{already}{until}{single}"
