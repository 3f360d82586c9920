"""Random stories of loads, runs, merges and splits: taken back, they have never been; nothing is lost or doubled."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, func, insert, select, text, update

from kehu.identity.rules import PLAIN_RULES
from kehu.model.feature_types import FeatureType
from kehu.model.graph import Entity
from kehu.pipeline.transactions import writing
from kehu.publish.publish import publish
from kehu.publish.run_log import Found, begin_run, finish_run
from kehu.publish.standing import standing_as_of
from kehu.rules.book import RuleBook
from kehu.rules.evaluate import evaluate
from kehu.rules.reading import read_rules
from kehu.store.customers import PARTY_COLUMNS, resolve_customers
from kehu.store.events import mark_seen
from kehu.store.identity_decisions import IdentityDecision, RecordName, add_decision, all_decisions, end_decisions
from kehu.tables.facts import customer_aliases, customer_records, customers, identifiers, shipments, source_records
from kehu.tables.identity import handed_over
from kehu.tables.overrides import overrides
from kehu.tables.runs import memberships, publication, warnings

Rows = dict[Entity, list[dict[str, object]]]
LoadFiles = Callable[..., object]
AT = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = "abcde"
BOOK = """
ruleset: size
kind: tier
label: {en: Size, zh: 规模}
description: How much does it ship?
levels:
  - {level: large, label: {en: Large, zh: 大}, when: n >= 2}
  - {level: small, label: {en: Small, zh: 小}, otherwise: true}
examples: [{given: {n: 2}, expect: large}, {given: {n: 1}, expect: small}]
"""
SIGNS = """
ruleset: signs
kind: warning
label: {en: Signs, zh: 征兆}
description: Is it leaving?
warnings:
  - {warning: quiet, label: {en: Quiet, zh: 沉默}, when: n == 0, severity: high, route: [sales], reason: none}
  - {warning: odd, label: {en: Odd, zh: 奇}, when: n == 1, severity: low, route: [sales], reason: one}
examples: [{given: {n: 0}, expect: quiet}, {given: {n: 1}, expect: odd}, {given: {n: 2}, expect: []}]
"""


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """A tier and two warnings that hang on the number of shipments."""
    found, problems = read_rules({"signs.yaml": SIGNS, "size.yaml": BOOK}, {"n": FeatureType("integer")})
    assert [str(problem) for problem in problems] == []
    return found


def run(engine: Engine, book: RuleBook, number: int) -> None:
    """A run over everybody that there is, published."""
    as_of = AT + timedelta(days=number)
    with writing(engine) as connection:
        paid = select(shipments.c.payer_id, func.count()).group_by(shipments.c.payer_id)
        counts = dict(map(tuple, connection.execute(paid).all()))
        everyone = list(connection.execute(select(customers.c.id).order_by(customers.c.id)).scalars())
        frame = pl.DataFrame({"customer": everyone, "n": [counts.get(each, 0) for each in everyone]})
        frame = frame.cast({"customer": pl.Int64(), "n": pl.Int64()})
        digests = {"rule_digest": book.digest, "feature_digest": "f"}
        run_id = begin_run(connection, as_of=as_of, now=as_of, engine="polars", **digests)
        evaluation = evaluate(book, frame, as_of, standing_as_of(connection, [book], as_of))
        publish(connection, run_id, book, evaluation)
        finish_run(connection, run_id, Found(len(frame), {"levels": {}, "warnings": {}}, []), now=as_of)


def listed(key: str, other: str | None = None) -> tuple[str, Rows]:
    """A row of the CRM's list, which may say that it is the same as another."""
    same = {"same_as_system": "crm", "same_as_key": other} if other else {}
    return "crm", {"customer": [{"key": key, "name": key, **same}]}


def waybill(number: int, payer: str, consignee: str) -> tuple[str, Rows]:
    """A shipment, its parties named by their accounts."""
    parties = {"payer": payer, "shipper": payer, "consignee": consignee}
    named = {
        f"{role}_{part}": value for role, key in parties.items() for part, value in (("system", "crm"), ("key", key))
    }
    return "tms", {"shipment": [{"key": f"W{number}", "number": f"W{number}", "accepted_at": AT, **named}]}


def other_event(kind: Entity, number: int, key: str) -> tuple[str, Rows]:
    """A complaint, visit or contact of a customer."""
    said: dict[str, dict[str, object]] = {
        "complaint": {"number": "n", "opened_at": AT},
        "visit": {"number": "n", "held_at": AT},
        "contact": {"name": "n"},
    }
    row: dict[str, object] = {"key": f"{kind}{number}", "customer_system": "crm", "customer_key": key, **said[kind]}
    return "ops", {kind: [row]}


