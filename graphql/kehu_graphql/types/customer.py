"""The customer: one file with everything that departments know."""

from collections.abc import Sequence
from datetime import datetime

import strawberry

from kehu.reader import customers, events, golden, hierarchy, memberships, overrides, people, provenance, warnings
from kehu.reader.definitions import published_rule_sets, rule_sets_of
from kehu.reader.features import ServedFeature, all_served, values_of
from kehu.reader.versions import version_of
from kehu_graphql.connections import DEFAULT_FIRST, Connection, Paging
from kehu_graphql.context import Context, Info, customer_by_id
from kehu_graphql.customer_lists import CustomerList, listed
from kehu_graphql.fields import resolved
from kehu_graphql.instants import utc
from kehu_graphql.nodes import Node, node_id
from kehu_graphql.published import rule_set_in_run, run_that_counted
from kehu_graphql.served import known_feature
from kehu_graphql.types.events import (
    Complaint,
    Shipment,
    ShipmentRole,
    Visit,
    complaint_node,
    shipment_node,
    visit_node,
)
from kehu_graphql.types.feature import CustomerFeature, customer_feature
from kehu_graphql.types.hierarchy import CustomerTie, tie_above, tie_below
from kehu_graphql.types.links import CustomerLink
from kehu_graphql.types.membership import SegmentMembership, membership_node
from kehu_graphql.types.override import Override, override_node
from kehu_graphql.types.people import Contact, Employee, contact_node, employee_by_id
from kehu_graphql.types.provenance import (
    GoldenValue,
    Identifier,
    SourceRecord,
    golden_value,
    identifier_node,
    source_record_node,
)
from kehu_graphql.types.rule_set import Level, level_node
from kehu_graphql.types.timeline import TimelineEvent, TimelineKind, timeline_of
from kehu_graphql.types.warning import ChurnWarning, warning_node


