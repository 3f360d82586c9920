"""What a feature's column holds: its type, whether it may be unknown, its scale and words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

# "strings" and "integers" are lists of them.
Kind = Literal["integer", "decimal", "float", "string", "boolean", "instant", "strings", "integers"]

POLARS_TYPES: dict[Kind, pl.DataType] = {
    "integer": pl.Int64(),
    "decimal": pl.Int64(),
    "float": pl.Float64(),
    "string": pl.String(),
    "boolean": pl.Boolean(),
    "instant": pl.Datetime("us", "UTC"),
    "strings": pl.List(pl.String()),
    "integers": pl.List(pl.Int64()),
}


@dataclass(frozen=True, slots=True)
class FeatureType:
    """The contract a rule is checked against.

    A decimal is stored as a scaled Int64: the value 12.34 with scale 2 is 1234. `digits` bounds the stored
    integer's decimal digits. `words` lists the only values a string may take (empty: any). Instants are UTC.
    A list is never null, nor is an item of it; `digits` and `words` speak of its items.
    """

    kind: Kind
    nullable: bool = False
    scale: int = 0
    digits: int = 15
    words: tuple[str, ...] = ()


Schema = Mapping[str, FeatureType]


@dataclass(frozen=True, slots=True)
class Label:
    """A text users see, in English and Chinese."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class FeatureInfo:
    """A feature as people meet it: type, unit, label, and a sentence on what it means."""

    name: str
    type: FeatureType
    unit: str
    label: Label
    meaning: str
    needs: tuple[str, ...] = field(default=())
