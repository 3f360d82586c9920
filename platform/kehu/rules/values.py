"""What a part of a condition is once compiled: column expressions with what is known of them in advance."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Literal

from kehu.rules.columns import Column, lit
from kehu.rules.trees import Span

Kind = Literal["number", "float", "quotient", "string", "boolean", "instant", "duration", "null", "list", "function"]

INT64_MOST = 2**63 - 1
EXACT_MOST = 10**28 - 1  # the interpreter's decimals carry 28 digits

NOUNS: dict[Kind, str] = {
    "number": "a number",
    "float": "a number",
    "quotient": "a number",
    "string": "a text",
    "boolean": "true or false",
    "instant": "an instant",
    "duration": "a duration",
    "null": "null",
    "list": "a list",
    "function": "a function",
}

FALSE = lit(value=False)
TRUE = lit(value=True)


class Refused(Exception):  # noqa: N818 - a refusal is no failure of the program
    """This cannot be compiled exactly. Stands at `span`, or at the node being compiled when that is None."""

    def __init__(self, check: str, message: str, remedy: str = "", span: Span | None = None) -> None:
        self.check, self.message, self.remedy, self.span = check, message, remedy, span
        super().__init__(message)


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A compiled part.

    `expr` is meaningless on rows where `null` or `error` is true; both are None where that cannot happen, and
    never null themselves. A number is `expr` / 10**`scale`, exactly, with |`expr`| <= `bound`; it is Int64 while
    the bound fits, else Int128. A quotient is `expr` / `divisor`, both of scale 0. A float is exact when it is
    the double nearest to a decimal of at most 15 digits; `approximate` marks the operation that lost that.
    Instants and durations are Int64 microseconds. `literal` is a constant's value as the interpreter has it.
    `words` are the only texts it may be. A written list has `members`, without order where it is `distinct`;
    a column's list has `each`, which is what an item is, of an expression over the list's elements.
    `column` is `expr` where that is a feature as it stands, null where unknown; `filled` is (`expr`, that column, the
    constant) where `??` fills it with a constant. Both mean nothing once `expr` is another.
    """

    kind: Kind
    expr: Column = FALSE
    null: Column | None = None
    error: Column | None = None
    scale: int = 0
    bound: int = 0
    divisor: "Value | None" = None
    approximate: bool = False
    literal: Decimal | str | bool | int | None = None
    words: tuple[str, ...] = ()
    members: tuple["Value", ...] = ()
    distinct: bool = False
    each: "Value | None" = None
    column: Column | None = None
    filled: tuple[Column, Column, Column] | None = None
    span: Span = field(default=Span(0, 0))
    text: str = ""

    @property
    def noun(self) -> str:
        """What to call it in a message: as written, and its kind."""
        return f"{quoted(self.text)} is {NOUNS[self.kind]}"

    @property
    def default(self) -> str:
        """A constant of its kind, to show how '??' is used."""
        return {"string": "''", "boolean": "false", "instant": "$now", "duration": 't"P0D"'}.get(self.kind, "0")


def mapped(value: Value, function: Callable[[Column], Column]) -> Column:
    """A function, null of null and of nothing else, of the value.

    Where a constant fills a feature's gaps, the function is taken of both and the answer is filled: a copy of the
    feature, which costs most for texts, is spared.
    """
    if value.filled is None or value.filled[0] is not value.expr:
        return function(value.expr)
    _, column, constant = value.filled
    return function(column).fill_null(function(constant))


def quoted(text: str) -> str:
    """The text in quotes, unless it has its own."""
    return text if text[:1] in {"'", '"'} else f"'{text}'"


def either(*conditions: Column | None) -> Column | None:
    """Any of the conditions that can hold at all; None when none can."""
    held = [condition for condition in conditions if condition is not None]
    return reduce(or_, held) if held else None


def both(first: Column | None, second: Column | None) -> Column | None:
    """Where the two hold; None when one of them never does."""
    return None if first is None or second is None else first & second


def unless(condition: Column | None, exception: Column | None) -> Column | None:
    """The condition outside the exception."""
    return condition if condition is None or exception is None else condition & ~exception


def errors_of(*values: Value) -> Column | None:
    """Where evaluating any of them raises."""
    return either(*(value.error for value in values))


def boolean(expr: Column, *operands: Value, error: Column | None = None) -> Value:
    """A test that raises where its operands do, and where `error` says."""
    return Value("boolean", expr, error=either(errors_of(*operands), error))


def truthy(value: Value) -> Column:
    """Where Python takes the value for true: not null, not zero, not empty. Never null on rows without error."""
    match value.kind:
        case "null" | "function":
            truth = FALSE if value.kind == "null" else TRUE
        case "boolean":
            truth = value.expr
        case "string":
            truth = value.expr != ""
        case "instant":
            truth = TRUE
        case "list":
            truth = value.expr.list.len() > 0 if value.each else (TRUE if value.members else FALSE)
        case _:
            truth = value.expr != 0
    return truth if value.null is None else truth & ~value.null


def known(value: Value, role: str) -> Value:
    """The value itself; refused where it may be null."""
    if value.null is not None or value.kind == "null":
        raise Refused(
            "nullable-operand",
            f"{role} {quoted(value.text)} may be unknown (null)",
            f"say what unknown means, for example ({value.text} ?? {value.default})",
            value.span,
        )
    return value
