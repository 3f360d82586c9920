"""Complaints by rank, visits due, open warnings: whole queues with exact values."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, insert, update

from kehu.care.complaints import RankedComplaint, complaints_by_rank, count_open_complaints
from kehu.care.grants import Grant, duration_grants, ladder
from kehu.care.queues import Place, Slice
from kehu.care.visits import DueVisit, count_visits_due, visits_due
from kehu.care.warnings import WarningFilter, count_open_warnings, open_warnings
from kehu.tables.facts import visits
from kehu.tables.runs import rule_versions

ALL = Slice(100)
FAR = datetime(2030, 1, 1, tzinfo=UTC)


def day(month: int, number: int, hour: int = 0) -> datetime:
    """An instant of 2026, UTC."""
    return datetime(2026, month, number, hour, tzinfo=UTC)


def test_levels_grant_durations_by_rule_set_and_rank(connection: Connection) -> None:
    assert duration_grants(connection, "complaint_response") == (
        Grant("lifecycle", "active", 0, timedelta(hours=1)),
        Grant("service_tier", "vip", 0, timedelta(hours=2)),
        Grant("service_tier", "professional", 1, timedelta(hours=8)),
    )
    assert duration_grants(connection, "nothing_grants_this") == ()


def test_the_rule_set_with_most_granting_levels_ranks(connection: Connection) -> None:
    assert ladder(connection, "complaint_response") == ("service_tier", ("vip", "professional", "ordinary"))
    assert ladder(connection, "nothing_grants_this") is None


def test_a_treatment_that_is_no_duration_names_file_and_level(connection: Connection) -> None:
    with pytest.raises(
        ValueError, match=r"^rules/service_tier.yaml: level 'vip', treatment 'discount': '0.1' is no dur"
    ):
        duration_grants(connection, "discount")


def test_emergencies_come_first_then_rank_then_age(connection: Connection) -> None:
    as_of = day(2, 10)
    queue = complaints_by_rank(connection, as_of, ALL)
    tier = "service_tier"
    assert queue.entries == (
        RankedComplaint(3, tier, "ordinary", is_emergency=True, response_due_at=None, is_overdue=False),
        # Lifecycle 'active' grants an hour, VIP two: the shorter counts.
        RankedComplaint(1, tier, "vip", is_emergency=False, response_due_at=day(2, 1, 9), is_overdue=True),
        RankedComplaint(7, tier, "professional", is_emergency=False, response_due_at=day(1, 19, 8), is_overdue=True),
        RankedComplaint(2, tier, "professional", is_emergency=False, response_due_at=day(1, 20, 8), is_overdue=False),
        RankedComplaint(4, tier, "ordinary", is_emergency=False, response_due_at=None, is_overdue=False),
        RankedComplaint(5, None, None, is_emergency=False, response_due_at=None, is_overdue=False),
    )
    assert (queue.has_more, count_open_complaints(connection, as_of)) == (False, 6)


@pytest.mark.parametrize(
    ("_case", "as_of", "expected"),
    [
        ("before any was opened", day(1, 1) - timedelta(microseconds=1), []),
        ("the instant one is opened", day(1, 1), [5]),
        ("open until it is resolved", day(1, 6) - timedelta(microseconds=1), [6, 5]),
        ("resolved", day(1, 6), [5]),
        ("later ones are not known yet", day(3, 19), [3, 1, 7, 2, 4, 5]),
    ],
)
def test_the_queue_is_as_of_an_instant(
    connection: Connection, _case: str, as_of: datetime, expected: list[int]
) -> None:
    assert [entry.complaint_id for entry in complaints_by_rank(connection, as_of, ALL).entries] == expected
    assert count_open_complaints(connection, as_of) == len(expected)


@pytest.mark.parametrize(
    ("_case", "as_of", "expected"),
    [
        ("due now is not late", day(2, 1, 9), [False]),
        ("a moment later is", day(2, 1, 9) + timedelta(microseconds=1), [True]),
    ],
)
def test_a_response_is_late_after_its_instant(
    connection: Connection, _case: str, as_of: datetime, expected: list[bool]
) -> None:
    entries = complaints_by_rank(connection, as_of, ALL).entries
    assert [entry.is_overdue for entry in entries if entry.complaint_id == 1] == expected


def test_visits_are_due_by_plan_agreement_or_interval(connection: Connection) -> None:
    queue = visits_due(connection, day(2, 10), FAR, ALL)
    expected = [
        # Held on 12 January; a second one was planned for the 20th, before thirty days had passed.
        DueVisit(1, day(1, 20), day(1, 12), is_overdue=True),
        # Planned, never held, never visited.
        DueVisit(3, day(2, 8), None, is_overdue=True),
        # Never seen: due at once.
        DueVisit(12, day(2, 10), None, is_overdue=False),
        # Agreed at the last visit, before sixty days have passed.
        DueVisit(2, day(2, 20), day(1, 5), is_overdue=False),
        # No level grants an interval, but a visit is planned.
        DueVisit(4, day(3, 15), None, is_overdue=False),
        # First seen on the fifth to eleventh of January, ninety days before.
        *(DueVisit(number, day(1, number) + timedelta(days=90), None, is_overdue=False) for number in range(5, 12)),
    ]
    assert list(queue.entries) == expected


@pytest.mark.parametrize(
    ("_case", "until", "expected"),
    [
        ("before the first", day(1, 19), []),
        ("the instant it is due", day(1, 20), [1]),
        ("due now", day(2, 10), [1, 3, 12]),
        ("two weeks ahead", day(2, 24), [1, 3, 12, 2]),
    ],
)
def test_visits_are_listed_until_an_instant(
    connection: Connection, _case: str, until: datetime, expected: list[int]
) -> None:
    assert [entry.customer_id for entry in visits_due(connection, day(2, 10), until, ALL).entries] == expected
    assert count_visits_due(connection, day(2, 10), until) == len(expected)


def test_a_visit_held_overtakes_the_plan_before_it(connection: Connection) -> None:
    row = {"id": 99, "number": "V99", "customer_record_id": 103, "customer_id": 3}
    connection.execute(insert(visits).values(**row, held_at=day(2, 9), at=day(2, 9)))
    entries = visits_due(connection, day(2, 10), FAR, ALL).entries
    assert [entry for entry in entries if entry.customer_id == 3] == [
        DueVisit(3, day(2, 9) + timedelta(days=90), day(2, 9), is_overdue=False)
    ]


def test_a_visit_after_the_instant_is_not_known_yet(connection: Connection) -> None:
    entries = visits_due(connection, day(1, 11), FAR, ALL).entries
    assert [entry for entry in entries if entry.customer_id == 1] == [DueVisit(1, day(1, 10), None, is_overdue=True)]


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_queues_read_in_slices_are_whole(connection: Connection, size: int) -> None:
    whole = visits_due(connection, day(2, 10), FAR, ALL)
    found: list[DueVisit] = []
    after: Place | None = None
    while True:
        queue = visits_due(connection, day(2, 10), FAR, Slice(size, after))
        found += queue.entries
        if not queue.has_more:
            break
        after = queue.places[-1]
    assert tuple(found) == whole.entries
    complaints: list[RankedComplaint] = []
    after = None
    while True:
        part = complaints_by_rank(connection, day(2, 10), Slice(size, after))
        complaints += part.entries
        if not part.has_more:
            break
        after = part.places[-1]
    assert tuple(complaints) == complaints_by_rank(connection, day(2, 10), ALL).entries


def test_warnings_are_queued_by_gravity_then_age(connection: Connection) -> None:
    queue = open_warnings(connection, WarningFilter(), ALL)
    assert (queue.entries, count_open_warnings(connection, WarningFilter())) == ((1, 3, 2), 3)
    first = open_warnings(connection, WarningFilter(), Slice(1))
    rest = open_warnings(connection, WarningFilter(), Slice(5, first.places[-1]))
    assert (first.entries, first.has_more, rest.entries) == ((1,), True, (3, 2))


def test_nothing_published_ranks_nobody(sqlite_database: Engine) -> None:
    with sqlite_database.connect() as connection:
        assert complaints_by_rank(connection, FAR, ALL).entries == ()
        assert visits_due(connection, FAR, FAR, ALL).entries == ()


def test_among_equals_the_earlier_rule_set_ranks(connection: Connection) -> None:
    definition = connection.execute(
        rule_versions.select().with_only_columns(rule_versions.c.definition).where(rule_versions.c.digest == "d2")
    ).scalar_one()
    kept = {**definition, "levels": [level for level in definition["levels"] if level["code"] != "vip"]}
    connection.execute(update(rule_versions).where(rule_versions.c.digest == "d2").values(definition=kept))
    ids = [entry.complaint_id for entry in complaints_by_rank(connection, day(2, 10), ALL).entries]
    assert ladder(connection, "complaint_response") == ("lifecycle", ("active", "lost", "potential"))
    # Customer 1 is active, customer 2 lost, the others in no level of it: by age.
    assert ids == [3, 1, 7, 2, 5, 4]
