"""Column expressions before an engine is chosen: written as Polars' are, made into an engine's own at the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class Engine(Protocol):
    """What makes an engine's own expression, call by call; see `Column.call` for the names."""

    @property
    def name(self) -> str:
        """The engine's name, for refusals."""

    def made(self, column: "Column", parts: tuple[Any, ...]) -> Any:
        """The engine's expression for the column, whose parts are made already. Raises Refused for what it lacks."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One call: of a function (`lit`, `col`), of an operator (`+`), or of a method (`abs`, `str.len_chars`).

    A method's own column is the first part. A column is `constant` when it asks for no column of a frame. `weight` is
    how many calls there are when shared parts are written out, as SQL does; a division writes its sides four times.
    """

    call: str
    parts: tuple[Any, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    constant: bool = False
    weight: int = 1

    def __getattr__(self, name: str) -> "_Method":
        if name.startswith("_"):
            raise AttributeError(name)
        return _Method(self, name)

    def __bool__(self) -> bool:
        raise TypeError("whether a column is true is known row by row only")

    def __add__(self, other: Any) -> "Column":
        return _called("+", self, other)

    def __radd__(self, other: Any) -> "Column":
        return _called("+", other, self)

    def __sub__(self, other: Any) -> "Column":
        return _called("-", self, other)

    def __rsub__(self, other: Any) -> "Column":
        return _called("-", other, self)

    def __mul__(self, other: Any) -> "Column":
        return _called("*", self, other)

    def __rmul__(self, other: Any) -> "Column":
        return _called("*", other, self)

    def __truediv__(self, other: Any) -> "Column":
        return _called("/", self, other)

    def __rtruediv__(self, other: Any) -> "Column":
        return _called("/", other, self)

    def __floordiv__(self, other: Any) -> "Column":
        return _called("//", self, other)

    def __mod__(self, other: Any) -> "Column":
        return _called("%", self, other)

    def __and__(self, other: Any) -> "Column":
        return _called("&", self, other)

    def __or__(self, other: Any) -> "Column":
        return _called("|", self, other)

    def __xor__(self, other: Any) -> "Column":
        return _called("^", self, other)

    def __lt__(self, other: Any) -> "Column":
        return _called("<", self, other)

    def __le__(self, other: Any) -> "Column":
        return _called("<=", self, other)

    def __gt__(self, other: Any) -> "Column":
        return _called(">", self, other)

    def __ge__(self, other: Any) -> "Column":
        return _called(">=", self, other)

    def __eq__(self, other: object) -> "Column":  # type: ignore[override]
        return _called("==", self, other)

    def __ne__(self, other: object) -> "Column":  # type: ignore[override]
        return _called("!=", self, other)

    def __neg__(self) -> "Column":
        return _called("neg", self)

    def __invert__(self) -> "Column":
        return _called("~", self)

    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class _Method:
    """A method to be called, or what stands before its name, as `str` in `str.len_chars`."""

    owner: Column
    name: str

    def __getattr__(self, name: str) -> "_Method":
        return _Method(self.owner, f"{self.name}.{name}")

    def __call__(self, *parts: Any, **options: Any) -> Column:
        return _called(self.name, self.owner, *parts, **options)


@dataclass(frozen=True, slots=True)
class _When:
    condition: Column

    def then(self, value: Any) -> "_Then":
        return _Then(self.condition, value)


@dataclass(frozen=True, slots=True)
class _Then:
    condition: Column
    value: Any

    def otherwise(self, value: Any) -> Column:
        return _called("when", self.condition, self.value, value)


def col(name: str) -> Column:
    """A frame's column."""
    return Column("col", (name,))


def element() -> Column:
    """A list's items, within `list.eval`."""
    return Column("element", ())


def lit(value: Any, dtype: Any = None) -> Column:
    """A constant; `dtype` is Polars' name for its type, which None leaves to the engine."""
    return Column("lit", (value, dtype), constant=True)


def when(condition: Column) -> _When:
    """`when(condition).then(one).otherwise(other)`."""
    return _When(condition)


def bits(operator: str, left: Column, right: Column) -> Column:
    """`&`, `|` or `^` of integers, bit by bit; between columns themselves these are of truths."""
    return _called("bits", left, right, operator=operator)


def concat_str(*columns: Column) -> Column:
    """Texts one after the other."""
    return _called("concat_str", *columns)


def made(column: Column, engine: Engine) -> Any:
    """The engine's own expression. Raises Refused for what the engine lacks.

    Works without recursion, as sums of a thousand terms are nested as deep, and makes shared parts once.
    """
    done: dict[int, Any] = {}
    pending = [column]
    while pending:
        current = pending[-1]
        if id(current) in done:
            pending.pop()
            continue
        missing = [part for part in current.parts if isinstance(part, Column) and id(part) not in done]
        if missing:
            pending += missing
            continue
        pending.pop()
        parts = tuple(done[id(part)] if isinstance(part, Column) else part for part in current.parts)
        done[id(current)] = engine.made(current, parts)
    return done[id(column)]


def _called(call: str, *parts: Any, **options: Any) -> Column:
    columns = [part for part in parts if isinstance(part, Column)]
    constant = all(part.constant for part in columns)
    weight = 1 + sum(part.weight for part in columns) * (4 if call in {"//", "%"} else 1)
    return Column(call, parts, options, constant=constant, weight=weight)
