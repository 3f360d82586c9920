"""Root fields that fetch anything by its opaque id, and shipments by their number."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import strawberry
from sqlalchemy import Connection

from kehu.reader import (
    definitions,
    events,
    identity_decisions,
    memberships,
    overrides,
    people,
    provenance,
    runs,
    warnings,
)
from kehu_graphql.connections import MAX_FIRST
from kehu_graphql.context import Context, Info
from kehu_graphql.failures import ExpectedError
from kehu_graphql.fields import resolved
from kehu_graphql.nodes import Node, numeric_key, split_node_id
from kehu_graphql.roots.customers import customer_by_uid
from kehu_graphql.types.events import Shipment, complaint_node, shipment_by_number, shipment_node, visit_node
from kehu_graphql.types.identity import decision_node
from kehu_graphql.types.membership import membership_node
from kehu_graphql.types.override import override_node
from kehu_graphql.types.people import contact_node, department_node, employee_node
from kehu_graphql.types.provenance import identifier_node, quarantined_node, source_record_node
from kehu_graphql.types.rule_set import level_node, rule_set_node
from kehu_graphql.types.run import run_node
from kehu_graphql.types.warning import warning_node

RowType = TypeVar("RowType")
Fetch = Callable[[Context, str], Awaitable[Node | None]]


@strawberry.type
class FetchingQueries:
    """Mixed into the root query."""

    @resolved("Whatever has this id; null when nothing has.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:  # noqa: A002 (Relay's name)
        return await _fetch(info.context, id)

    @resolved("Whatever has these ids, aligned; at most 200.")
    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        if len(ids) > MAX_FIRST:
            raise ExpectedError(f"'ids' has {len(ids)} entries; ask for at most {MAX_FIRST} at a time")
        return await info.context.reads.together([_fetch(info.context, one) for one in ids])

    @resolved(
        "The shipment of a waybill number, as somebody reads it from the label: blanks around it do not count. The one "
        "last loaded where several bear it; null when none does."
    )
    async def shipment_by_number(self, info: Info, number: str) -> Shipment | None:
        return await shipment_by_number(info.context, number.strip())


async def _fetch(context: Context, node_id: str) -> Node | None:
    kind, key = split_node_id(node_id)
    fetch = FETCHERS.get(kind)
    return None if fetch is None else await fetch(context, key)


def _by_number(
    read: Callable[[Connection, Sequence[int]], Mapping[int, RowType]], as_node: Callable[[RowType], Node]
) -> Fetch:
    async def fetch(context: Context, key: str) -> Node | None:
        found = await context.reads.one(read, numeric_key(key))
        return None if found is None else as_node(found)

    return fetch


async def _customer(context: Context, key: str) -> Node | None:
    return await customer_by_uid(context, key)


async def _version(context: Context, digest: str) -> definitions.RuleSet | None:
    published = await context.reads.once(definitions.published_rule_sets)
    current = next((row for row in published.values() if row.digest == digest), None)
    return current or await context.reads.one(definitions.rule_sets_by_digest, digest)


async def _rule_set(context: Context, key: str) -> Node | None:
    found = await _version(context, key)
    return None if found is None else rule_set_node(found)


async def _level(context: Context, key: str) -> Node | None:
    digest, _, code = key.partition("/")
    version = await _version(context, digest)
    found = None if version is None else version.level(code)
    return None if version is None or found is None else level_node(version, found)


# Every type that is a Node, and nothing else.
FETCHERS: dict[str, Fetch] = {
    "Complaint": _by_number(events.complaints_by_id, complaint_node),
    "Contact": _by_number(people.contacts_by_id, contact_node),
    "Customer": _customer,
    "Department": _by_number(people.departments_by_id, department_node),
    "Employee": _by_number(people.employees_by_id, employee_node),
    "Identifier": _by_number(provenance.identifiers_by_id, identifier_node),
    "IdentityDecision": _by_number(identity_decisions.decisions_by_id, decision_node),
    "Level": _level,
    "Override": _by_number(overrides.overrides_by_id, override_node),
    "QuarantinedRow": _by_number(provenance.quarantine_by_id, quarantined_node),
    "RuleSet": _rule_set,
    "Run": _by_number(runs.runs_by_id, run_node),
    "SegmentMembership": _by_number(memberships.memberships_by_id, membership_node),
    "Shipment": _by_number(events.shipments_by_id, shipment_node),
    "SourceRecord": _by_number(provenance.source_records_by_id, source_record_node),
    "Visit": _by_number(events.visits_by_id, visit_node),
    "Warning": _by_number(warnings.warnings_by_id, warning_node),
}
