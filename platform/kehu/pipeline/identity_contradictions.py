"""What stands against a decision about identity: other decisions, alone or in a chain, and locks."""

import unicodedata
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence

from kehu.model.problems import Place, Problem
from kehu.pipeline.wishes import words_problems
from kehu.store.identity_decisions import IdentityDecision, RecordName

WORDS = {"reason": Place("--reason"), "author": Place("--author")}
_MOST_LETTERS = 2000
_ALLOWED = {"\n", "\t"}


def said_problems(reason: str, author: str) -> Iterator[Problem]:
    """Everything wrong with the words of a decision: none, too many, or letters that nobody can see."""
    yield from words_problems(reason, author, WORDS)
    for field, text in (("reason", reason), ("author", author)):
        if len(text) > _MOST_LETTERS:
            said = f"the {field} has {len(text):,} letters, '{text[:20]}…'"
            yield Problem(WORDS[field], "long-text", said, f"say it in at most {_MOST_LETTERS:,}")
        hidden = {letter for letter in text if unicodedata.category(letter) == "Cc"} - _ALLOWED - {"\0"}
        if hidden:
            said = f"the {field} holds the control characters {', '.join(sorted(map(ascii, hidden)))}"
            yield Problem(WORDS[field], "control-character", said, "leave them out")


def joining_problems(
    decisions: Sequence[IdentityDecision], left: Sequence[RecordName], right: Sequence[RecordName], place: Place
) -> Iterator[Problem]:
    """Decisions that stand against making one customer of two: that they are not the same, and locks."""
    ours, theirs = set(left), set(right)
    for each in _standing(decisions, "different"):
        if {each.left, each.right} & ours and {each.left, each.right} & theirs:
            joined = [*_chain(decisions, left[0], ours & {each.left, each.right})]
            joined += _chain(decisions, right[0], theirs & {each.left, each.right})
            yield _contradiction(place, each, joined)
    yield from lock_problems(decisions, [*left, *right], place)


def parting_problems(
    decisions: Sequence[IdentityDecision], left: RecordName, right: RecordName, place: Place
) -> Iterator[Problem]:
    """The decisions that two records are the same, directly or one after the other, and locks."""
    path = _chain(decisions, left, {right})
    if path:
        numbers = ", ".join(str(each.id) for each in path)
        told = "; ".join(f"{each.left} is {each.right} ({each.author}: {each.reason})" for each in path)
        said = f"people said that these records are the same: decision {numbers}: {told}"
        yield Problem(place, "contradicts", said, f"take one back first: kehu identity undo {path[0].id}")


def lock_problems(
    decisions: Sequence[IdentityDecision], records: Collection[RecordName], place: Place
) -> Iterator[Problem]:
    """The locks on customers that have one of the records."""
    for each in _standing(decisions, "lock"):
        if each.left in records:
            said = f"decision {each.id} by {each.author} locks the customer of {each.left}: {each.reason}"
            yield Problem(place, "locked", said, f"unlock it first: kehu identity undo {each.id}")


def _contradiction(place: Place, each: IdentityDecision, joined: Sequence[IdentityDecision]) -> Problem:
    said = f"decision {each.id} by {each.author} says that they are not the same: {each.reason}"
    if joined:
        said += "".join(f"; decision {one.id} by {one.author} says that {one.left} is {one.right}" for one in joined)
    ways = " or ".join(f"kehu identity undo {one.id}" for one in (each, *joined))
    return Problem(place, "contradicts", said, f"take one back first: {ways}")


def _standing(decisions: Sequence[IdentityDecision], kind: str) -> Iterator[IdentityDecision]:
    return (each for each in decisions if each.ended_at is None and each.kind == kind)


def _chain(
    decisions: Sequence[IdentityDecision], start: RecordName, ends: Collection[RecordName]
) -> list[IdentityDecision]:
    """The fewest standing decisions that join the record to one of `ends`, in order; empty without such."""
    links: dict[RecordName, list[tuple[RecordName, IdentityDecision]]] = {}
    for each in _standing(decisions, "same"):
        links.setdefault(each.left, []).append((each.right, each))
        links.setdefault(each.right, []).append((each.left, each))
    came: dict[RecordName, tuple[RecordName, IdentityDecision]] = {}
    waiting, seen = deque([start]), {start}
    while waiting:
        record = waiting.popleft()
        if record in ends:
            return _walked(came, start, record)
        for other, decision in links.get(record, ()):
            if other not in seen:
                seen.add(other)
                came[other] = (record, decision)
                waiting.append(other)
    return []


def _walked(
    came: Mapping[RecordName, tuple[RecordName, IdentityDecision]], start: RecordName, end: RecordName
) -> list[IdentityDecision]:
    path = []
    while end != start:
        end, decision = came[end]
        path.append(decision)
    return path[::-1]
