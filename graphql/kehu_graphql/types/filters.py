"""One value against others: the operators that each kind of value has."""

from datetime import datetime

import strawberry

from kehu_graphql.scalars import BigInt


@strawberry.input(description="A text against values; give one operator, or several that all must hold.")
class StringFilter:
    eq: str | None = strawberry.field(default=strawberry.UNSET, description="Is exactly this.")
    ne: str | None = strawberry.field(default=strawberry.UNSET, description="Is not this; holds where it is unknown.")
    in_: list[str] | None = strawberry.field(
        default=strawberry.UNSET, name="in", description="Is one of these; none given, nothing matches."
    )
    not_in: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="Is none of these; holds where it is unknown."
    )
    contains: str | None = strawberry.field(
        default=strawberry.UNSET, description="Has this somewhere in it, letter for letter, upper and lower case apart."
    )
    starts_with: str | None = strawberry.field(
        default=strawberry.UNSET, description="Begins with this, letter for letter, upper and lower case apart."
    )
    is_null: bool | None = strawberry.field(default=strawberry.UNSET, description="Is unknown (true) or known (false).")


@strawberry.input(description="An instant against bounds; several must all hold.")
class InstantFilter:
    eq: datetime | None = strawberry.field(default=strawberry.UNSET, description="Exactly then, to the microsecond.")
    ne: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="Not exactly then; holds where it is unknown."
    )
    in_: list[datetime] | None = strawberry.field(
        default=strawberry.UNSET, name="in", description="Exactly at one of these; none given, nothing matches."
    )
    not_in: list[datetime] | None = strawberry.field(
        default=strawberry.UNSET, description="At none of these; holds where it is unknown."
    )
    lt: datetime | None = strawberry.field(default=strawberry.UNSET, description="Before.")
    lte: datetime | None = strawberry.field(default=strawberry.UNSET, description="At or before.")
    gt: datetime | None = strawberry.field(default=strawberry.UNSET, description="After.")
    gte: datetime | None = strawberry.field(default=strawberry.UNSET, description="At or after.")
    is_null: bool | None = strawberry.field(default=strawberry.UNSET, description="Is unknown (true) or known (false).")


@strawberry.input(description="A whole number, in its field's unit, against values and bounds; several must all hold.")
class BigIntFilter:
    eq: BigInt | None = strawberry.field(default=strawberry.UNSET, description='Is exactly this number, e.g. "1250".')
    ne: BigInt | None = strawberry.field(
        default=strawberry.UNSET, description='Is not this number, e.g. "0"; holds where it is unknown.'
    )
    in_: list[BigInt] | None = strawberry.field(
        default=strawberry.UNSET,
        name="in",
        description='Is one of these numbers, e.g. ["1", "2"]; none given, nothing matches.',
    )
    not_in: list[BigInt] | None = strawberry.field(
        default=strawberry.UNSET, description='Is none of these numbers, e.g. ["1", "2"]; holds where it is unknown.'
    )
    lt: BigInt | None = strawberry.field(default=strawberry.UNSET, description='Less than this number, e.g. "1000".')
    lte: BigInt | None = strawberry.field(default=strawberry.UNSET, description='At most this number, e.g. "1000".')
    gt: BigInt | None = strawberry.field(default=strawberry.UNSET, description='More than this number, e.g. "1000".')
    gte: BigInt | None = strawberry.field(default=strawberry.UNSET, description='At least this number, e.g. "1000".')
    is_null: bool | None = strawberry.field(default=strawberry.UNSET, description="Is unknown (true) or known (false).")


@strawberry.input(description="A yes or no that may be unknown.")
class BooleanFilter:
    eq: bool | None = strawberry.field(default=strawberry.UNSET, description="Is exactly this.")
    ne: bool | None = strawberry.field(default=strawberry.UNSET, description="Is not this; holds where it is unknown.")
    is_null: bool | None = strawberry.field(default=strawberry.UNSET, description="Is unknown (true) or known (false).")
