"""The rules of identity: which values name a customer, what makes two records one customer's, whose values it keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Identifier = Literal["tax_code", "phone", "email", "address"]
Trait = Literal["address"]
Names = Literal["any", "same", "like"]
Choice = Literal["priority", "most_recent", "most_frequent", "longest"]

IDENTIFIERS: tuple[Identifier, ...] = ("tax_code", "phone", "email", "address")
TRAITS: tuple[Trait, ...] = ("address",)
NAMES: tuple[Names, ...] = ("any", "same", "like")
CHOICES: tuple[Choice, ...] = ("priority", "most_recent", "most_frequent", "longest")
# The values a customer has, each taken from one of its records.
GOLDEN_FIELDS: tuple[str, ...] = (
    "kind",
    "name",
    "industry",
    "country",
    "region",
    "city",
    "address",
    "phone",
    "email",
    "tax_code",
    "consent",
    "owner",
)


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
class Survivorship:
    """Which of several values of a field a customer keeps.

    The choices in `take` count one after the other: where the first leaves several, the next decides. `systems` are
    those of 'priority', the most trusted first; all that are not named come after them.
    """

    take: tuple[Choice, ...] = ()
    systems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IdentityRules:
    """One file of identity rules; `keys` stand in the order in which they count when a limit is contested.

    `golden` says of a field which value survives; `source` is the file's text, '' for rules of no file.
    """

    keys: tuple[KeyRule, ...]
    values: Mapping[Identifier, Values] = field(default_factory=dict)
    generic_words: frozenset[str] = frozenset()
    golden: Mapping[str, Survivorship] = field(default_factory=dict)
    source: str = ""

    def survivorship(self, name: str) -> Survivorship:
        """What decides between the values of a field; without a word about it, nothing but the common order."""
        return self.golden.get(name, Survivorship())

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
