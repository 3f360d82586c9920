"""Overrides as commands show them: sentences and tables for people, documents for machines."""

from collections.abc import Sequence
from datetime import datetime

from kehu.cli.output import say, say_json, show_table
from kehu.pipeline.overriding import ListedOverride, NamedDecision
from kehu.reader.overrides import NamedOverride, Override
from kehu.store.overrides import Decision

_COLUMNS = ("id", "customer", "for", "effect", "state", "from", "until", "author", "reason")
_NEXT = "effective with the next run: kehu resegment"


def show_decided(made: Sequence[NamedDecision], *, dry_run: bool, json: bool) -> None:
    """What was taken down, or would be."""
    if json:
        say_json({"dry_run": dry_run, "overrides": [_decision_document(each) for each in made]})
        return
    for each in made:
        number = "" if each.id is None else f"override {each.id}: "
        say(f"{number}{each.name} ({each.uid}), {_effect(each.decision)}{_while(each.decision)}")
    counted = f"{len(made):,} {'override' if len(made) == 1 else 'overrides'}"
    say(f"dry run, nothing written: {counted}" if dry_run else f"{counted} written; {_NEXT}")


def show_listed(found: Sequence[ListedOverride], *, json: bool) -> None:
    """The list; said in words where it is empty."""
    if json:
        say_json({"overrides": [listed_document(each) for each in found]})
    elif found:
        show_table("Overrides", _COLUMNS, [_row(each) for each in found])
    else:
        say("no override; 'kehu overrides include' and 'kehu overrides exclude' make some")


def show_ended(named: NamedOverride, *, json: bool) -> None:
    """What was taken back, as it was."""
    one = named.override
    if json:
        say_json({"ended": one.id, "customer": {"uid": named.uid, "name": named.name}})
    else:
        say(f"override {one.id} ended: {named.name} ({named.uid}), {one.effect} {one.ruleset}:{one.code}; {_NEXT}")


def listed_document(listed: ListedOverride) -> dict[str, object]:
    """One override of `kehu overrides list --json`."""
    named = listed.named
    return {"state": listed.state, "customer": {"uid": named.uid, "name": named.name}, **_document(named.override)}


def _document(override: Override) -> dict[str, object]:
    fields = ("id", "ruleset", "code", "effect", "reason", "author", "created_at", "starts_at", "expires_at")
    return {name: getattr(override, name) for name in (*fields, "ended_at", "ended_by", "ended_reason")}


def _decision_document(made: NamedDecision) -> dict[str, object]:
    fields = ("ruleset", "code", "effect", "reason", "author", "starts_at", "expires_at")
    said = {name: getattr(made.decision, name) for name in fields}
    return {"id": made.id, "customer": {"uid": made.uid, "name": made.name}, **said}


def _effect(decision: Decision) -> str:
    return f"{decision.effect} {decision.ruleset}:{decision.code}"


def _while(decision: Decision) -> str:
    start = "" if decision.starts_at is None else f" from {_shown(decision.starts_at)} UTC"
    return start + ("" if decision.expires_at is None else f" until {_shown(decision.expires_at)} UTC")


def _row(listed: ListedOverride) -> tuple[object, ...]:
    one = listed.named.override
    edges = (_shown(one.starts_at), _shown(one.expires_at))
    said = one.reason if one.ended_by is None else f"{one.reason} (ended by {one.ended_by}: {one.ended_reason})"
    where = f"{one.ruleset}:{one.code}"
    return (str(one.id), listed.named.name, where, one.effect, listed.state, *edges, one.author, said)


def _shown(instant: datetime | None) -> str | None:
    return None if instant is None else f"{instant:%Y-%m-%d %H:%M:%S}"
