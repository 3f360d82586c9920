"""Overrides as they are taken down, ended, in effect as of an instant, and handed on when customers merge."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid5

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, event, insert, select
from sqlalchemy.exc import IntegrityError

from kehu.identity.resolve import CUSTOMER_NAMESPACE
from kehu.store.overrides import Decision, Effect, active_overrides, add_overrides, end_override
from kehu.tables.facts import customers
from kehu.tables.overrides import overrides

LoadFiles = Callable[..., object]
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.fixture
def crm(database: Engine) -> Engine:
    """A database with the customers 1 and 2."""
    return with_customers(database)


def with_customers(engine: Engine) -> Engine:
    """Customers 1 and 2 of no record."""
    with engine.begin() as connection:
        for number in (1, 2):
            named = {"uid": f"u{number}", "kind": "company", "name": "n", "name_search": "n"}
            connection.execute(insert(customers).values(id=number, **named))
    return engine


def decide(
    engine: Engine,
    customer: int,
    code: str,
    effect: Effect = "include",
    *,
    over: tuple[datetime | None, datetime | None] = (None, None),
) -> int:
    """Take a decision of the rule set 'tier' down; returns its id."""
    decision = Decision(customer, "tier", code, effect, f"why {code}", "ann", *over)
    with engine.begin() as connection:
        (made,) = add_overrides(connection, [decision], now=NOW)
    return made


def active(engine: Engine, as_of: datetime = NOW, *, tiers: tuple[str, ...] = ("tier",)) -> list[tuple[object, ...]]:
    """(id, customer, code, effect) of what counts as of the instant."""
    with engine.connect() as connection:
        found = active_overrides(connection, as_of, tiers=tiers)
    return found.select("override", "customer", "code", "effect").rows()


def test_an_override_has_all_that_was_decided(crm: Engine) -> None:
    until = datetime(2026, 4, 1, 0, 0, 0, 5, tzinfo=UTC)
    decided = [
        Decision(2, "tier", "vip", "include", "a promise, '签约'", "王芳", None, until),
        Decision(1, "churn", "silence", "exclude", "closed for works", "ann"),
    ]
    with crm.begin() as connection:
        assert add_overrides(connection, decided, now=NOW) == (1, 2)
        assert add_overrides(connection, decided[:1], now=NOW) == (3,)
        assert add_overrides(connection, [], now=NOW) == ()
        found = active_overrides(connection, NOW, tiers=())
    assert found.schema == {
        "customer": pl.Int64(),
        "ruleset": pl.String(),
        "code": pl.String(),
        "effect": pl.String(),
        "override": pl.Int64(),
        "reason": pl.String(),
        "author": pl.String(),
        "expires_at": pl.Datetime("us", "UTC"),
    }
    assert found.rows() == [
        (1, "churn", "silence", "exclude", 2, "closed for works", "ann", None),
        (2, "tier", "vip", "include", 3, "a promise, '签约'", "王芳", until),
    ]


@pytest.mark.parametrize(
    ("_case", "starts_at", "expires_at", "counts"),
    [
        ("without edges", None, None, True),
        ("begins now", NOW, None, True),
        ("begins a moment later", NOW + TICK, None, False),
        ("expires now", None, NOW, False),
        ("expires a moment later", None, NOW + TICK, True),
        ("lasted till yesterday", NOW - timedelta(days=9), NOW - timedelta(days=1), False),
    ],
)
def test_an_override_counts_from_its_start_until_before_its_expiry(
    crm: Engine, _case: str, starts_at: datetime | None, expires_at: datetime | None, *, counts: bool
) -> None:
    decide(crm, 1, "vip", over=(starts_at, expires_at))
    assert active(crm) == ([(1, 1, "vip", "include")] if counts else [])


def test_an_ended_override_counts_no_more_and_is_kept(crm: Engine) -> None:
    ended, _ = decide(crm, 1, "vip"), decide(crm, 2, "vip")
    with crm.begin() as connection:
        end_override(connection, ended, by="bo", reason="the promise is over", now=NOW + TICK)
    assert active(crm) == [(2, 2, "vip", "include")]
    with crm.begin() as connection:
        end_override(connection, ended, by="eve", reason=None, now=NOW + 2 * TICK)
        columns = (overrides.c.reason, overrides.c.author, overrides.c.created_at, overrides.c.ended_at)
        said = select(*columns, overrides.c.ended_by, overrides.c.ended_reason).where(overrides.c.id == ended)
        kept = [tuple(row) for row in connection.execute(said)]
    assert kept == [("why vip", "ann", NOW, NOW + TICK, "bo", "the promise is over")]


@pytest.mark.parametrize(
    ("_case", "decided", "tiers", "counting"),
    [
        ("two includes of a tier", [("vip", "include"), ("plain", "include")], ("tier",), [2]),
        ("two includes of a flag", [("vip", "include"), ("plain", "include")], (), [1, 2]),
        ("excluded, then included", [("vip", "exclude"), ("vip", "include")], (), [2]),
        ("included, then excluded", [("vip", "include"), ("vip", "exclude")], ("tier",), [2]),
        ("twice the same", [("vip", "exclude"), ("vip", "exclude")], ("tier",), [2]),
        ("excludes beside an include", [("a", "exclude"), ("b", "include"), ("c", "exclude")], ("tier",), [1, 2, 3]),
        (
            "a newest include that is itself overruled",
            [("vip", "include"), ("plain", "include"), ("plain", "exclude")],
            ("tier",),
            [1, 3],
        ),
    ],
)
def test_of_contradicting_overrides_the_newest_counts(
    crm: Engine, _case: str, decided: list[tuple[str, Effect]], tiers: tuple[str, ...], counting: list[int]
) -> None:
    for code, effect in decided:
        decide(crm, 1, code, effect)
    decide(crm, 2, "vip")
    assert [row[0] for row in active(crm, tiers=tiers) if row[1] == 1] == counting
    assert [row[1:] for row in active(crm, tiers=tiers) if row[1] == 2] == [(2, "vip", "include")]


def test_an_older_one_counts_again_when_the_newer_has_expired(crm: Engine) -> None:
    decide(crm, 1, "vip")
    decide(crm, 1, "plain", over=(None, NOW + TICK))
    assert active(crm) == [(2, 1, "plain", "include")]
    assert active(crm, NOW + TICK) == [(1, 1, "vip", "include")]


QUICK = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
DECISIONS = st.lists(
    st.tuples(
        st.sampled_from((1, 2)),
        st.sampled_from(("tier", "flag")),
        st.sampled_from("abc"),
        st.sampled_from(("include", "exclude")),
        st.sampled_from((None, -1, 0, 1)),
        st.sampled_from((None, 2, 3)),
    ),
    max_size=12,
)


@QUICK
@given(decided=DECISIONS, day=st.integers(-2, 3))
def test_what_counts_is_what_a_person_would_say(
    new_sqlite: Callable[[], Engine], decided: list[tuple[int, str, str, Effect, int | None, int | None]], day: int
) -> None:
    def instant(days: int | None) -> datetime | None:
        return None if days is None else NOW + timedelta(days=days)

    engine = with_customers(new_sqlite())
    rows = [
        Decision(who, ruleset, code, effect, "r", "a", instant(start), instant(end))
        for who, ruleset, code, effect, start, end in decided
    ]
    with engine.begin() as connection:
        add_overrides(connection, rows, now=NOW)
    counting: dict[tuple[int, str, str], int] = {}
    for number, (who, ruleset, code, _, start, end) in enumerate(decided, 1):
        if (start is None or start <= day) and (end is None or day < end):
            counting[who, ruleset, code] = number
    included: dict[int, int] = {}
    for (who, ruleset, _), number in counting.items():
        if ruleset == "tier" and decided[number - 1][3] == "include":
            included[who] = max(included.get(who, 0), number)
    expected = [
        number
        for (who, ruleset, _), number in counting.items()
        if ruleset != "tier" or decided[number - 1][3] == "exclude" or number == included[who]
    ]
    with engine.connect() as connection:
        found = active_overrides(connection, NOW + timedelta(days=day), tiers=["tier"])
    assert found["override"].to_list() == sorted(expected)


@pytest.mark.parametrize(
    ("_case", "changed"),
    [
        ("no such effect", {"effect": "maybe"}),
        ("no reason", {"reason": ""}),
        ("no author", {"author": ""}),
        ("over before it begins", {"starts_at": NOW, "expires_at": NOW}),
        ("ended by nobody", {"ended_at": NOW}),
        ("of nobody", {"customer_id": 9}),
    ],
)
def test_the_database_itself_refuses_a_broken_override(crm: Engine, _case: str, changed: dict[str, object]) -> None:
    whole = {"id": 1, "customer_id": 1, "ruleset": "r", "code": "c", "effect": "include", "reason": "r", "author": "a"}
    with pytest.raises(IntegrityError), crm.begin() as connection:
        connection.execute(insert(overrides).values(**whole | {"created_at": NOW} | changed))
    with crm.begin() as connection:
        connection.execute(insert(overrides).values(**whole, created_at=NOW))


def uid(key: str) -> str:
    """The id of a customer whose first record is the CRM's of that key."""
    return str(uuid5(CUSTOMER_NAMESPACE, f"crm\x1f{key}"))


