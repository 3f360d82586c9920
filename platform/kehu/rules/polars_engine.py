"""Polars, which evaluates the rules: its own expressions made from columns."""

import operator
from collections.abc import Callable
from operator import attrgetter
from typing import Any

import polars as pl

from kehu.rules.columns import Column

OPERATORS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "neg": operator.neg,
    "~": operator.invert,
}


class Polars:
    """Columns are written as Polars writes them, so each call is its own."""

    name = "Polars"

    def made(self, column: Column, parts: tuple[Any, ...]) -> pl.Expr:
        """The expression; every call has one."""
        if column.call in OPERATORS:
            return OPERATORS[column.call](*parts)  # type: ignore[no-any-return]
        match column.call:
            case "lit":
                return pl.lit(parts[0], dtype=parts[1])
            case "col":
                return pl.col(parts[0])
            case "element":
                return pl.element()
            case "when":
                return pl.when(parts[0]).then(parts[1]).otherwise(parts[2])
            case "bits":
                return OPERATORS[column.options["operator"]](*parts)  # type: ignore[no-any-return]
            case "concat_str":
                return pl.concat_str(*parts)
        owner, *given = parts
        return attrgetter(column.call)(owner)(*given, **column.options)  # type: ignore[no-any-return]


POLARS = Polars()
