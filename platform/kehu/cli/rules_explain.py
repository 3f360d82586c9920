"""kehu rules explain: why a customer stands where it stands, and what it lacks for more."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from kehu.cli.options import JsonOption, WorkspaceOption, database_of, now, read_instant, workspace_at
from kehu.cli.output import say, say_json
from kehu.pipeline.explaining import CustomerExplanation, PublishedAnswer, explain_customer
from kehu.rules.next_level import Missing
from kehu.rules.truths import State, Truth, deciding
from kehu.rules.verdicts import Answer, Kept, Verdict
from kehu.rules.wording import worded

_STATES: Mapping[State, str] = {
    "true": "true",
    "false": "false",
    "unknown": "unknown",
    "failed": "cannot be computed",
    "skipped": "not evaluated",
}


def explain(
    customer: Annotated[str, typer.Argument(help="A uid, account, tax code, phone, e-mail or whole name.")],
    ruleset: Annotated[str, typer.Option("--ruleset", help="One rule set's code; all when left out.")] = "",
    as_of: Annotated[str | None, typer.Option("--as-of", help="The instant; the workspace's clock by default.")] = None,
    workspace: WorkspaceOption = Path(),
    json: JsonOption = False,
) -> None:
    """Say why a customer has its levels and warnings: every clause with its values, and what lacks for more.

    Example: kehu rules explain A10023 --ruleset service_tier
    """
    place = workspace_at(workspace)
    instant = None if as_of is None else read_instant(as_of, place)
    found = explain_customer(place, database_of(place), customer, instant, clock=now, ruleset=ruleset)
    if json:
        say_json(explanation_document(found))
    else:
        say("\n".join(explanation_lines(found)))


def explanation_lines(found: CustomerExplanation) -> Iterator[str]:
    """The explanation for people."""
    by = found.found_by
    named = "" if by.kind == "uid" else f", found by {by.kind}{f' of {by.system}' if by.system else ''} '{by.value}'"
    yield f"{found.customer.name} ({found.customer.uid}){named}"
    yield f"as of {found.as_of:%Y-%m-%d %H:%M:%S} UTC, by the rules as they are now"
    for verdict in found.verdicts:
        yield ""
        yield from _verdict_lines(verdict)
        if found.differs(verdict):
            yield f"  published by run {found.run}: {_published(found.published.get(verdict.ruleset, ()))}"
    for code in found.not_in_force:
        yield ""
        yield f"{code}: not in force then"


def explanation_document(found: CustomerExplanation) -> Any:
    """What `kehu rules explain --json` prints; exact numbers are texts."""
    document = {
        "customer": {"uid": found.customer.uid, "name": found.customer.name},
        "found_by": {"kind": found.found_by.kind, "system": found.found_by.system, "value": found.found_by.value},
        "as_of": found.as_of,
        "run": found.run,
        "not_in_force": list(found.not_in_force),
        "rulesets": [
            asdict(verdict)
            | {
                "differs": found.differs(verdict),
                "published": [asdict(answer) for answer in found.published.get(verdict.ruleset, ())],
            }
            for verdict in found.verdicts
        ],
    }
    return _plain(document)


def _verdict_lines(verdict: Verdict) -> Iterator[str]:
    labels = {answer.code: f"{answer.code} ({answer.label.en} / {answer.label.zh})" for answer in verdict.answers}
    holding = ", ".join(labels[code] for code in verdict.holding) or "nothing"
    yield f"{verdict.ruleset} ({verdict.label.en} / {verdict.label.zh}): {holding}"
    for answer in verdict.answers:
        yield from _answer_lines(answer)
    if verdict.next is not None:
        lacking = "; ".join(map(_clause, verdict.next.missing)) or "nothing is missing"
        yield f"  next is {verdict.next.level}: {lacking}"


def _clause(missing: Missing) -> str:
    if missing.feature is None and missing.lacks is None:
        return missing.wants
    lacks = "" if missing.lacks is None else f", lacks {missing.lacks}"
    named = "" if missing.feature is None else f"{missing.feature} "
    return f"{named}{missing.wants} (is {'unknown' if missing.value is None else missing.value}{lacks})"


def _answer_lines(answer: Answer) -> Iterator[str]:
    mark = "+" if answer.holds else "-"
    if answer.condition is None:
        yield f"  {mark} {answer.code}: takes the rest"
        yield from _by_hand(answer)
        return
    yield f"  {mark} {answer.code}: {_state(answer.condition)}"
    if answer.variant:
        yield f"      variant for: {answer.variant}"
    if answer.condition.state != "skipped":
        yield from _clauses(answer.condition, answer.decided_by, 3)
    if answer.reason:
        yield f"      says: {answer.reason}"
    if answer.need:
        yield f"      lacks: {answer.need.text}"
    if answer.kept:
        yield from _kept(answer.kept)
    yield from _by_hand(answer)


def _kept(kept: Kept) -> Iterator[str]:
    """Why the level is held though its condition is not met, and until when."""
    yield f"      held since {kept.since:%Y-%m-%d}, and kept:"
    if kept.condition is not None:
        yield f"        keep_while: {_state(kept.condition)}"
        yield from _clauses(kept.condition, deciding(kept.condition), 5)
    if kept.drops_at is not None:
        since = "" if kept.below_since is None else f" (unmet since {kept.below_since:%Y-%m-%d})"
        yield f"        will drop on {kept.drops_at:%Y-%m-%d %H:%M} UTC unless it is met again{since}"


def _by_hand(answer: Answer) -> Iterator[str]:
    decision = answer.by_hand
    if decision is not None:
        until = "" if decision.expires_at is None else f" until {decision.expires_at:%Y-%m-%d %H:%M} UTC"
        done = "included" if decision.effect == "include" else "excluded"
        yield f"      {done} by hand{until}: {decision.reason} ({decision.author}, override {decision.override})"


def _clauses(truth: Truth, decided_by: tuple[Truth, ...], depth: int) -> Iterator[str]:
    indent = "  " * depth + ("" if truth.points is None else f"{worded(truth.points)} points: ")
    if truth.parts and truth.joined != "sum":
        yield f"{indent}{truth.joined}: {_state(truth)}"
        for part in truth.parts:
            yield from _clauses(part, decided_by, depth + 1)
        return
    decided = " <- decided" if truth in decided_by else ""
    values = ", ".join(f"{name} is {worded(value)}" for name, value in truth.values)
    yield f"{indent}{truth.text}: {_state(truth)}{f' ({values})' if values else ''}{decided}"
    for part in truth.parts:
        yield from _clauses(part, decided_by, depth + 1)


def _state(truth: Truth) -> str:
    return _STATES[truth.state]


def _published(answers: tuple[PublishedAnswer, ...]) -> str:
    return (
        "; ".join(
            f"{answer.code} since {answer.since:%Y-%m-%d} (run {answer.run}): {_because(answer.reasons)}"
            for answer in answers
        )
        or "nothing"
    )


def _because(reasons: Mapping[str, Any]) -> str:
    values = ", ".join(
        f"{name} was {'unknown' if value is None else value}" for name, value in (reasons.get("features") or {}).items()
    )
    when = " ".join(str(reasons.get("when", "")).split())
    return f"{when} ({values})" if values else when


def _plain(value: Any) -> Any:
    """Decimals as exact texts, values of clauses as a mapping by feature."""
    match value:
        case Decimal():
            return f"{value:f}"
        case dict():
            return {
                name: dict(_plain(list(each))) if name == "values" else _plain(each) for name, each in value.items()
            }
        case list() | tuple():
            return [_plain(each) for each in value]
    return value