Step = tuple[str, object]
_KEY = st.sampled_from(KEYS)
_LOAD = st.one_of(
    st.builds(listed, _KEY, st.none() | _KEY),
    st.builds(waybill, st.integers(0, 9), _KEY, _KEY),
    st.builds(other_event, st.sampled_from(["complaint", "visit", "contact"]), st.integers(0, 9), _KEY),
)
_DECISION = st.tuples(st.sampled_from(["same", "same", "different"]), _KEY, _KEY).filter(
    lambda each: each[1] != each[2]
)
_STEP = st.one_of(
    st.tuples(st.just("load"), _LOAD),
    st.tuples(st.just("decide"), _DECISION),
    st.tuples(st.just("decide"), _DECISION),
    st.tuples(st.just("undo"), st.integers(0, 3)),
    st.tuples(st.just("run"), st.none()),
    st.tuples(st.just("handle"), st.none()),
)
_STORIES = st.lists(_STEP, min_size=2, max_size=9)
# Shrinking would live through hundreds of stories.
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
QUICK = settings(max_examples=10, phases=_PHASES, suppress_health_check=[HealthCheck.function_scoped_fixture])


def decide(engine: Engine, kind: str, left: str, right: str) -> None:
    """Of two records of the CRM, as a person would."""
    first, second = (RecordName("file", "crm", key) for key in (left, right))
    with writing(engine) as connection:
        decision = IdentityDecision(0, "same" if kind == "same" else "different", first, second, "seen", "ann", AT)
        add_decision(connection, decision)
        resolve_customers(connection, "CN", PLAIN_RULES)
        mark_seen(connection)


def take_back(engine: Engine, number: int | None = None) -> None:
    """The decision at that place among those that stand; all of them without a number."""
    with writing(engine) as connection:
        standing = [each.id for each in all_decisions(connection) if each.ended_at is None]
        chosen = standing if number is None else standing[number : number + 1]
        end_decisions(connection, chosen, by="bob", reason="no", now=AT)
        resolve_customers(connection, "CN", PLAIN_RULES)
        mark_seen(connection)


def tell(engine: Engine, story: Sequence[Step], load_files: LoadFiles, book: RuleBook, *, meddling: bool) -> None:
    """Live through the story, or through its loads and runs alone; whatever happens, the graph is whole."""
    load_files(engine, *(listed(key) for key in KEYS))
    for number, (what, said) in enumerate(story):
        if what == "load":
            load_files(engine, said)
        elif what == "run":
            run(engine, book, number)
        elif meddling and what == "decide":
            decide(engine, *said)  # type: ignore[misc]  # three texts
        elif meddling and what == "undo":
            take_back(engine, said)  # type: ignore[arg-type]  # a place
        elif what == "handle":
            with writing(engine) as connection:
                first = select(func.min(warnings.c.id)).where(warnings.c.cleared_run_id.is_(None)).scalar_subquery()
                connection.execute(update(warnings).where(warnings.c.id == first).values(state="acknowledged"))
        assert faults(engine) == []
    if meddling:
        take_back(engine)
        assert faults(engine) == []
    run(engine, book, 100)


def faults(engine: Engine) -> list[object]:
    """Whatever is orphaned or doubled."""
    with engine.connect() as connection:
        found: list[object] = [
            *_strays(connection),
            *connection.execute(text("PRAGMA foreign_key_check")).all(),
            *_doubles(connection, memberships, ("customer_id", "ruleset"), "until_run_id"),
            *_doubles(connection, warnings, ("customer_id", "ruleset", "warning"), "cleared_run_id"),
        ]
        gone = select(customer_aliases.c.uid).where(customer_aliases.c.uid.in_(select(customers.c.uid)))
        return [*found, *connection.execute(gone).scalars()]


def _strays(connection: Connection) -> list[object]:
    found: list[object] = []
    for table, record, column in PARTY_COLUMNS:
        truth = select(customer_records.c.customer_id).where(customer_records.c.id == table.c[record]).scalar_subquery()
        stray = select(table.c.id).where(table.c[column].is_distinct_from(truth))
        found += connection.execute(stray).scalars()
    return found


def _doubles(connection: Connection, table: object, names: tuple[str, ...], until: str) -> list[object]:
    columns = [table.c[name] for name in names]  # type: ignore[attr-defined]  # a table
    query = select(*columns).where(table.c[until].is_(None)).group_by(*columns).having(func.count() > 1)  # type: ignore[attr-defined]  # a table
    return list(connection.execute(query).all())


