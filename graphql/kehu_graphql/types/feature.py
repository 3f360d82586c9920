"""Features that runs keep the values of, and what they say of one customer."""

from datetime import datetime
from decimal import Decimal
from typing import cast

import strawberry
from strawberry.scalars import JSON

from kehu.reader.features import ServedFeature, Value
from kehu_graphql.fields import resolved
from kehu_graphql.scalars import Locale, label_text


@strawberry.type(description="A feature whose values every run keeps: what its declaration says of it.")
class Feature:
    code: str = strawberry.field(description='Stable, e.g. "revenue_365d".')
    type: str = strawberry.field(description="integer, decimal, float, string, boolean or instant.")
    unit: str = strawberry.field(description='What it is counted in, e.g. "shipments"; an amount says "currency".')
    meaning: str = strawberry.field(description="A sentence on what is counted, and over which window.")
    place: str = strawberry.field(description='Where it is declared, e.g. "rules/features/revenue.yaml:22:3".')
    is_sorted: bool = strawberry.field(description="Lists of customers may be ordered by it.")
    as_of: datetime = strawberry.field(description="The instant its values are of, UTC.")
    row: strawberry.Private[ServedFeature]

    @resolved("The name people see.")
    def label(self, locale: Locale = Locale.EN) -> str:
        return label_text(self.row.label, locale)


@strawberry.type(description="What a run counted of one customer.")
class CustomerFeature:
    code: str = strawberry.field(description='The feature, e.g. "revenue_365d".')
    type: str = strawberry.field(description="integer, decimal, float, string, boolean or instant.")
    unit: str = strawberry.field(description='What it is counted in, e.g. "shipments"; an amount says "currency".')
    meaning: str = strawberry.field(description="A sentence on what is counted, and over which window.")
    value: JSON | None = strawberry.field(
        description='Null when it is unknown; an amount is exact decimal text, e.g. "48200.00", an instant ISO 8601.'
    )
    number: float | None = strawberry.field(
        description="The value as a number; null for amounts, which are exact in `value`, and for all that is none."
    )
    text: str | None = strawberry.field(description='The value as text whatever it is, e.g. "48200.00"; exact.')
    instant: datetime | None = strawberry.field(description="The value where it is an instant, UTC; else null.")
    as_of: datetime | None = strawberry.field(
        description="The instant the value is of, UTC; null for a customer that no run has counted yet."
    )
    row: strawberry.Private[ServedFeature]

    @resolved("The name people see.")
    def label(self, locale: Locale = Locale.EN) -> str:
        return label_text(self.row.label, locale)


def feature_value(row: ServedFeature) -> Feature:
    """A feature as clients see it."""
    told = {"code": row.code, "unit": row.unit, "meaning": row.meaning, "place": row.place}
    return Feature(**told, type=row.kind, is_sorted=row.is_sorted, as_of=row.as_of, row=row)


def customer_feature(row: ServedFeature, value: Value, *, counted: bool) -> CustomerFeature:
    """A customer's value as clients see it; `counted` says whether any run has told of the customer."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    shown = f"{value:f}" if isinstance(value, Decimal) else value
    shown = shown.isoformat() if isinstance(shown, datetime) else shown
    return CustomerFeature(
        code=row.code,
        type=row.kind,
        unit=row.unit,
        meaning=row.meaning,
        value=cast("JSON | None", shown),
        number=float(cast("float", value)) if is_number else None,
        text=_text(shown),
        instant=value if isinstance(value, datetime) else None,
        as_of=row.as_of if counted else None,
        row=row,
    )


def _text(shown: float | str | None) -> str | None:
    """Truths as JSON has them."""
    if shown is None:
        return None
    return str(shown).lower() if isinstance(shown, bool) else str(shown)
