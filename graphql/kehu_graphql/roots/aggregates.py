"""Root fields that count in groups."""

from dataclasses import fields
from typing import cast

import strawberry

from kehu.reader.aggregates import (
    MAX_GROUPS,
    Bound,
    CustomerField,
    Group,
    Ranking,
    ShipmentField,
    Step,
    group_customers,
    group_shipments,
)
from kehu_graphql.conditions import customer_condition
from kehu_graphql.connections import DEFAULT_FIRST, checked_size
from kehu_graphql.context import Context, Info
from kehu_graphql.failures import ExpectedError
from kehu_graphql.fields import resolved
from kehu_graphql.instants import utc
from kehu_graphql.published import rule_set_in_run, run_that_counted
from kehu_graphql.types.aggregate import (
    AggregateOrder,
    AggregateOrderField,
    Asked,
    CountFilter,
    CustomerGroup,
    CustomerGroupBy,
    CustomerGroupField,
    ShipmentGroup,
    ShipmentGroupBy,
    customer_group,
    shipment_group,
)
from kehu_graphql.types.order import NullsOrder, OrderDirection
from kehu_graphql.types.where import CustomerWhere


@strawberry.type
class AggregateQueries:
    """Mixed into the root query."""

    @resolved(
        "Customers counted in groups: by level, owner, region, month …, at most four at once; the largest group first. "
        "Without `groupBy` one group of all. Groups without a customer are left out."
    )
    async def customers_aggregate(
        self,
        info: Info,
        where: CustomerWhere | None = None,
        group_by: list[CustomerGroupBy] | None = None,
        having: CountFilter | None = None,
        order_by: list[AggregateOrder] | None = None,
        first: int | None = DEFAULT_FIRST,
    ) -> list[CustomerGroup]:
        ranking = _ranking(having, order_by, first)
        groups = _distinct([await _of_customer(info.context, each) for each in group_by or ()])
        asked = Asked(await customer_condition(info.context, where), groups)
        rows = await info.context.reads.once(group_customers, asked.condition, groups, ranking)
        return [customer_group(row, asked) for row in rows]

    @resolved(
        "Shipments counted in groups: by month, service … and by their payer's level, owner, region …, at most four at "
        "once; the largest group first. `where` is on the payer; shipments that nobody is known to pay are left out."
    )
    async def shipments_aggregate(
        self,
        info: Info,
        where: CustomerWhere | None = None,
        group_by: list[ShipmentGroupBy] | None = None,
        having: CountFilter | None = None,
        order_by: list[AggregateOrder] | None = None,
        first: int | None = DEFAULT_FIRST,
    ) -> list[ShipmentGroup]:
        ranking = _ranking(having, order_by, first)
        groups = _distinct([await _of_shipment(info.context, each) for each in group_by or ()])
        asked = Asked(await customer_condition(info.context, where), groups)
        rows = await info.context.reads.once(group_shipments, asked.condition, groups, ranking)
        return [shipment_group(row, asked) for row in rows]


async def _of_customer(context: Context, asked: CustomerGroupBy) -> Group:
    is_level = asked.field is CustomerGroupField.LEVEL
    if is_level != bool(asked.rule_set):
        raise ExpectedError(
            "'groupBy' with LEVEL needs a 'ruleSet'"
            if is_level
            else f"'groupBy' with {asked.field.name} takes no 'ruleSet'; only LEVEL does"
        )
    if asked.as_of and not is_level:
        raise ExpectedError(f"'groupBy' with {asked.field.name} takes no 'asOf'; only LEVEL does")
    field = cast("CustomerField", asked.field.name.lower())
    if not asked.rule_set:
        return Group(field)
    run = await run_that_counted(context, utc(asked.as_of, "groupBy.asOf") if asked.as_of else None)
    rule_set = await rule_set_in_run(context, asked.rule_set, run)
    return Group(field, rule_set.code, run, is_flag=rule_set.kind == "flag")


async def _of_shipment(context: Context, asked: ShipmentGroupBy) -> Group:
    if asked.field and not asked.payer:
        return Group(cast("ShipmentField", asked.field.name.lower()))
    if asked.payer and not asked.field:
        return await _of_customer(context, asked.payer)
    raise ExpectedError("an entry of 'groupBy' has either 'field' or 'payer'")


def _distinct(groups: list[Group]) -> tuple[Group, ...]:
    if len(groups) > MAX_GROUPS:
        raise ExpectedError(f"'groupBy' has {len(groups)} entries; at most {MAX_GROUPS} are taken")
    twice = next((group for place, group in enumerate(groups) if group in groups[:place]), None)
    if twice is not None:
        raise ExpectedError(f"'groupBy' names {twice.field.upper()} twice; name it once")
    return tuple(groups)


def _ranking(having: CountFilter | None, order_by: list[AggregateOrder] | None, first: int | None) -> Ranking:
    steps = [
        Step(
            "keys" if step.field is AggregateOrderField.KEYS else "count",
            descending=step.direction is OrderDirection.DESC,
            unknown_first=step.nulls is NullsOrder.FIRST,
        )
        for step in order_by or ()
    ]
    order = tuple(steps) or (Step("count", descending=True),)
    return Ranking(size=checked_size("first", first), order=order, bounds=_bounds(having))


def _bounds(having: CountFilter | None) -> tuple[tuple[Bound, int], ...]:
    if having is None:
        return ()
    given = [(cast("Bound", field.name), getattr(having, field.name)) for field in fields(having)]
    unclear = next((name for name, value in given if value is None), None)
    if unclear is not None:
        raise ExpectedError(f"'having.{unclear}' is null; leave it out")
    return tuple((name, value) for name, value in given if value is not strawberry.UNSET)
