"""Scalars of our own, labels in two languages and amounts of money."""

from decimal import Decimal
from enum import Enum
from typing import NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from kehu.model.feature_types import Label
from kehu.model.money import minor_digits

BigInt = NewType("BigInt", int)

SCALARS: dict[object, ScalarDefinition] = {
    BigInt: strawberry.scalar(
        name="BigInt",
        description='A whole number of any size, written as a string, e.g. "5000000000".',
        serialize=str,
        parse_value=int,
    )
}


@strawberry.enum(description="A language that every label exists in.")
class Locale(Enum):
    EN = strawberry.enum_value("en", description="English.")
    ZH = strawberry.enum_value("zh", description="Simplified Chinese.")


@strawberry.type(description="An amount of money, exact.")
class Money:
    amount_minor: BigInt = strawberry.field(description='Whole minor units of the currency, e.g. "1250" fen.')
    currency: str = strawberry.field(description='ISO 4217 code, e.g. "CNY".')
    amount: str = strawberry.field(description='Major units as decimal text, e.g. "12.50".')


def label_text(label: Label, locale: Locale) -> str:
    """The label in the language asked for."""
    return label.zh if locale is Locale.ZH else label.en


def money(amount_minor: int | None, currency: str) -> Money | None:
    """None for an unknown amount."""
    if amount_minor is None:
        return None
    amount = Decimal(amount_minor).scaleb(-minor_digits(currency))
    return Money(amount_minor=BigInt(amount_minor), currency=currency, amount=f"{amount:f}")


def big(count: int | None) -> BigInt | None:
    """None stays None."""
    return None if count is None else BigInt(count)
