"""Scalars of our own, labels in two languages and amounts of money."""

import re
from decimal import Decimal
from enum import Enum
from typing import NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from kehu.model.feature_types import Label
from kehu.model.money import minor_digits

BigInt = NewType("BigInt", int)
MAX_DIGITS = 400
_WHOLE = re.compile(rf"-?[0-9]{{1,{MAX_DIGITS}}}")


def _whole(value: object) -> BigInt:
    """Raises GraphQLError for what is no whole number, however Python might read it."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if is_number or (isinstance(value, str) and _WHOLE.fullmatch(value)):
        return BigInt(int(str(value)))
    raise GraphQLError(f"'{value}' is no whole number of at most {MAX_DIGITS} digits; write it as \"1250\"")


SCALARS: dict[object, ScalarDefinition] = {
    BigInt: strawberry.scalar(
        name="BigInt",
        description='A whole number of any size, written as a string, e.g. "5000000000".',
        serialize=str,
        parse_value=_whole,
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
