"""Conditions at their very edge: something compared with exactly what it is on one of the rows."""

import random
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache

from tests.rules.adversarial import AS_OF, SCHEMA
from tests.rules.differential import Row
from tests.rules.grammar import Grammar, Sentence

from kehu.rules.interpreter import Interpreter, engine_context
from kehu.rules.trees import ENGINE_ERRORS, parse

EXACT = Grammar(avoid=("f1", "fn1"))  # a float's arithmetic is rounded, so it has no edge to hit
KINDS = (
    "number", "arithmetic", "quotient", "bitwise", "of_list", "part", "instant", "duration", "text",
)  # fmt: skip
# The texts themselves are what patterns are tried on; a float by itself does have an edge.
PLAIN = tuple(Sentence(name, frozenset()) for name in ("s1", "s1", "s1", "s1", "f1"))
PLAIN_PARTS = 0.18
ORDERS = ("<", "<=", ">", ">=", "==", "!=")


def boundary(dice: random.Random, rows: list[Row]) -> Sentence:
    """A part of a condition against the value it has on one of the rows, or the next beside it."""
    while True:
        part = EXACT.sentence_of_any(KINDS, dice.choice((1, 1, 2)), dice.choice)
        part = dice.choice(PLAIN) if dice.random() < PLAIN_PARTS else part
        parsed = parse(part.text, _context())
        if parsed.root is None or parsed.faults:
            continue
        try:
            value = Interpreter(parsed.root).value(dice.choice(rows))
            return Sentence(_tested(part.text, value, dice), part.productions)
        except ENGINE_ERRORS:  # the part has no value there, or one that cannot be written
            continue


@cache
def _context() -> object:
    return engine_context(SCHEMA, AS_OF)


def _tested(text: str, value: object, dice: random.Random) -> str:
    if not isinstance(value, str):
        return f"{text} {dice.choice(ORDERS)} {_literal(_beside(value, dice))}"
    cut = dice.randint(0, len(value))
    return dice.choice((
        f"{text} {dice.choice(ORDERS)} {_quoted(value)}",
        f"{text} in ['a', {_quoted(value)}, null]",
        f"{_quoted(value[cut:][:2])} in ({text})",
        f"({text}).starts_with({_quoted(value[:cut])})",
        f"({text}).ends_with({_quoted(value[cut:])})",
        f'{text} {dice.choice(("=~", "=~~"))} r"{_described(value[:cut], dice)}"',
        f'{text} {dice.choice(("=~", "=~~"))} r"{_described(value[cut:], dice)}{dice.choice(("", "$"))}"',
    ))  # fmt: skip


def _beside(value: object, dice: random.Random) -> object:
    """Mostly the value; else a step or half a step of its last digit away, or a number cut short."""
    if isinstance(value, Decimal):
        step = Decimal(1).scaleb(max(int(value.as_tuple().exponent), -20))
        half = Decimal(5).scaleb(max(int(value.as_tuple().exponent), -20) - 1)
        return dice.choice((*[value] * 5, value + step, value - step, value + half, value - half, round(value, 3)))
    if isinstance(value, datetime | timedelta):
        return value + timedelta(microseconds=dice.choice((0, 0, 0, 1, -1)))
    return value


def _literal(value: object) -> str:
    """The value as a condition writes it. Raises ValueError for what cannot be written."""
    match value:
        case Decimal() if value.is_finite():
            return f"{value:f}"
        case datetime():
            return f'd"{value.replace(tzinfo=None).isoformat()}"'
        case timedelta():
            size = abs(value)
            written = f't"P{size.days}DT{size.seconds}.{size.microseconds:06}S"'
            return f"(-{written})" if value < timedelta(0) else written
    raise ValueError(f"'{value}' cannot be written in a condition")


def _quoted(text: str) -> str:
    return f"'{_escaped(text)}'"


def _escaped(text: str) -> str:
    return "".join(f"\\U{ord(each):08x}" for each in text)


def _described(text: str, dice: random.Random) -> str:
    """A pattern that says of each character what it is, or, wrongly, what it is not."""
    classes = (r"\w", r"\W", r"\s", r"\S", r"\d", r"\D", ".", r"\w?", r"[^\w]")
    return "".join(_escaped(each) if dice.random() < 0.4 else dice.choice(classes) for each in text)
