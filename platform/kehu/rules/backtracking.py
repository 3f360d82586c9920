"""How many ways a pattern can be tried: Python's matcher goes back over them one by one, Polars' does not."""

import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

from kehu.rules.pattern_sets import unclear_sign

# No stub knows it, and whether one seems to depends on what else is installed.
_parser = import_module("re._parser")
_TEXT = 64  # characters a text is reckoned with
_MOST_WAYS = _TEXT**4  # four open repeats behind one another; a few seconds at most on a text of 200 characters
_DEEPEST = 20  # groups within groups


class SlowPatternError(ValueError):
    """The interpreter could be busy with this pattern for longer than anybody waits, or take it for another one day.

    `remedy` says what to write instead.
    """

    def __init__(
        self,
        message: str,
        remedy: str = "take a repeat out of the repeat, or split the pattern into conditions joined by 'and'",
    ) -> None:
        self.remedy = remedy
        super().__init__(message)


def check_pattern(pattern: str) -> None:
    """Raise SlowPatternError where matching may take for ever; a pattern that cannot be read passes.

    So does it for a set whose meaning Python has announced to change.
    """
    sign = unclear_sign(pattern)
    if sign:
        escaped = "".join(f"\\{character}" for character in sign)
        raise SlowPatternError(f"has '{sign}' in a set, which may mean another one day", f'write {escaped} in r"..."')
    try:
        tree = _parser.parse(pattern)
    except (re.error, OverflowError):
        return
    except RecursionError:
        raise SlowPatternError("has too many groups within groups") from None
    if _sequence(tree, 0) > _MOST_WAYS:
        raise SlowPatternError("may be matched in too many ways")


def _sequence(items: Iterable[Any], depth: int) -> int:
    """No more than just above the limit: powers would grow without end."""
    if depth > _DEEPEST:
        raise SlowPatternError("has too many groups within groups")
    ways = 1
    for operation, argument in items:
        ways = min(ways * _item(str(operation), argument, depth), _MOST_WAYS + 1)
    return ways


def _item(name: str, argument: Any, depth: int) -> int:
    if name.endswith("_REPEAT"):
        low, high, items = argument
        return _repeat(int(low), int(high), _sequence(items, depth + 1))
    if name == "BRANCH":
        return _branch(argument[1], depth)
    ways = 1
    for items in _inner(argument):
        ways *= _sequence(items, depth + 1)
    return ways


def _repeat(low: int, high: int, each: int) -> int:
    high = min(high, max(low, _TEXT))
    if each == 1:
        return min(high - low + 1, _TEXT)
    ways = 0
    for times in range(low, high + 1):
        ways += each ** min(times, _TEXT)
        if ways > _MOST_WAYS:
            break
    return ways


def _branch(choices: Iterable[Any], depth: int) -> int:
    """Of choices that begin with different letters at most one can go on."""
    each = [(_sequence(choice, depth + 1), list(choice)[:1]) for choice in choices]
    first = [str(begin[0][1]) for _, begin in each if begin and str(begin[0][0]) == "LITERAL"]
    ways = [number for number, _ in each]
    return max(ways) if len(set(first)) == len(each) else sum(ways)


def _inner(argument: Any) -> Iterator[Any]:
    """The patterns a group, a look-around or a conditional is made of."""
    if isinstance(argument, _parser.SubPattern):
        yield argument
    elif isinstance(argument, tuple | list):
        for part in argument:
            yield from _inner(part)
