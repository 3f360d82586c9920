"""Small faults put into copies of the compiler, to show that the comparison with the interpreter finds each.

A fault replaces one expression, which must stand exactly once in all of the compiler's modules, wherever that is.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType

from tests.rules.adversarial import AS_OF, SCHEMA

from kehu.model.problems import Place, Problem
from kehu.rules import compiler
from kehu.rules.compiler import Compiled
from kehu.rules.interpreter import engine_context
from kehu.rules.trees import Parsed, parse

ROOM = "kehu.rules."
COPY = "faulty_rules."
# The grammar and the oracle stay as they are: they are what a copy is compared with.
KEPT = ("engine", "trees", "backtracking", "interpreter")


@dataclass(frozen=True, slots=True)
class Fault:
    """`old` becomes `new`; `module` is needed where several hold the same expression."""

    name: str
    old: str
    new: str
    module: str = ""


FAULTS = (
    Fault("two unknowns are not equal", "both(left.null, right.null)", "None"),
    Fault("an unknown number equals any", "test.expr & ~missing", "test.expr | missing"),
    Fault("a text is true when empty", "value.expr != ''", "value.expr == value.expr"),
    Fault("zero is true", "value.expr != 0", "value.expr == value.expr"),
    Fault("an unknown value is true", "truth & ~value.null", "truth | value.null"),
    Fault("'and' raises what it should not ask", "one & right.error", "right.error"),
    Fault("'or' raises what it should not ask", "~one & right.error", "right.error"),
    Fault("'?:' raises for the side not taken", "~truth & right.error", "right.error"),
    Fault("'??' raises for the default not taken", "left.null & right.error", "right.error"),
    Fault("'??' of two unknowns is known", "left.null & truth_of(right.null)", "FALSE"),
    Fault("'//' rounds down", "_truncated(over.expr, _nonzero(under))", "over.expr // _nonzero(under)"),
    Fault("'%' has the divisor's sign", "_truncated(over.expr, by)", "over.expr // by"),
    Fault("zero divides", "value.expr == 0 if value.literal is None or value.bound == 0 else None", "None"),
    Fault("a negative divisor keeps the order", "divisor.expr < 0", "divisor.expr != divisor.expr"),
    Fault("a negative constant divisor keeps the order", "Decimal(divisor.literal) < 0", "False"),
    Fault(
        "a quotient is multiplied by the reciprocal",
        "apply(operator, first, second)",
        "apply(operator, one.expr * (1.0 / one.divisor.expr), two.expr / two.divisor.expr)",
    ),
    Fault("a fraction is cut to the column's scale", "operator in {'ge', 'lt'}", "False"),
    Fault("a fraction is rounded up to the column's scale", "operator in {'ge', 'lt'}", "True"),
    Fault("a product has the larger scale", "left.scale + right.scale", "max(left.scale, right.scale)"),
    Fault("integers wrap", "bound <= INT64_MOST", "True"),
    Fault("a ceiling is above whole numbers too", "0 - (0 - numerator) // divisor", "numerator // divisor + 1"),
    Fault("a fraction is whole", "either(value.error, is_whole(value))", "value.error"),
    Fault(
        "null is in no list",
        "[equal(member, choice) for choice in choices]",
        "[equal(member, choice) for choice in choices if choice.kind != 'null']",
    ),
    Fault("an unknown text may be in a list", "found & ~member.null", "found | member.null", "comparisons"),
    Fault("'=~' searches", r"rf'\A(?:{body})' if from_start else body", "body"),
    Fault("'$' is the very end", r"r'\n?\z'", r"r'\z'"),
    Fault(r"\w counts combining accents", r"r'\p{L}\p{N}_'", r"r'\w'"),
    Fault(r"\s knows no separators", r"r'\s\x{1c}-\x{1f}'", r"r'\s'"),
    Fault("a day begun is a day", "value.expr // day", "value.expr.abs() // day * value.expr.sign()"),
    Fault("seconds go back before zero", "value.expr % day", "value.expr.abs() % day * value.expr.sign()"),
    Fault("a week begins on Sunday", "enumerate(WEEKDAYS, 1)", "enumerate(WEEKDAYS[-1:] + WEEKDAYS[:-1], 1)"),
    Fault(
        "a date before 1970 is the next day",
        "micros - micros % whole(_DAY)",
        "micros - micros.abs() % whole(_DAY) * micros.sign()",
    ),
    Fault("there are years before the first", "(expr < FIRST) | (expr > LAST)", "expr > LAST"),
    Fault(
        "a character may stand behind the last",
        "apply('ge', index.expr, length)",
        "apply('gt', index.expr, length)",
    ),
    Fault(
        "a character may not be the first from behind",
        "apply('lt', index.expr, 0 - length)",
        "apply('le', index.expr, 0 - length)",
    ),
    Fault(
        "capitals stay one letter",
        "value.expr.str.to_uppercase()",
        "value.expr.str.replace_all('ß', 'ẞ').str.to_uppercase()",
    ),
    Fault(
        "small letters are those of ASCII",
        "value.expr.str.to_lowercase()",
        "value.expr.str.replace_many(list('ABC'), list('abc'))",
    ),
    Fault(
        "a text is as long as its bytes",
        "text.str.len_chars()",
        "text.str.len_bytes()",
    ),
    Fault("an unknown text may be in a column's list", "found & ~member.null", "found | member.null", "lists"),
    Fault(
        "an item may stand behind the last",
        "apply('ge', position.expr, size)",
        "apply('gt', position.expr, size)",
    ),
    Fault("nothing has a least", "either(argument.error, _length(argument) == 0)", "argument.error"),
    Fault(
        "items are not sifted",
        "_ITEM.is_not_null() if condition is None else _ITEM.is_not_null() & truthy(condition)",
        "_ITEM.is_not_null()",
    ),
    Fault("a slice is as long as its end", "int(stop.literal or 0) - first", "int(stop.literal or 0)"),
    Fault("a slice begins before the first", "at + length > 0", "at + length > at"),
    Fault(
        "an edge that is a feature is 0",
        "edge.kind == 'null' or (edge.literal is not None and int(edge.literal) >= 0)",
        "True",
    ),
    Fault(
        "numbers below zero have bits",
        "either(errors_of(left, right), _negative(left), _negative(right))",
        "errors_of(left, right)",
    ),
    Fault("the greatest raises nothing", "errors_of(*members)", "None", "choices"),
    Fault(
        "an epoch is in milliseconds",
        "Value('number', micros, scale=6, bound=max(-FIRST, LAST))",
        "Value('number', micros, scale=3, bound=max(-FIRST, LAST))",
    ),
)  # fmt: skip


class _Replacing(ast.NodeTransformer):
    """Replaces the expression wherever it stands and counts how often that was."""

    def __init__(self, fault: Fault) -> None:
        self.old = ast.dump(_expression(fault.old))
        self._fault = fault
        self.times = 0

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.expr) and ast.dump(node) == self.old:
            self.times += 1
            return ast.copy_location(_expression(self._fault.new), node)
        return self.generic_visit(node)


@contextmanager
def faulty(fault: Fault | None) -> Iterator[Callable[[str], Compiled | list[Problem]]]:
    """A copy of the compiler with the fault in it; without one, a plain copy."""
    replaced = {} if fault is None else _replaced(fault)
    copies = {COPY + name: ModuleType(COPY + name) for name in sources()}
    sys.modules.update(copies)
    try:
        for name in sources():  # in the order of their imports
            exec(replaced.get(name) or _code(name), vars(copies[COPY + name]))  # noqa: S102
        yield _compiling(copies[COPY + "compiler"])
    finally:
        for name in copies:
            del sys.modules[name]


def _replaced(fault: Fault) -> dict[str, CodeType]:
    """The module with the fault in it, by its name."""
    replacing, trees = _Replacing(fault), {}
    for name in {fault.module} & set(sources()) or sources():
        if replacing.old in _dump(name):
            trees[name] = ast.parse(sources()[name])
            replacing.visit(trees[name])
    assert replacing.times == 1, f"'{fault.old}' stands {replacing.times} times, not once"
    return {name: _compiled(name, tree) for name, tree in trees.items()}


@cache
def _dump(name: str) -> str:
    return ast.dump(ast.parse(sources()[name]))


@cache
def _code(name: str) -> CodeType:
    return _compiled(name, ast.parse(sources()[name]))


def _compiled(name: str, tree: ast.Module) -> CodeType:
    return compile(_moved(tree, set(sources())), f"<faulty {name}>", "exec")


@cache
def sources() -> dict[str, str]:
    """The text of each module the compiler is made of, by name; a module stands after those it imports."""
    found: dict[str, str] = {}
    _collect("compiler", found)
    return found


def _collect(name: str, found: dict[str, str]) -> None:
    source = Path(compiler.__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    for statement in ast.parse(source).body:
        imported = _own_import(statement)
        if imported and imported not in found and imported not in KEPT:
            _collect(imported, found)
    found[name] = source


def _own_import(statement: ast.stmt) -> str:
    """The module of the rules room that is imported from; '' for every other statement."""
    module = statement.module if isinstance(statement, ast.ImportFrom) else None
    return module.removeprefix(ROOM) if module and module.startswith(ROOM) else ""


def _moved(tree: ast.Module, copied: set[str]) -> ast.Module:
    """The module importing from the copies."""
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and _own_import(statement) in copied:
            statement.module = COPY + _own_import(statement)
    return tree


def _compiling(module: ModuleType) -> Callable[[str], Compiled | list[Problem]]:
    vars(module)["parse"] = _parsed_once
    return lambda text: module.compile_condition(text, SCHEMA, AS_OF, lambda offset: Place("random", 1, offset + 1))


def _parsed_once(text: str, _context: object) -> Parsed:
    """The tree of a text does not depend on the fault; reading it takes most of the time."""
    return _parsed(text)


@cache
def _parsed(text: str) -> Parsed:
    return parse(text, engine_context(SCHEMA, AS_OF))


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body
