"""Conditions parsed by rule-engine's grammar into trees whose nodes know where they stand.

Uses private names of rule-engine 5.1 (`_DeferredAstNode`, `_lexer`, `_parser`, `_vendor`); the dependency is pinned
below 5.2.
"""

import decimal
import threading
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from kehu.rules.backtracking import check_pattern
from kehu.rules.engine import DeferredNode, Parser, Rule, ast, errors, lex
from kehu.rules.escapes import unknown_escape

DEEPEST = 100  # nested operators; far above what people write, far below Python's recursion limit

# What rule-engine may raise while it checks or folds: its own errors and, for folded constants, Python's.
ENGINE_ERRORS = (errors.EngineError, ArithmeticError, TypeError, ValueError, LookupError)

# Constants are folded as rows are evaluated: 28 digits, whatever the calling thread has set.
DECIMALS = decimal.Context(prec=28)


@dataclass(frozen=True, slots=True)
class Span:
    """Offsets in the condition's text; `tokens` are the production's own tokens, text and offset."""

    start: int
    end: int
    tokens: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """An error rule-engine raised at a span; `operands` are the built parts of what it was building."""

    span: Span
    error: Exception
    operands: tuple[Any, ...] = ()


@dataclass(slots=True)
class Parsed:
    """A statement's tree; None when the syntax is wrong. Where `faults` stand the tree holds `Broken` nodes."""

    root: Any | None
    faults: list[Fault] = field(default_factory=list)


class Broken(ast.ExpressionBase):  # type: ignore[misc]
    """Stands where rule-engine refused; its unknown type keeps the checker from refusing the rest as well."""

    def __init__(self, context: Any) -> None:
        self.context = context


class Matching(ast.FuzzyComparisonExpression):  # type: ignore[misc]
    """Looks at the pattern before it is tried: constants are matched as the tree is built."""

    def _compile_regex(self, regex: str) -> Any:
        check_pattern(regex)
        return super()._compile_regex(regex)


def parse(text: str, context: Any) -> Parsed:
    """The text's tree under the context's types, or where its syntax is wrong. Raises nothing."""
    parser = _parser()
    with parser.lock, decimal.localcontext(DECIMALS):
        return parser.read(text, context)


def symbols_of(node: Any) -> set[str]:
    """The names of features in a built tree."""
    if isinstance(node, ast.SymbolExpression):
        return set() if node.scope else {str(node.name)}
    if isinstance(node, ast.ComprehensionExpression):
        return symbols_of(node.iterable) | (symbols_of((node.result, node.condition)) - {node.variable})
    if isinstance(node, ast.ASTNodeBase):
        return set().union(*(symbols_of(part) for part in _slots(node)))
    if isinstance(node, tuple | list | set):
        return set().union(*(symbols_of(part) for part in node))
    return set()


def _slots(node: Any) -> Iterator[Any]:
    """What a node is made of; nodes keep it in slots and in their dictionary."""
    names = {name for kind in type(node).__mro__ for name in getattr(kind, "__slots__", ())} | set(vars(node))
    yield from (getattr(node, name, None) for name in sorted(names - {"context", "span"}))


@cache
def _parser() -> "_SpanParser":
    return _SpanParser()


class _Spanned(DeferredNode):  # type: ignore[misc]
    """A node still to be built; gives its span to the node and collects what building raises."""

    __slots__ = ("built", "faults", "span")

    def __init__(self, plain: Any, span: Span, faults: list[Fault]) -> None:
        kind = Matching if plain.cls is ast.FuzzyComparisonExpression else plain.cls
        super().__init__(kind, args=_spanned(plain.args, span, faults), kwargs=plain.kwargs, method=plain.method)
        self.span = span
        self.faults = faults
        self.built: Any = None

    def build(self) -> Any:
        try:
            self.built = super().build()
        except ENGINE_ERRORS as error:
            operands = tuple(part.built for part in _parts(self) if part.built is not None)
            self.faults.append(Fault(self.span, error, operands))
            self.built = Broken(self.args[0])
        if not hasattr(self.built, "span"):
            self.built.span = self.span
        return self.built


class _Lexer:
    """Rule-engine's lexer with token ends; line numbers start anew at each text."""

    def __init__(self, lexer: Any) -> None:
        self._lexer = lexer
        self.end = 0

    @property
    def lineno(self) -> int:
        return int(self._lexer.lineno)

    def input(self, text: str) -> None:
        self.end = 0
        self._lexer.lineno = 1
        self._lexer.input(text)

    def token(self) -> Any:
        token = self._lexer.token()
        if token is not None:
            self.end = token.endlexpos = self._lexer.lexpos
        return token


