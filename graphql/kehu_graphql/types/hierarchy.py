"""Groups, their companies, their branches, and the people who work there."""

from typing import cast

import strawberry

from kehu.identity.hierarchy import REFUSED_BECAUSE
from kehu.reader import hierarchy
from kehu_graphql.context import Info, customer_by_id
from kehu_graphql.fields import resolved
from kehu_graphql.scalars import Locale, label_text
from kehu_graphql.types.links import CustomerLink


@strawberry.type(description="That a customer is part of another or works there, by the record that says so.")
class CustomerTie:
    row: strawberry.Private[hierarchy.Link]
    customer_id: strawberry.Private[int]

    @resolved("The other customer: of `parent` and `employer` the one above, of `children` and `people` the one below.")
    async def customer(self, info: Info) -> CustomerLink:
        return cast("CustomerLink", await customer_by_id(info.context, self.customer_id))

    @resolved('The system of the record that says so, e.g. "crm".')
    async def system(self, info: Info) -> str:
        return (await _said_by(info, self.row)).system

    @resolved("The record's key there.")
    async def key(self, info: Info) -> str:
        return (await _said_by(info, self.row)).key


@strawberry.type(description="What a record says of a parent or an employer that cannot be.")
class RefusedTie:
    row: strawberry.Private[hierarchy.RefusedLink]
    kind: str = strawberry.field(description="parent or employer.")
    named: str = strawberry.field(description="The one it names, as written there.")
    system: str = strawberry.field(description='The record\'s system, e.g. "crm".')
    key: str = strawberry.field(description="The record's key there.")
    reason: str = strawberry.field(description="unknown, ambiguous, itself, overruled or circle.")

    @resolved("The reason in words.")
    def label(self, locale: Locale = Locale.EN) -> str:
        return label_text(REFUSED_BECAUSE[self.reason], locale)

    @resolved("Whose record it is; null when it is no customer's.")
    async def customer(self, info: Info) -> CustomerLink | None:
        return None if self.row.customer_id is None else await customer_by_id(info.context, self.row.customer_id)


def tie_above(row: hierarchy.Link) -> CustomerTie:
    """The tie as the lower of the two sees it."""
    return CustomerTie(row=row, customer_id=row.other_id)


def tie_below(row: hierarchy.Link) -> CustomerTie:
    """The tie as the upper of the two sees it."""
    return CustomerTie(row=row, customer_id=row.customer_id)


def refused_tie(row: hierarchy.RefusedLink) -> RefusedTie:
    """A claim that cannot be, as clients see it."""
    return RefusedTie(row=row, kind=row.kind, named=row.named, system=row.system, key=row.key, reason=row.reason)


async def _said_by(info: Info, row: hierarchy.Link) -> hierarchy.SaidBy:
    found = await info.context.reads.one(hierarchy.said_by, row.record_id)
    return cast("hierarchy.SaidBy", found)
