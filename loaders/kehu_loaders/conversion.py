"""What a conversion is: expressions over the clean cells that give a value, or the reason for none."""

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Conversion:
    """`value` is null where the cell is unknown or does not fit; it does not fit where `text` is known.

    `text` is the cell as quarantine shows it, `reason` why it does not fit, with the way to mend it.
    """

    value: pl.Expr
    text: pl.Expr
    reason: pl.Expr