@strawberry.type(description="A company, person or project that ships, receives or may do so.")
class Customer(Node):
    uid: str = strawberry.field(
        description="Stable, for links and other systems; a former uid still finds its customer."
    )
    kind: str = strawberry.field(description="company, person or project.")
    name: str = strawberry.field(description="The best name departments gave.")
    industry: str | None = strawberry.field(description='E.g. "electronics".')
    country: str | None = strawberry.field(description="As departments wrote it.")
    region: str | None = strawberry.field(description="Province, state or sales region.")
    city: str | None = strawberry.field(description="As departments wrote it.")
    address: str | None = strawberry.field(description="As departments wrote it.")
    phone: str | None = strawberry.field(description="The best phone number departments gave.")
    email: str | None = strawberry.field(description="The best e-mail departments gave.")
    tax_code: str | None = strawberry.field(description="Unified social credit code or the like.")
    consent: bool | None = strawberry.field(description="Agreed to be contacted; null when never asked.")
    first_seen_at: datetime | None = strawberry.field(description="First contact or event, UTC.")
    last_seen_at: datetime | None = strawberry.field(description="Last event, UTC.")
    row: strawberry.Private[customers.Customer]

    @resolved("Differs when any value of the customer does; pass it as `expectedVersion`.")
    async def version(self) -> str:
        return version_of(self.row)

    @resolved("The account manager.")
    async def owner(self, info: Info) -> Employee | None:
        return await employee_by_id(info.context, self.row.owner_id)

    @resolved("The customer that this one is part of: a branch's company, a company's group; null for none.")
    async def parent(self, info: Info) -> CustomerTie | None:
        found = await info.context.reads.one(hierarchy.parent_of, self.row.id)
        return None if found is None else tie_above(found)

    @resolved("The customers above this one, the nearest first: a branch's company, then its group.")
    async def parents_above(self, info: Info) -> list[CustomerLink]:
        found = [await customer_by_id(info.context, key) for key in await _above(info.context, self.row.id)]
        return [each for each in found if each is not None]

    @resolved("The customers that are part of this one, in a steady order.")
    async def children(
        self, info: Info, first: int | None = DEFAULT_FIRST, after: str | None = None
    ) -> Connection[CustomerTie]:
        return await listed(info.context, self.row.id, CHILDREN, Paging(first, after))

    @resolved("Where the person works; null for none.")
    async def employer(self, info: Info) -> CustomerTie | None:
        found = await info.context.reads.one(hierarchy.employer_of, self.row.id)
        return None if found is None else tie_above(found)

    @resolved("Customers that are persons and work here, in a steady order.")
    async def people(
        self, info: Info, first: int | None = DEFAULT_FIRST, after: str | None = None
    ) -> Connection[CustomerTie]:
        return await listed(info.context, self.row.id, PEOPLE, Paging(first, after))

    @resolved("Everything that names this customer.")
    async def identifiers(
        self, info: Info, first: int | None = DEFAULT_FIRST, after: str | None = None
    ) -> Connection[Identifier]:
        return await listed(info.context, self.row.id, IDENTIFIERS, Paging(first, after))

    @resolved("People at the customer: those who decide and those who use the service.")
    async def contacts(
        self, info: Info, first: int | None = DEFAULT_FIRST, after: str | None = None
    ) -> Connection[Contact]:
        return await listed(info.context, self.row.id, CONTACTS, Paging(first, after))

    @resolved("Shipments the customer has part in, the newest first.")
    async def shipments(
        self,
        info: Info,
        role: ShipmentRole = ShipmentRole.ANY,
        first: int | None = DEFAULT_FIRST,
        after: str | None = None,
    ) -> Connection[Shipment]:
        return await listed(info.context, self.row.id, SHIPMENTS[role], Paging(first, after))

    @resolved("Complaints, the newest first.")
    async def complaints(
        self, info: Info, first: int | None = DEFAULT_FIRST, after: str | None = None
    ) -> Connection[Complaint]:
        return await listed(info.context, self.row.id, COMPLAINTS, Paging(first, after))

    @resolved("Visits, planned and held, the newest first.")
    async def visits(
        self, info: Info, first: int | None = DEFAULT_FIRST, after: str | None = None
    ) -> Connection[Visit]:
        return await listed(info.context, self.row.id, VISITS, Paging(first, after))

    @resolved(
        "Shipments, complaints, visits, churn signs and levels entered, in one list, the newest first; what has no "
        "instant is left out."
    )
    async def timeline(
        self,
        info: Info,
        kinds: list[TimelineKind] | None = None,
        first: int | None = DEFAULT_FIRST,
        after: str | None = None,
    ) -> Connection[TimelineEvent]:
        return await timeline_of(info.context, self.row.id, kinds, Paging(first, after))

    @resolved(
        "The level in each rule set, in the order of the rule directory: by the published run, or with `asOf` by the "
        "run whose answers count at that instant, under the rules it used."
    )
    async def segments(self, info: Info, as_of: datetime | None = None) -> list[SegmentMembership]:
        if as_of is not None:
            return await _segments_as_of(info.context, self.row.id, utc(as_of, "asOf"))
        published = list(await info.context.reads.once(published_rule_sets))
        rows = [row for row in await _answers(info.context, self.row.id, None) if row.ruleset in published]
        return [membership_node(row) for row in sorted(rows, key=lambda row: published.index(row.ruleset))]

    @resolved("Every level the customer was ever in, the last entered first.")
    async def segment_history(
        self, info: Info, first: int | None = DEFAULT_FIRST, after: str | None = None
    ) -> Connection[SegmentMembership]:
        return await listed(info.context, self.row.id, SEGMENT_HISTORY, Paging(first, after))

    @resolved(
        "The level in one rule set, by the published run, or with `asOf` by the run whose answers count at that "
        "instant, under the rules it used; of several levels of a flag the one entered first. Null when in none."
    )
    async def level(self, info: Info, rule_set: str, as_of: datetime | None = None) -> Level | None:
        run = await run_that_counted(info.context, None if as_of is None else utc(as_of, "asOf"))
        asked = await rule_set_in_run(info.context, rule_set, run)
        code = await _level_code(info.context, self.row.id, asked.code, run)
        found = None if code is None else asked.level(code)
        return None if found is None else level_node(asked, found)

    @resolved(
        "What the newest published run counted: each served feature by code, or those of `codes` in their order. After "
        "a rollback it is what was counted last."
    )
    async def features(self, info: Info, codes: list[str] | None = None) -> list[CustomerFeature]:
        if codes is None:
            asked = list((await info.context.reads.once(all_served)).values())
        else:
            asked = [await known_feature(info.context, code) for code in codes]
        return await _features(info.context, self.row.id, asked)

    @resolved("One served feature by its code.")
    async def feature(self, info: Info, code: str) -> CustomerFeature:
        (found,) = await _features(info.context, self.row.id, [await known_feature(info.context, code)])
        return found

    @resolved("Churn signs that fired, the newest first; the open ones unless told otherwise.")
    async def warnings(
        self, info: Info, first: int | None = DEFAULT_FIRST, after: str | None = None, *, include_cleared: bool = False
    ) -> Connection[ChurnWarning]:
        shown = ALL_WARNINGS if include_cleared else OPEN_WARNINGS
        return await listed(info.context, self.row.id, shown, Paging(first, after))

    @resolved("What people decided against the rules, the oldest first; what counts now unless told otherwise.")
    async def overrides(self, info: Info, *, active: bool = True) -> list[Override]:
        rows = await info.context.reads.one(overrides.overrides_of, self.row.id) or ()
        if active:
            now = await info.context.now()
            rows = tuple(row for row in rows if row.counts(now))
        return [override_node(row) for row in rows]

    @resolved("Each known value with the record it comes from, or who corrected it, and the rule that chose it.")
    async def values(self, info: Info) -> list[GoldenValue]:
        found = await info.context.reads.one(golden.golden_values, self.row.id)
        return [golden_value(row) for row in (found.values if found else ())]

    @resolved("The departments' rows this customer is made of.")
    async def source_records(
        self, info: Info, first: int | None = DEFAULT_FIRST, after: str | None = None
    ) -> Connection[SourceRecord]:
        return await listed(info.context, self.row.id, SOURCE_RECORDS, Paging(first, after))


