"""What people decided, read for many customers at once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from kehu.reader.memberships import current_memberships
from kehu.reader.overrides import Override, all_overrides, overrides_by_id, overrides_of

NOW = datetime(2026, 2, 10, tzinfo=UTC)
TICK = timedelta(microseconds=1)
CONTRACT = Override(
    id=1,
    customer_id=1,
    ruleset="service_tier",
    code="vip",
    effect="include",
    reason="framework contract",
    author="Li Na",
    created_at=datetime(2026, 1, 31, tzinfo=UTC),
    starts_at=None,
    expires_at=datetime(2026, 7, 1, tzinfo=UTC),
    ended_at=None,
    ended_by=None,
    ended_reason=None,
)


def test_overrides_are_found_by_their_id(connection: Connection) -> None:
    found = overrides_by_id(connection, [1, 3, 99])
    assert sorted(found) == [1, 3]
    assert found[1] == CONTRACT
    assert (found[3].ended_at, found[3].ended_by, found[3].ended_reason) == (
        datetime(2026, 2, 3, tzinfo=UTC),
        "Li Na",
        "paid",
    )


def test_overrides_are_found_by_their_customers(connection: Connection) -> None:
    found = overrides_of(connection, [1, 2, 4])
    assert {customer: [each.id for each in rows] for customer, rows in found.items()} == {1: [1, 2], 2: [3]}


def test_everybody_s_overrides_have_the_customer_s_name(connection: Connection) -> None:
    assert [each.override.id for each in all_overrides(connection, with_ended=False)] == [1, 2, 4]
    found = all_overrides(connection, with_ended=True)
    assert [(each.override.id, each.name) for each in found] == [
        (1, "上海宏远贸易有限公司"),
        (2, "上海宏远贸易有限公司"),
        (3, "Beta Logistics Ltd"),
        (4, "alpha 100% Foods"),
    ]
    assert found[0].uid == "00000000-0000-5000-8000-000000000001"


@pytest.mark.parametrize(
    ("_case", "starts_at", "expires_at", "ended_at", "counts"),
    [
        ("without edges", None, None, None, True),
        ("begins now", NOW, None, None, True),
        ("begins a moment later", NOW + TICK, None, None, False),
        ("expires now", None, NOW, None, False),
        ("expires a moment later", None, NOW + TICK, None, True),
        ("taken back, even later", None, None, NOW + TICK, False),
    ],
)
def test_whether_an_override_counts(
    _case: str, starts_at: datetime | None, expires_at: datetime | None, ended_at: datetime | None, *, counts: bool
) -> None:
    edged = replace(CONTRACT, starts_at=starts_at, expires_at=expires_at, ended_at=ended_at)
    assert edged.counts(NOW) == counts


def test_a_membership_says_who_put_it_there_and_when_it_drops(connection: Connection) -> None:
    found = current_memberships(connection, [1, 2])
    said = {row.level: (row.below_since, row.drops_at, row.override_id) for rows in found.values() for row in rows}
    assert said == {
        "vip": (None, None, 1),
        "active": (None, None, None),
        "professional": (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC), None),
        "lost": (None, None, None),
    }
