"""Overrides taken down, ended and listed: people's decisions, checked against rules, customers and each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import Connection, Engine

from kehu.model.problems import Place, Problem, RefusedError, did_you_mean, refuse_errors
from kehu.pipeline.contradictions import Decided, Standing, standing_override
from kehu.pipeline.named_customer import named_customer, surely_named
from kehu.pipeline.progress import Clock
from kehu.pipeline.rule_directory import read_rule_directory
from kehu.pipeline.transactions import Database, reading, writing
from kehu.pipeline.wishes import Question, Wish, questions_of, shown, wish_problems, words_problems
from kehu.reader.customers import Customer, customers_by_id
from kehu.reader.overrides import NamedOverride, Override, all_overrides, overrides_by_id
from kehu.reader.versions import version_problems
from kehu.store.overrides import Decision, Effect, active_overrides, add_overrides, end_override
from kehu.store.reading import latest_event
from kehu.workspace.workspace import Workspace

State = Literal["active", "upcoming", "overruled", "expired", "ended"]


@dataclass(frozen=True, slots=True)
class NamedDecision:
    """A decision with its customer; `id` is None where nothing was written."""

    id: int | None
    uid: str
    name: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class ListedOverride:
    """An override and how it stands as of an instant.

    'overruled' is one that would count, if not for a newer one that a merge of customers brought to its side.
    """

    named: NamedOverride
    state: State


def workspace_now(workspace: Workspace, connection: Connection, clock: Clock) -> datetime:
    """The instant of the workspace's clock; the machine's where there are no events to tell it."""
    latest = latest_event(connection) if workspace.settings.clock != "now" else None
    return latest or clock()


def decide(
    workspace: Workspace,
    engine: Database,
    wishes: Sequence[Wish],
    *,
    clock: Clock,
    found: Sequence[Problem] = (),
    dry_run: bool = False,
) -> tuple[NamedDecision, ...]:
    """Take the wishes down, all or none; aligned with them. They count from the next run on.

    Raises RefusedError with everything wrong with the rule files, or else with the wishes, `found` included.
    """
    _, book, problems = read_rule_directory(workspace)
    refuse_errors(problems)
    with reading(engine) if dry_run else writing(engine) as connection:
        now = workspace_now(workspace, connection, clock)
        hearing = _Hearing(connection, workspace.settings.phone_region, questions_of(book), now)
        hearing.recognise(wishes)
        heard = [hearing.hear(wish) for wish in wishes]
        refuse_errors([*found, *hearing.problems])
        sound = [each for each in heard if each is not None]
        decisions = [each.decision for each in sound]
        ids = [None] * len(sound) if dry_run else add_overrides(connection, decisions, now=clock())
    return tuple(
        NamedDecision(number, each.uid, each.name, each.decision) for number, each in zip(ids, sound, strict=True)
    )


def end(
    engine: Database, override_id: int, *, by: str, reason: str, clock: Clock, expected: str | None = None
) -> NamedOverride:
    """Take an override back, which was seen in version `expected`; the next run decides without it.

    Returns it as it was. Raises RefusedError when there is none of that id, it was ended before, it has changed since
    that version, or a word is missing.
    """
    place = Place("override")
    words = {"reason": Place("--reason"), "author": Place("--author")}
    problems = list(words_problems(reason, by, words))
    with writing(engine) as connection:
        found = overrides_by_id(connection, [override_id]).get(override_id)
        if found is None:
            said = f"there is no override {override_id}"
            raise RefusedError([*problems, Problem(place, "unknown-override", said, "see 'kehu overrides list --all'")])
        if found.ended_at is not None:
            said = f"{found.ended_by} ended override {override_id} already, on {shown(found.ended_at)}"
            problems.append(Problem(place, "ended-override", said, "there is nothing left to do"))
        problems += version_problems(found, expected, Place("version"))
        refuse_errors(problems)
        end_override(connection, override_id, by=by.strip(), reason=reason.strip(), now=clock())
        customer = customers_by_id(connection, [found.customer_id])[found.customer_id]
    return NamedOverride(customer.uid, customer.name, found)


def listed(
    workspace: Workspace, engine: Engine, *, clock: Clock, customer: str = "", ruleset: str = "", past: bool = False
) -> tuple[ListedOverride, ...]:
    """The overrides that count now or will, and with `past` the others too; the oldest first.

    Raises RefusedError for a text that names no customer or several, and for an unknown rule set.
    """
    _, book, _ = read_rule_directory(workspace)
    questions = questions_of(book)
    with reading(engine) as connection:
        now = workspace_now(workspace, connection, clock)
        region = workspace.settings.phone_region
        wanted = named_customer(connection, customer, region, Place(customer)).customer_id if customer else None
        everything = all_overrides(connection, with_ended=True)
        tiers = [code for code, question in questions.items() if question.is_tier]
        in_effect = set(active_overrides(connection, now, tiers=tiers)["override"])
    known = {*questions, *(each.override.ruleset for each in everything)}
    if ruleset and ruleset not in known:
        said = f"no rule set '{ruleset}'"
        raise RefusedError([Problem(Place(ruleset), "unknown-ruleset", said, did_you_mean(ruleset, known))])
    found = (ListedOverride(each, _state(each.override, in_effect, now)) for each in everything)
    return tuple(
        each
        for each in found
        if ruleset in {"", each.named.override.ruleset}
        and wanted in {None, each.named.override.customer_id}
        and (past or each.state not in {"expired", "ended"})
    )


def _state(override: Override, in_effect: set[int], now: datetime) -> State:
    if override.ended_at is not None:
        return "ended"
    if override.counts(now):
        return "active" if override.id in in_effect else "overruled"
    return "upcoming" if override.expires_at is None or now < override.expires_at else "expired"


class _Hearing:
    """Wishes heard one after the other, with everything that is wrong with them."""

    def __init__(self, connection: Connection, region: str, questions: dict[str, Question], now: datetime) -> None:
        self.problems: list[Problem] = []
        self._connection, self._region, self._questions, self._now = connection, region, questions, now
        self._customers: dict[str, Customer] = {}
        self._decided = Decided(questions)
        for each in all_overrides(connection, with_ended=False):
            if each.override.expires_at is None or now < each.override.expires_at:
                self._decided.add(standing_override(each.override))

    def recognise(self, wishes: Sequence[Wish]) -> None:
        """Look up at once whom the wishes name plainly."""
        self._customers |= surely_named(self._connection, (wish.customer for wish in wishes))

    def hear(self, wish: Wish) -> NamedDecision | None:
        """What the wish becomes; None where something is wrong, which `problems` then has."""
        problems = list(wish_problems(wish, self._questions, self._now))
        try:
            customer = self._customer(wish)
        except RefusedError as error:
            self.problems += [*problems, *error.problems]
            return None
        if problems:
            self.problems += problems
            return None
        effect = cast("Effect", wish.effect)
        words = (wish.reason.strip(), wish.author.strip())
        decision = Decision(customer.id, wish.ruleset, wish.code, effect, *words, wish.starts_at, wish.expires_at)
        said, remedy = self._decided.against(decision)
        if said:
            self.problems.append(Problem(wish.places["code"], "contradiction", said, remedy))
            return None
        self._decided.add(Standing(decision, f"{wish.places['code']}", "keep one of the two"))
        return NamedDecision(None, customer.uid, customer.name, decision)

    def _customer(self, wish: Wish) -> Customer:
        if wish.customer not in self._customers:
            match = named_customer(self._connection, wish.customer, self._region, wish.places["customer"])
            self._customers |= {
                wish.customer: customers_by_id(self._connection, [match.customer_id])[match.customer_id]
            }
        return self._customers[wish.customer]
