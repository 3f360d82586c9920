"""How a list may be ordered."""

from enum import Enum

import strawberry


@strawberry.enum(description="What customers may be ordered by; ties are broken by a stable number.")
class CustomerOrderField(Enum):
    NAME = strawberry.enum_value("name", description="By the name's characters (Unicode), not by pinyin.")
    LAST_SEEN_AT = strawberry.enum_value(
        "last_seen_at", description="Unknown ones last, unless `nulls` says otherwise."
    )
    FEATURE = strawberry.enum_value(
        "feature", description="By the `feature` named beside it, alone; unknown ones last in either direction."
    )
    ID = strawberry.enum_value("id", description="In the order customers came to be known.")


@strawberry.enum(description="Which end comes first.")
class OrderDirection(Enum):
    ASC = strawberry.enum_value("asc", description="The least first.")
    DESC = strawberry.enum_value("desc", description="The greatest first.")


@strawberry.enum(description="Where unknown values stand, whichever end comes first.")
class NullsOrder(Enum):
    FIRST = strawberry.enum_value("first", description="Before all known ones.")
    LAST = strawberry.enum_value("last", description="Behind all known ones.")


@strawberry.input(description="One step of an order.")
class CustomerOrder:
    field: CustomerOrderField = strawberry.field(description="What to order by.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which end comes first.")
    feature: str | None = strawberry.field(
        default=None, description='With FEATURE: which one, e.g. "revenue_365d"; its file says `served: sorted`.'
    )
    nulls: NullsOrder = strawberry.field(default=NullsOrder.LAST, description="Where unknown values stand.")