def state(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """What readers see, told by uids and keys instead of the ids of rows."""
    with engine.connect() as connection:
        uids = dict(map(tuple, connection.execute(select(customers.c.id, customers.c.uid)).all()))
        keys = select(source_records.c.key, source_records.c.entity)
        found: dict[str, list[tuple[object, ...]]] = {"aliases": _rows(connection, select(customer_aliases.c.uid))}
        known = select(customers.c.uid, customers.c.name, customers.c.first_seen_at, customers.c.last_seen_at)
        found["customers"] = _rows(connection, known)
        for table, _, column in PARTY_COLUMNS:
            rows = connection.execute(keys.add_columns(table.c[column]).join(table, table.c.id == source_records.c.id))
            found[f"{table.name}.{column}"] = sorted((*row[:2], str(uids.get(row[2]))) for row in rows)
        named = select(identifiers.c.customer_id, identifiers.c.kind, identifiers.c.value)
        found["identifiers"] = sorted((uids[row[0]], *row[1:]) for row in connection.execute(named))
        levels = select(memberships.c.customer_id, memberships.c.level).where(memberships.c.until_run_id.is_(None))
        found["levels"] = sorted((uids[row[0]], *row[1:]) for row in connection.execute(levels))
        firing = select(warnings.c.customer_id, warnings.c.warning).where(warnings.c.cleared_run_id.is_(None))
        found["warnings"] = sorted((uids[row[0]], *row[1:]) for row in connection.execute(firing))
        return found


def _rows(connection: Connection, query: object) -> list[tuple[object, ...]]:
    return sorted(tuple(map(str, row)) for row in connection.execute(query).all())  # type: ignore[call-overload]  # a query


@QUICK
@given(story=_STORIES)
def test_what_is_taken_back_has_never_been(
    new_sqlite: Callable[[], Engine], load_files: LoadFiles, book: RuleBook, story: list[Step]
) -> None:
    lived, plain = new_sqlite(), new_sqlite()
    tell(lived, story, load_files, book, meddling=True)
    tell(plain, story, load_files, book, meddling=False)
    assert state(lived) == state(plain)


def everything(engine: Engine) -> list[list[tuple[object, ...]]]:
    """Memberships, warnings and overrides whole, the open and the ended, by their customers' uids."""
    with engine.connect() as connection:
        uids = dict(map(tuple, connection.execute(select(customers.c.id, customers.c.uid)).all()))
        place = {table: list(table.c.keys()).index("customer_id") for table in (memberships, warnings, overrides)}
        return [
            [
                (*row[:at], uids[row[at]], *row[at + 1 :])
                for row in connection.execute(select(table).order_by(table.c.id))
            ]
            for table, at in place.items()
        ]


@QUICK
@given(decisions=st.lists(_DECISION, min_size=1, max_size=5), order=st.randoms(use_true_random=False))
def test_without_a_run_between_history_comes_back_to_the_letter(
    new_sqlite: Callable[[], Engine],
    load_files: LoadFiles,
    book: RuleBook,
    decisions: list[tuple[str, str, str]],
    order: object,
) -> None:
    engine = new_sqlite()
    load_files(engine, *(listed(key) for key in KEYS), waybill(1, "a", "b"), waybill(2, "a", "b"), waybill(3, "c", "b"))
    run(engine, book, 1)
    load_files(engine, waybill(4, "d", "b"), waybill(5, "d", "b"))
    run(engine, book, 2)
    with writing(engine) as connection:
        ids = dict(map(tuple, connection.execute(select(customers.c.name, customers.c.id)).all()))
        values = {
            "ruleset": "size",
            "code": "large",
            "effect": "include",
            "reason": "r",
            "author": "a",
            "created_at": AT,
        }
        for number, key in enumerate("ab", 1):
            connection.execute(insert(overrides).values(id=number, customer_id=ids[key], **values))
        connection.execute(update(warnings).where(warnings.c.id == 2).values(state="acknowledged"))
    before = everything(engine)
    for decision in decisions:
        decide(engine, *decision)
        assert faults(engine) == []
    for left in range(len(decisions), 0, -1):
        take_back(engine, order.randrange(left))  # type: ignore[attr-defined]  # dice
        assert faults(engine) == []
    assert everything(engine) == before
    with engine.connect() as connection:
        assert connection.execute(select(handed_over)).all() == []


def test_a_merge_ends_levels_once_and_leaves_warnings_to_who_looks_after_them(
    new_sqlite: Callable[[], Engine], load_files: LoadFiles, book: RuleBook
) -> None:
    engine = new_sqlite()
    load_files(engine, *(listed(key) for key in "abc"), waybill(1, "c", "c"), waybill(2, "c", "c"))
    run(engine, book, 1)
    fired = select(warnings.c.id, warnings.c.state, warnings.c.cleared_run_id, customers.c.name).join(
        customers, customers.c.id == warnings.c.customer_id
    )
    with writing(engine) as connection:
        of_b = select(customers.c.id).where(customers.c.name == "b").scalar_subquery()
        connection.execute(update(warnings).where(warnings.c.customer_id == of_b).values(state="acknowledged"))
    decide(engine, "same", "a", "b")
    with engine.connect() as connection:
        told = {(row[1], row[2]) for row in connection.execute(fired)}
        assert connection.execute(select(publication.c.run_id)).scalar_one() == 1
    assert told == {("acknowledged", None), ("open", 1)}
    run(engine, book, 2)
    with engine.connect() as connection:
        still = [tuple(row[1:]) for row in connection.execute(fired.where(warnings.c.cleared_run_id.is_(None)))]
    assert still == [("acknowledged", None, "a")]
    take_back(engine)
    with engine.connect() as connection:
        back = sorted(tuple(row[1:]) for row in connection.execute(fired))
    assert back == [("acknowledged", None, "b"), ("open", None, "a")]
