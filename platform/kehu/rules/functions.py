"""The built-in functions that can be called: on one number, or over a written list."""

from collections.abc import Callable

from kehu.rules.choices import extreme, total
from kehu.rules.lists import reckoned
from kehu.rules.numbers import absolute, numeric
from kehu.rules.values import FALSE, TRUE, Refused, Value, boolean, truthy


def call(name: str, arguments: tuple[Value, ...]) -> Value:
    """The result of `$name(arguments)`. Refuses written lists without members where they have no answer."""
    if len(arguments) != 1:
        raise Refused("wrong-arguments", f"'${name}' takes one argument, not {len(arguments)}")
    (argument,) = arguments
    return FUNCTIONS[name](argument) if argument.each is None else reckoned(name, argument)


def _members(argument: Value) -> tuple[Value, ...]:
    if argument.kind != "list":
        raise Refused("type-mismatch", f"a list is needed, but {argument.noun}", "write [a, b]", argument.span)
    return argument.members


def _numbers(argument: Value) -> tuple[Value, ...]:
    return tuple(numeric(member, "a member of the list") for member in _members(argument))


def _extreme(argument: Value, operator: str) -> Value:
    members = _numbers(argument)
    if not members:
        raise Refused("wrong-arguments", "the list has no members", "write [a, b]", argument.span)
    return extreme(operator, members)


def _any(argument: Value) -> Value:
    members = _members(argument)
    truth = FALSE
    for member in members:
        truth = truth | truthy(member)
    return boolean(truth, *members)


def _all(argument: Value) -> Value:
    members = _members(argument)
    truth = TRUE
    for member in members:
        truth = truth & truthy(member)
    return boolean(truth, *members)


FUNCTIONS: dict[str, Callable[[Value], Value]] = {
    "abs": absolute,
    "min": lambda argument: _extreme(argument, "lt"),
    "max": lambda argument: _extreme(argument, "gt"),
    "sum": lambda argument: total(_numbers(argument)),
    "any": _any,
    "all": _all,
}