def rows_of(*keys: str, **same_as: str) -> tuple[str, dict[str, list[dict[str, object]]]]:
    """Rows of the CRM's customer list; `b="a"` says that b is a."""
    link = {key: {"same_as_system": "crm", "same_as_key": other} for key, other in same_as.items()}
    return "crm", {"customer": [{"key": key, "name": key, **link.get(key, {})} for key in keys]}


def whose(engine: Engine) -> list[tuple[object, ...]]:
    """(customer's uid, code) of every override by id."""
    joined = overrides.join(customers, customers.c.id == overrides.c.customer_id)
    query = select(customers.c.uid, overrides.c.code).select_from(joined).order_by(overrides.c.id)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_overrides_go_to_the_heir_and_come_back_with_their_customer(database: Engine, load_files: LoadFiles) -> None:
    load_files(database, rows_of("a", "b", "c"))
    with database.connect() as connection:
        ids = dict(connection.execute(select(customers.c.name, customers.c.id)).all())
    decide(database, ids["b"], "plain", "exclude")
    decide(database, ids["a"], "vip")
    decide(database, ids["b"], "plain")
    decide(database, ids["c"], "vip")
    with database.begin() as connection:
        end_override(connection, 1, by="bo", reason=None, now=NOW)
    load_files(database, rows_of("b", b="a"))
    assert whose(database) == [(uid("a"), "plain"), (uid("a"), "vip"), (uid("a"), "plain"), (uid("c"), "vip")]
    assert active(database) == [(3, ids["a"], "plain", "include"), (4, ids["c"], "vip", "include")]
    load_files(database, rows_of("b"))
    assert whose(database) == [(uid("b"), "plain"), (uid("a"), "vip"), (uid("b"), "plain"), (uid("c"), "vip")]


def test_what_counts_is_found_without_reading_what_has_ended(sqlite_database: Engine) -> None:
    plans: list[str] = []

    def explain(connection: Connection, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        rows = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        plans.extend(row[3] for row in rows)

    with sqlite_database.connect() as connection:
        event.listen(connection, "before_cursor_execute", explain)
        active_overrides(connection, NOW, tiers=())
    assert plans == ["SCAN overrides USING INDEX ix_overrides_open"]
