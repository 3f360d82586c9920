"""Customers and shipments counted in groups."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from enum import Enum

import strawberry

from kehu.reader.aggregates import Counted, Group, Keys, Sum, shipment_sums
from kehu.reader.conditions import Condition
from kehu_graphql.context import Context, Info
from kehu_graphql.fields import resolved
from kehu_graphql.published import rule_set_in_run
from kehu_graphql.scalars import BigInt, Locale, Money, label_text, money
from kehu_graphql.types.order import NullsOrder, OrderDirection
from kehu_graphql.types.people import employee_by_number


@strawberry.enum(description="What customers may be counted by.")
class CustomerGroupField(Enum):
    LEVEL = strawberry.enum_value(
        "level", description="The level in a rule set; who is in several levels of a flag is counted in each."
    )
    OWNER = strawberry.enum_value("owner", description="The account manager, by employee number.")
    KIND = strawberry.enum_value("kind", description="company, person or project.")
    INDUSTRY = strawberry.enum_value("industry", description="As departments wrote it.")
    COUNTRY = strawberry.enum_value("country", description="As departments wrote it.")
    REGION = strawberry.enum_value("region", description="Province, state or sales region.")
    CITY = strawberry.enum_value("city", description="As departments wrote it.")
    FIRST_SEEN_MONTH = strawberry.enum_value("first_seen_month", description='Of firstSeenAt in UTC, e.g. "2026-02".')
    LAST_SEEN_MONTH = strawberry.enum_value("last_seen_month", description='Of lastSeenAt in UTC, e.g. "2026-02".')


@strawberry.enum(description="What shipments may be counted by, beside what their payers may.")
class ShipmentGroupField(Enum):
    MONTH = strawberry.enum_value(
        "month", description='Accepted, else delivered, else promised in this month in UTC, e.g. "2026-02".'
    )
    SERVICE = strawberry.enum_value("service", description='E.g. "express".')
    STATUS = strawberry.enum_value("status", description='E.g. "delivered".')
    ORIGIN = strawberry.enum_value("origin", description="As departments wrote it.")
    DESTINATION = strawberry.enum_value("destination", description="As departments wrote it.")
    ITEM_CATEGORY = strawberry.enum_value("item_category", description='E.g. "electronics".')


@strawberry.input(description="One thing that customers are counted by.")
class CustomerGroupBy:
    field: CustomerGroupField = strawberry.field(description="What to count by.")
    rule_set: str | None = strawberry.field(
        default=strawberry.UNSET, description='With LEVEL: the rule set\'s code, e.g. "service_tier".'
    )
    as_of: datetime | None = strawberry.field(
        default=strawberry.UNSET,
        description="With LEVEL: by the run whose answers count at that instant, under the rules it used; left out: "
        "the published run. Those who came to be known later are in no level.",
    )


@strawberry.input(description="One thing that shipments are counted by: `field` of the shipment or `payer`.")
class ShipmentGroupBy:
    field: ShipmentGroupField | None = strawberry.field(
        default=strawberry.UNSET, description="Something of the shipment itself."
    )
    payer: CustomerGroupBy | None = strawberry.field(
        default=strawberry.UNSET, description="Something of the customer that pays for it."
    )


@strawberry.input(description="A count against bounds; several must all hold.")
class CountFilter:
    eq: int | None = strawberry.field(
        default=strawberry.UNSET, description="Exactly so many customers or shipments, e.g. 1."
    )
    lt: int | None = strawberry.field(default=strawberry.UNSET, description="Fewer customers or shipments, e.g. 10.")
    lte: int | None = strawberry.field(
        default=strawberry.UNSET, description="At most so many customers or shipments, e.g. 10."
    )
    gt: int | None = strawberry.field(default=strawberry.UNSET, description="More customers or shipments, e.g. 10.")
    gte: int | None = strawberry.field(
        default=strawberry.UNSET, description="At least so many customers or shipments, e.g. 10."
    )


@strawberry.enum(description="What groups may be ordered by; equal counts stand by their keys.")
class AggregateOrderField(Enum):
    COUNT = strawberry.enum_value("count", description="By how many are in the group.")
    KEYS = strawberry.enum_value("keys", description="By the first key, then the next.")


@strawberry.input(description="One step of an order of groups.")
class AggregateOrder:
    field: AggregateOrderField = strawberry.field(description="What to order by.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which end comes first.")
    nulls: NullsOrder = strawberry.field(default=NullsOrder.LAST, description="Where unknown keys stand.")


@strawberry.type(description="One value that a group has in common.")
class AggregateKey:
    field: str = strawberry.field(description='What was grouped by, e.g. "LEVEL".')
    rule_set: str | None = strawberry.field(description='The rule set of a level, e.g. "service_tier"; else null.')
    value: str | None = strawberry.field(
        description='The level\'s code, the employee number, the region, the month: e.g. "vip", "2026-02"; null for '
        "unknown, no owner or no level."
    )
    run: strawberry.Private[int | None]

    @resolved('What people read, e.g. "VIP客户" or the owner\'s name; the value itself where it has no other name.')
    async def label(self, info: Info, locale: Locale = Locale.EN) -> str | None:
        if self.value is None:
            return None
        if self.rule_set is not None:
            level = (await rule_set_in_run(info.context, self.rule_set, self.run)).level(self.value)
            return self.value if level is None else label_text(level.label, locale)
        owner = await employee_by_number(info.context, self.value) if self.field == "OWNER" else None
        return self.value if owner is None else owner.name


@dataclass(frozen=True, slots=True)
class Asked:
    """What the groups were made of, so that sums can be read for all of them at once when somebody looks."""

    condition: Condition
    groups: tuple[Group, ...]


@strawberry.type(description="Customers that have the keys in common.")
class CustomerGroup:
    keys: list[AggregateKey] = strawberry.field(description="What they have in common, in the order of `groupBy`.")
    count: int = strawberry.field(description="How many customers, exact.")
    row: strawberry.Private[Counted]
    asked: strawberry.Private[Asked]

    @resolved("Shipments that they pay for, of all times; counted only when asked for.")
    async def shipments(self, info: Info) -> BigInt:
        return BigInt(sum(one.shipments for one in await _sums(info.context, self.asked, self.row.keys)))

    @resolved("Shipments per customer, those without any included, e.g. 12.5.")
    async def shipments_per_customer(self, info: Info) -> float:
        found = await _sums(info.context, self.asked, self.row.keys)
        return sum(one.shipments for one in found) / self.count

    @resolved("Revenue of these shipments, one amount a currency, by its code; unknown revenues add nothing.")
    async def revenue(self, info: Info) -> list[Money]:
        return _amounts(await _sums(info.context, self.asked, self.row.keys), 1)

    @resolved("Revenue per customer, one amount a currency, rounded half to even to a minor unit.")
    async def revenue_per_customer(self, info: Info) -> list[Money]:
        return _amounts(await _sums(info.context, self.asked, self.row.keys), self.count)


@strawberry.type(description="Shipments that have the keys in common.")
class ShipmentGroup:
    keys: list[AggregateKey] = strawberry.field(description="What they have in common, in the order of `groupBy`.")
    count: BigInt = strawberry.field(description='How many shipments, exact, e.g. "120000".')
    row: strawberry.Private[Counted]
    asked: strawberry.Private[Asked]

    @resolved("Their revenue, one amount a currency, by its code; unknown revenues add nothing.")
    async def revenue(self, info: Info) -> list[Money]:
        return _amounts(await _sums(info.context, self.asked, self.row.keys), 1)


def customer_group(row: Counted, asked: Asked) -> CustomerGroup:
    """A group of customers as clients see it."""
    return CustomerGroup(keys=_keys(row, asked), count=row.count, row=row, asked=asked)


def shipment_group(row: Counted, asked: Asked) -> ShipmentGroup:
    """A group of shipments as clients see it."""
    return ShipmentGroup(keys=_keys(row, asked), count=BigInt(row.count), row=row, asked=asked)


def _keys(row: Counted, asked: Asked) -> list[AggregateKey]:
    return [
        AggregateKey(field=group.field.upper(), rule_set=group.ruleset or None, value=value, run=group.run)
        for group, value in zip(asked.groups, row.keys, strict=True)
    ]


async def _sums(context: Context, asked: Asked, keys: Keys) -> tuple[Sum, ...]:
    return (await context.reads.once(shipment_sums, asked.condition, asked.groups)).get(keys, ())


def _amounts(sums: tuple[Sum, ...], customers: int) -> list[Money]:
    parts = [(one.currency, one.revenue) for one in sums if one.revenue is not None]
    shared = [(currency, Decimal(revenue) / customers) for currency, revenue in parts]
    amounts = [money(int(each.quantize(Decimal(1), ROUND_HALF_EVEN)), currency) for currency, each in shared]
    return [amount for amount in amounts if amount is not None]
