"""Root fields that find customers."""

from collections.abc import Sequence
from typing import cast

import strawberry

from kehu.reader import customers as customer_reader
from kehu.reader.customer_pages import Order, OrderField, count_customers, customer_page
from kehu.reader.feature_pages import FeatureOrder, customers_by_feature
from kehu.reader.features import all_served
from kehu.reader.lookup import Match, find_customers
from kehu_graphql.conditions import customer_condition
from kehu_graphql.connections import DEFAULT_FIRST, Connection, Paging, checked_size, connection
from kehu_graphql.context import Context, Info
from kehu_graphql.cursors import Cursors, KeyKind
from kehu_graphql.failures import AMBIGUOUS, ExpectedError
from kehu_graphql.fields import resolved
from kehu_graphql.nodes import split_node_id
from kehu_graphql.served import known_feature
from kehu_graphql.types.customer import Customer, customer_node
from kehu_graphql.types.match import IdentifierMatch
from kehu_graphql.types.order import CustomerOrder, CustomerOrderField, NullsOrder, OrderDirection
from kehu_graphql.types.where import CustomerWhere

_MATCHES_READ = 200
_KEY_KINDS: dict[str, KeyKind] = {"name": "text", "last_seen_at": "instant", "feature": "whole", "id": "whole"}


@strawberry.type
class CustomerQueries:
    """Mixed into the root query."""

    @resolved("One customer by its node id or uid; null when there is none.")
    async def customer(self, info: Info, id: strawberry.ID) -> Customer | None:  # noqa: A002 (its name in the schema)
        kind, key = split_node_id(id)
        return await customer_by_uid(info.context, key if kind == "Customer" else id)

    @resolved(
        "The customer that a phone, e-mail, tax code, source key, uid or name means; null when none does. "
        "If several are meant equally, the error AMBIGUOUS_IDENTIFIER lists their uids."
    )
    async def customer_by_identifier(self, info: Info, value: str) -> Customer | None:
        matches = await _matches(info.context, value)
        best = [match for match in matches if match.kind == matches[0].kind]
        found = await _customers(info.context, list(dict.fromkeys(match.customer_id for match in best)))
        if len(found) > 1:
            uids = [customer.uid for customer in found]
            raise ExpectedError(
                f"'{value}' is the {best[0].kind} of {len(found)} customers; ask for customersByIdentifier",
                AMBIGUOUS,
                uids=uids,
            )
        return found[0] if found else None

    @resolved("Every customer that a text may mean, the surest identifier first, at most `first`.")
    async def customers_by_identifier(
        self, info: Info, value: str, first: int | None = DEFAULT_FIRST
    ) -> list[IdentifierMatch]:
        size = checked_size("first", first)
        matches = (await _matches(info.context, value))[:size]
        found = {row.row.id: row for row in await _customers(info.context, [match.customer_id for match in matches])}
        return [
            IdentifierMatch(kind=match.kind, system=match.system, value=match.value, customer=found[match.customer_id])
            for match in matches
            if match.customer_id in found
        ]

    @resolved("Customers that meet a condition, in an order, a page at a time.")
    async def customers(  # noqa: PLR0913 (Relay's four arguments beside ours)
        self,
        info: Info,
        where: CustomerWhere | None = None,
        order_by: list[CustomerOrder] | None = None,
        *,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Customer]:
        condition = await customer_condition(info.context, where)
        order = customer_order(order_by or ())
        cursors = customer_cursors(order)
        window = Paging(first, after, last, before).window(cursors)
        reads = info.context.reads
        if order[0].feature:
            by_feature = await _feature_order(info.context, order[0])
            page = await reads.once(customers_by_feature, condition, by_feature, window)
        else:
            page = await reads.once(customer_page, condition, order, window)
        return connection(
            page,
            customer_node,
            window,
            cursors,
            lambda up_to: reads.once(count_customers, condition, up_to=up_to),
        )


async def customer_by_uid(context: Context, uid: str) -> Customer | None:
    """None for an unknown uid."""
    found = await context.reads.one(customer_reader.customers_by_uid, uid)
    return None if found is None else customer_node(found)


async def _matches(context: Context, text: str) -> tuple[Match, ...]:
    return await context.reads.once(find_customers, text, context.served.phone_region, _MATCHES_READ)


async def _customers(context: Context, ids: Sequence[int]) -> list[Customer]:
    found = await context.reads.together([context.reads.one(customer_reader.customers_by_id, key) for key in ids])
    return [customer_node(row) for row in found if row is not None]


def customer_order(steps: Sequence[CustomerOrder]) -> tuple[Order, ...]:
    """What a client wrote, by name where nothing; the id decides ties.

    ExpectedError for a feature without its name, beside other steps, behind unknown ones, or named to another field.
    """
    for step in steps:
        is_feature = step.field is CustomerOrderField.FEATURE
        if is_feature != bool(step.feature):
            said = "needs a 'feature'" if is_feature else "takes no 'feature'; only FEATURE does"
            raise ExpectedError(f"'orderBy' with {step.field.name} {said}")
        if is_feature and len(steps) > 1:
            raise ExpectedError("'orderBy' with FEATURE takes no other step; equals stand as they came to be known")
        if is_feature and step.nulls is NullsOrder.FIRST:
            raise ExpectedError("'orderBy' with FEATURE takes no 'nulls: FIRST'; ask for those by 'where' and isNull")
    wanted = tuple(
        Order(
            cast("OrderField", step.field.name.lower()),
            step.direction is OrderDirection.DESC,
            step.feature or "",
            step.nulls is NullsOrder.FIRST,
        )
        for step in steps
    )
    wanted = wanted or (Order("name"),)
    return wanted if any(step.field == "id" for step in wanted) else (*wanted, Order("id"))


async def _feature_order(context: Context, step: Order) -> FeatureOrder:
    feature = await known_feature(context, step.feature)
    if not feature.is_sorted:
        some = [each.code for each in (await context.reads.once(all_served)).values() if each.is_sorted]
        remedy = f"order by one of {', '.join(some)}" if some else "mark it 'served: sorted' in its file"
        raise ExpectedError(f"customers cannot be ordered by '{feature.code}'; {remedy}")
    # What is counted back from a base is stored the other way round.
    return FeatureOrder(feature.slot, step.descending != (feature.base is not None))


def customer_cursors(order: tuple[Order, ...]) -> Cursors:
    """The cursors of customers in that order."""
    steps = [
        f"{step.field}{step.feature and f' {step.feature}'}{'-' * step.descending}{'^' * step.unknown_first}"
        for step in order
    ]
    unknown = frozenset(place for place, step in enumerate(order) if step.field in {"last_seen_at", "feature"})
    return Cursors(f"customers:{','.join(steps)}", tuple(_KEY_KINDS[step.field] for step in order), unknown)