def _action(action: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    def run(self: Any, p: Any) -> None:
        span = _span_of(p)
        try:
            _check_text(p)
            action(self, p)
        except errors.StringSyntaxError as error:
            self.faults.append(Fault(span, error))
            p[0] = DeferredNode(Broken, args=(self.context,))
        except errors.BytesSyntaxError as error:
            self.faults.append(Fault(span, error))
            p[0] = DeferredNode(Broken, args=(self.context,))
        if isinstance(p[0], DeferredNode) and not isinstance(p[0], _Spanned):
            p[0] = _Spanned(p[0], span, self.faults)

    return run


def _check_text(production: Any) -> None:
    r"""Refuses a text with `\q`: Python warns of it today, reads the backslash as itself, and will not for ever."""
    token = production.slice[1]
    if token.type == "STRING" and unknown_escape(str(token.value)):
        raise errors.StringSyntaxError("unknown escape", str(token.value))


class _SpanParser(Parser):  # type: ignore[misc]
    """One instance serves all; hold `lock` while reading."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.faults: list[Fault] = []
        self.context: Any = None
        self._lexer = lex.lex(module=self)
        # The grammar is that of rule-engine's own parser, whose tables took half a second to work out.
        self._parser = copy(Rule.parser._parser)  # noqa: SLF001  # pinned, see above
        self._parser.productions = [self._bound(each) for each in self._parser.productions]
        self._parser.errorfunc = self.p_error

    def _bound(self, production: Any) -> Any:
        mine = copy(production)
        if mine.func:
            mine.callable = getattr(self, mine.func)
        return mine

    def t_COMMENT(self, _token: Any) -> None:  # noqa: N802 - the grammar's name
        r"\#[^\n]*"

    def read(self, text: str, context: Any) -> Parsed:
        """Parse and build; the caller holds `lock`."""
        lexer = _Lexer(self._lexer)
        self.context, self.faults = context, []
        try:
            deferred = self._parser.parse(text, lexer=lexer, tracking=True)
        except errors.SyntaxError as error:
            return Parsed(None, [Fault(_syntax_span(text, lexer, error), error)])
        finally:
            self.context = None
        expression = deferred.args[1]
        if _depth(expression) > DEEPEST:
            too_deep = errors.EngineError(f"more than {DEEPEST} operators nested")
            return Parsed(None, [Fault(expression.span, too_deep)])
        root = expression.build()
        return Parsed(root, self.faults)


for _name in [name for name in dir(Parser) if name.startswith("p_expression") or name == "p_statement_expr"]:
    setattr(_SpanParser, _name, _action(getattr(Parser, _name)))


def _span_of(production: Any) -> Span:
    first, last = production.slice[1], production.slice[-1]
    tokens = tuple(
        (str(symbol.value), symbol.lexpos)
        for symbol in production.slice[1:]
        if hasattr(symbol, "value") and symbol.type.isupper()
    )
    return Span(first.lexpos, last.endlexpos, tokens)


def _syntax_span(text: str, lexer: _Lexer, error: Any) -> Span:
    token = getattr(error, "token", None)
    if token is not None:
        return Span(token.lexpos, getattr(token, "endlexpos", token.lexpos + 1))
    rest = text[lexer.end :]
    start = lexer.end + len(rest) - len(rest.lstrip())
    return Span(start, start)


def _spanned(args: Any, span: Span, faults: list[Fault]) -> Any:
    """`not in` builds two nodes at once: the inner one takes the outer's span."""
    return tuple(
        _Spanned(arg, span, faults) if isinstance(arg, DeferredNode) and not isinstance(arg, _Spanned) else arg
        for arg in args
    )


def _parts(node: Any) -> Iterator[_Spanned]:
    pending = [*node.args, *node.kwargs.values()]
    while pending:
        item = pending.pop(0)
        if isinstance(item, _Spanned):
            yield item
        elif not isinstance(item, str | bytes) and hasattr(item, "__iter__"):
            pending = [*item, *pending]


def _depth(root: _Spanned) -> int:
    """Levels of nesting, found without recursion: the guard against recursion must not recurse."""
    deepest, pending = 0, [(root, 1)]
    while pending:
        node, level = pending.pop()
        deepest = max(deepest, level)
        pending.extend((part, level + 1) for part in _parts(node))
    return deepest