IDENTIFIERS = CustomerList("identifiers", provenance.IDENTIFIERS, identifier_node)
CONTACTS = CustomerList("contacts", people.CONTACTS, contact_node)
SHIPMENTS = {
    role: CustomerList(f"shipments:{role.name}", events.SHIPMENTS[role.name.lower()], shipment_node)
    for role in ShipmentRole
}
COMPLAINTS = CustomerList("complaints", events.COMPLAINTS, complaint_node)
VISITS = CustomerList("visits", events.VISITS, visit_node)
SEGMENT_HISTORY = CustomerList("segmentHistory", memberships.MEMBERSHIP_HISTORY, membership_node)
OPEN_WARNINGS = CustomerList("warnings:open", warnings.OPEN_WARNINGS, warning_node)
ALL_WARNINGS = CustomerList("warnings:all", warnings.ALL_WARNINGS, warning_node)
CHILDREN = CustomerList("children", hierarchy.CHILDREN, tie_below)
PEOPLE = CustomerList("people", hierarchy.PEOPLE, tie_below)
SOURCE_RECORDS = CustomerList("sourceRecords", provenance.SOURCE_RECORDS, source_record_node)


def customer_node(row: customers.Customer) -> Customer:
    """A customer as clients see it."""
    return Customer(
        id=node_id("Customer", row.uid),
        uid=row.uid,
        kind=row.kind,
        name=row.name,
        industry=row.industry,
        country=row.country,
        region=row.region,
        city=row.city,
        address=row.address,
        phone=row.phone,
        email=row.email,
        tax_code=row.tax_code,
        consent=row.consent,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        row=row,
    )


async def _above(context: Context, customer_id: int) -> tuple[int, ...]:
    return await context.reads.one(hierarchy.parents_above, customer_id) or ()


async def _level_code(context: Context, customer_id: int, rule_set: str, run: int | None) -> str | None:
    if run is None:
        return await context.reads.one(memberships.current_levels, customer_id, rule_set)
    return next((row.level for row in await _answers(context, customer_id, run) if row.ruleset == rule_set), None)


async def _answers(context: Context, customer_id: int, run: int | None) -> tuple[memberships.Membership, ...]:
    """By that run, or by the published one."""
    if run is None:
        return await context.reads.one(memberships.current_memberships, customer_id) or ()
    return await context.reads.one(memberships.memberships_in_run, customer_id, run) or ()


async def _features(context: Context, customer_id: int, asked: Sequence[ServedFeature]) -> list[CustomerFeature]:
    """All served values are read together, whatever is asked of this customer and others."""
    served = tuple((await context.reads.once(all_served)).values())
    found = await context.reads.one(values_of, customer_id, served)
    values = {} if found is None else {each.code: value for each, value in zip(served, found, strict=True)}
    return [customer_feature(each, values.get(each.code), counted=found is not None) for each in asked]


async def _segments_as_of(context: Context, customer_id: int, as_of: datetime) -> list[SegmentMembership]:
    run = await run_that_counted(context, as_of)
    if not run:
        return []
    used = list(await context.reads.once(rule_sets_of, run))
    rows = [row for row in await _answers(context, customer_id, run) if row.ruleset in used]
    return [membership_node(row, run) for row in sorted(rows, key=lambda row: used.index(row.ruleset))]
