"""The rules of identity: which values name a customer, and what makes two records one customer's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Identifier = Literal["tax_code", "phone", "email", "address"]
Trait = Literal["address"]
Names = Literal["any", "same", "like"]

IDENTIFIERS: tuple[Identifier, ...] = ("tax_code", "phone", "email", "address")
TRAITS: tuple[Trait, ...] = ("address",)
NAMES: tuple[Names, ...] = ("any", "same", "like")


@dataclass(frozen=True, slots=True)
class Values:
    """How the values of an identifier are taken.

    `blocked` ones name nobody. A value borne by more than `names` different names is shared, and names nobody either.
    A customer has at most `per_customer` values; None is without limit.
    """

    blocked: frozenset[str] = frozenset()
    names: int | None = None
    per_customer: int | None = None


@dataclass(frozen=True, slots=True)
class KeyRule:
    """Two records are one customer's when a value of `identifier` is the same and the rest fits.

    `name` says what their names must be: 'any', the 'same' or 'like', of which `likeness` is the least share.
    They stay two where a trait in `unless_other` is known of both and differs.
    """

    code: str
    identifier: Identifier
    name: Names = "same"
    likeness: float = 1.0
    unless_other: tuple[Trait, ...] = ()


@dataclass(frozen=True, slots=True)
class IdentityRules:
    """One file of identity rules; `keys` stand in the order in which they count when a limit is contested."""

    keys: tuple[KeyRule, ...]
    values: Mapping[Identifier, Values] = field(default_factory=dict)
    generic_words: frozenset[str] = frozenset()

    def of(self, identifier: Identifier) -> Values:
        """How the identifier's values are taken; without a word about it, without limits."""
        return self.values.get(identifier, Values())


# What holds where nobody says otherwise: exact values, exact names.
PLAIN_RULES = IdentityRules(
    (
        KeyRule("tax_code", "tax_code", "any"),
        KeyRule("phone_and_name", "phone", "same"),
        KeyRule("email_and_name", "email", "same"),
    )
)
