"""Exact conversion of numbers: decimal text to whole units, never by way of floating point."""

from dataclasses import dataclass

import polars as pl

from kehu.model.graph import Field
from kehu.sources.units import Unit
from kehu_loaders.conversion import Conversion

# Numbers are held as whole multiples of 10^-13: fifteen digits before the point, the first thirteen after it.
_SCALE = 13
_ONE = 10**_SCALE
_DECIMAL = pl.Decimal(38, _SCALE)
_NUMBER = r"^[+-]?(?:\d{1,15}|\d{1,3}(?:,\d{3}){1,4})(?:\.\d*)?$|^[+-]?\.\d+$"
_SCIENTIFIC = r"^[+-]?\d+(?:\.\d+)?[eE][+-]?\d+$"
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class NumberRule:
    """The unit a column is in, the field's range, and whether a fraction is rounded (half to even) or refused."""

    unit: Unit
    low: int | None
    high: int | None
    rounds: bool

    @classmethod
    def of(cls, field: Field, unit: Unit, *, rounds: bool) -> "NumberRule":
        """The rule of a field."""
        return cls(unit, field.low, field.high, rounds)


def number(cell: pl.Expr, dtype: pl.DataType, text: pl.Expr, rule: NumberRule) -> Conversion:
    """Whole stored units as Int64. Text may carry the unit's sign, thousands commas, full-width digits
    and, for a negative number, accountants' brackets."""
    plain = _plain(text, rule.unit)
    scaled = _scaled(cell, dtype, plain)
    units, exact = _to_units(scaled, rule.unit)
    fits = _fits(units, rule) & (pl.lit(rule.rounds) | exact)
    return Conversion(pl.when(fits).then(units).cast(pl.Int64, strict=False), text, _reason(plain, units, exact, rule))


def _scaled(cell: pl.Expr, dtype: pl.DataType, plain: pl.Expr) -> pl.Expr:
    if dtype.is_integer():
        return pl.when(cell.cast(pl.Int128).abs() < 10**15).then(cell.cast(pl.Int128) * _ONE)
    if dtype.is_float():
        # The shortest text of a float is the number its writer meant.
        return pl.when(cell.abs() < 10**15).then(cell.cast(pl.String).cast(_DECIMAL, strict=False).to_physical())
    decimal = pl.when(plain.str.contains(_NUMBER)).then(plain.str.replace_all(",", "", literal=True))
    return decimal.cast(_DECIMAL, strict=False).to_physical()


def _to_units(scaled: pl.Expr, unit: Unit) -> tuple[pl.Expr, pl.Expr]:
    """Whole units, halves to even, and whether nothing was rounded."""
    divisor = _ONE * unit.denominator
    dividend = scaled * pl.lit(unit.numerator, pl.Int128)
    floor = dividend // pl.lit(divisor, pl.Int128)
    twice = (dividend - floor * divisor) * 2
    up = (twice > divisor) | ((twice == divisor) & (floor % 2 != 0))
    return floor + up.cast(pl.Int128), twice == 0


def _fits(units: pl.Expr, rule: NumberRule) -> pl.Expr:
    low = -_LARGEST if rule.low is None else rule.low
    high = _LARGEST if rule.high is None else rule.high
    return units.is_between(pl.lit(low, pl.Int128), pl.lit(high, pl.Int128))


def _plain(text: pl.Expr, unit: Unit) -> pl.Expr:
    """The text without the unit's signs, in ASCII digits, brackets turned into a minus."""
    bare = text.str.normalize("NFKC")
    if unit.signs:
        signs = "|".join(map(pl.escape_regex, sorted(unit.signs, key=len, reverse=True)))
        bare = bare.str.replace(rf"^([+-]?)\s*(?:{signs})\s*", "$1").str.replace(rf"\s*(?:{signs})$", "")
    return bare.str.replace(r"^\((.+)\)$", "-$1")


def _reason(plain: pl.Expr, units: pl.Expr, exact: pl.Expr, rule: NumberRule) -> pl.Expr:
    return (
        pl.when(plain.str.contains(_SCIENTIFIC))
        .then(
            pl.lit(
                "a number in scientific notation has lost digits: format the column as a whole number and export again"
            )
        )
        .when(units.is_null())
        .then(pl.lit("not a number: mend the cell, or list it under 'missing' if it means unknown"))
        .when(pl.lit(not rule.rounds) & ~exact)
        .then(pl.lit("not a whole number: mend the cell, or map another column"))
        .otherwise(pl.lit(f"outside {_range(rule)}: mend the cell"))
    )


def _range(rule: NumberRule) -> str:
    if rule.low is None and rule.high is None:
        return "what an amount can hold"
    if rule.high is None:
        return f"its range, {rule.low} or more"
    return f"its range, {'' if rule.low is None else rule.low} to {rule.high}"
