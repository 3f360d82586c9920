"""Events written by hand become the rows that features count."""

from datetime import UTC, datetime, timedelta

import pytest

from kehu.features.given_events import GivenEvents, event_frames, event_keys, read_events_given
from kehu.features.streams import STREAMS
from kehu.model.yaml_nodes import read_yaml
from kehu.rules.shapes import Shapes

AS_OF = datetime(2026, 3, 1, tzinfo=UTC)


def read(text: str) -> tuple[GivenEvents, list[str]]:
    node, problems = read_yaml(text, "t.yaml")
    assert node is not None
    shapes = Shapes(problems)
    events = read_events_given(node, AS_OF, 2, shapes)
    return events, [str(problem) for problem in shapes.problems]


def rows(text: str, stream: str) -> list[dict[str, object]]:
    events, problems = read(text)
    assert problems == []
    known = event_frames({7: events})[stream].collect().to_dicts()
    return [{name: value for name, value in row.items() if value is not None} for row in known]


def test_at_is_the_acceptance_of_a_shipment_and_its_shipper_pays() -> None:
    assert rows("shipments: [{at: 2026-02-01T08:00:00+08:00, revenue: 12.5, status: delivered}]", "shipments") == [
        {
            "payer_id": 7,
            "shipper_id": 7,
            "accepted_at": datetime(2026, 2, 1, tzinfo=UTC),
            "at": datetime(2026, 2, 1, tzinfo=UTC),
            "revenue": 1250,
            "status": "delivered",
        }
    ]


def test_a_shipment_without_acceptance_is_placed_by_its_delivery() -> None:
    (row,) = rows("shipments: [{delivered_at: 2 days ago, promised_at: 1 day ago, role: consignee}]", "shipments")
    assert row == {
        "consignee_id": 7,
        "delivered_at": AS_OF - timedelta(days=2),
        "promised_at": AS_OF - timedelta(days=1),
        "at": AS_OF - timedelta(days=2),
    }


def test_an_event_is_repeated_backwards_with_all_its_instants() -> None:
    text = "complaints: [{at: 1 hour ago, resolved_at: 30 minutes ago, times: 3, every: 2 weeks}]"
    assert [(row["opened_at"], row["resolved_at"], row["customer_id"]) for row in rows(text, "complaints")] == [
        (AS_OF - timedelta(weeks=back, hours=1), AS_OF - timedelta(weeks=back, minutes=30), 7) for back in (0, 2, 4)
    ]


def test_visits_and_contacts_have_their_own_columns() -> None:
    text = "{visits: [{at: 0 days ago, timeliness: 4}], contacts: [{decision_role: influencer, times: 2}]}"
    assert rows(text, "visits") == [{"customer_id": 7, "held_at": AS_OF, "timeliness": 4}]
    assert rows(text, "contacts") == [{"customer_id": 7, "decision_role": "influencer"}] * 2


def test_every_kind_of_event_has_a_frame_though_nothing_happened() -> None:
    frames = event_frames({})
    assert {name: frame.collect().height for name, frame in frames.items()} == dict.fromkeys(STREAMS, 0)


@pytest.mark.parametrize(
    ("_case", "text", "expected"),
    [
        (
            "an unknown kind",
            "shipment: []",
            "1:1: error[unknown-events]: there are no events 'shipment' (did you mean 'shipments'?)",
        ),
        (
            "an unknown key",
            "shipments: [{at: 1 day ago, revenu: 1}]",
            "1:29: error[unknown-key]: unknown key 'revenu' (did you mean 'revenue'?)",
        ),
        (
            "no instant",
            "visits: [{timeliness: 4}]",
            "1:10: error[missing-key]: this one of 'visits' has no instant (add 'at: 3 days ago')",
        ),
        (
            "an instant without offset",
            "visits: [{at: 2026-01-01}]",
            (
                "1:15: error[example-value]: '2026-01-01' is not a value of 'held_at'"
                " (write it with its offset, as 2024-06-30T08:00:00+08:00)"
            ),
        ),
        (
            "the instant twice",
            "visits: [{at: 1 day ago, held_at: 1 day ago}]",
            "1:26: error[duplicate-key]: 'at' and 'held_at' are the same instant (write one of the two)",
        ),
        (
            "an unknown role",
            "shipments: [{at: 1 day ago, role: sender}]",
            "1:35: error[unknown-word]: 'sender' is not a role in shipments (choose one of consignee, payer, shipper)",
        ),
        (
            "an unknown word",
            "shipments: [{at: 1 day ago, status: done}]",
            (
                "1:37: error[unknown-word]: 'done' is not a value of 'status'"
                " (choose one of accepted, cancelled, delivered, in_transit, lost, returned)"
            ),
        ),
        (
            "too many",
            "contacts: [{times: 10001}]",
            "1:20: error[example-value]: 'times' must be a whole number (from 1 to 10000)",
        ),
        (
            "too long ago",
            "visits: [{at: 1 day ago, times: 9999, every: 9999 weeks}]",
            (
                "1:46: error[example-value]: 'every' is a length of time between the repetitions,"
                " a century over all of them at most (write {times: 12, every: 7 days})"
            ),
        ),
        (
            "an instant that is null",
            "visits: [{at: null}]",
            "1:10: error[missing-key]: this one of 'visits' has no instant (add 'at: 3 days ago')",
        ),
        (
            "no list",
            "visits: {at: 1 day ago}",
            "1:9: error[wrong-shape]: 'visits' must be a list (start each item with '- ')",
        ),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(_case: str, text: str, expected: str) -> None:
    events, problems = read(text)
    assert problems == [f"t.yaml:{expected}"]
    assert sum(map(len, events.values())) == 0


def test_every_column_may_be_given_and_nothing_derived() -> None:
    assert set(event_keys(STREAMS["shipments"])) == {*STREAMS["shipments"].columns, "at", "role", "times", "every"}
    assert "at" not in event_keys(STREAMS["contacts"])
