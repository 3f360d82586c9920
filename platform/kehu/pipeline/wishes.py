"""What a person asks for against the rules, and whether the rules know what it speaks of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from kehu.model.problems import Place, Problem, did_you_mean
from kehu.pipeline.named_customer import is_storable
from kehu.rules.book import RuleBook


@dataclass(frozen=True, slots=True)
class Wish:
    """An override asked for; `places` says by field where, `problems` what reading it already found wrong."""

    customer: str
    ruleset: str
    code: str
    effect: str
    reason: str
    author: str
    starts_at: datetime | None
    expires_at: datetime | None
    places: Mapping[str, Place]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What a rule set can answer, at whatever time; `rest` are its levels that take whoever meets no other."""

    levels: frozenset[str]
    rest: frozenset[str]
    warnings: frozenset[str]
    is_tier: bool


def questions_of(book: RuleBook) -> dict[str, Question]:
    """By rule set, also where several versions of it follow each other."""
    found: dict[str, Question] = {}
    for code in dict.fromkeys(item.code for item in book.rulesets):
        versions = [item for item in book.rulesets if item.code == code]
        levels = [level for item in versions for level in item.levels]
        conditional = {level.code for level in levels if not level.otherwise}
        found[code] = Question(
            levels=frozenset(level.code for level in levels),
            rest=frozenset(level.code for level in levels) - conditional,
            warnings=frozenset(rule.code for item in versions for rule in item.warnings),
            is_tier=any(item.kind == "tier" for item in versions),
        )
    return found


def wish_problems(wish: Wish, questions: Mapping[str, Question], now: datetime) -> Iterator[Problem]:
    """Everything wrong with the wish by itself, at the instant `now` of the workspace's clock."""
    yield from wish.problems
    yield from _answer_problems(wish, questions)
    yield from words_problems(wish.reason, wish.author, wish.places)
    yield from _interval_problems(wish, now)


def words_problems(reason: str, author: str, places: Mapping[str, Place]) -> Iterator[Problem]:
    """A decision needs a reason and somebody who takes it; `places` are those of the fields."""
    if not reason.strip():
        yield Problem(places["reason"], "no-reason", "there is no reason", "say why, for those who ask later")
    if not author.strip():
        yield Problem(places["author"], "no-author", "there is no author", "say who decides it")
    for field, text in (("reason", reason), ("author", author)):
        if not is_storable(text):
            said = f"the {field} {text!a} holds what is no text"
            yield Problem(places[field], "no-text", said, "write it in UTF-8, without the character NUL")


def _answer_problems(wish: Wish, questions: Mapping[str, Question]) -> Iterator[Problem]:
    question = questions.get(wish.ruleset)
    if wish.effect not in {"include", "exclude"}:
        said = f"'{wish.effect}' is no effect"
        yield Problem(wish.places["effect"], "unknown-effect", said, "write include or exclude")
    if question is None:
        said = f"no rule set '{wish.ruleset}'"
        yield Problem(wish.places["ruleset"], "unknown-ruleset", said, did_you_mean(wish.ruleset, questions))
        return
    known, what = (question.warnings, "warning") if question.warnings else (question.levels, "level")
    place = wish.places["code"]
    if wish.code not in known:
        said = f"rule set '{wish.ruleset}' has no {what} '{wish.code}'"
        yield Problem(place, f"unknown-{what}", said, did_you_mean(wish.code, known))
    elif wish.effect == "include" and what == "warning":
        said = f"'{wish.code}' is a warning, which fires by its rule alone"
        yield Problem(place, "include-warning", said, "exclude it to mute it")
    elif wish.effect == "exclude" and wish.code in question.rest:
        said = f"'{wish.code}' takes whoever meets no other level: nobody can be kept out of it"
        yield Problem(place, "exclude-rest", said, "include the customer in another level")


def _interval_problems(wish: Wish, now: datetime) -> Iterator[Problem]:
    if wish.expires_at is None:
        return
    place = wish.places["expires_at"]
    if wish.starts_at is not None and wish.expires_at <= wish.starts_at:
        said = f"it expires at {shown(wish.expires_at)}, and starts at {shown(wish.starts_at)}"
        yield Problem(place, "empty-interval", said, "let it expire later")
    elif wish.expires_at <= now:
        said = f"it expires at {shown(wish.expires_at)}, and that is over: the workspace's clock says {shown(now)}"
        yield Problem(place, "empty-interval", said, "let it expire later")


def shown(instant: datetime) -> str:
    """An instant for people."""
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"
