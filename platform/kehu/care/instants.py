"""Arithmetic on instants inside the database, the same on SQLite and PostgreSQL."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from kehu.tables.columns import Instant

_LAST = 2**63 - 1


class Later(FunctionElement[datetime]):
    """An instant moved by a number of microseconds; unknown when either is."""

    type = Instant()
    inherit_cache = True


class Earliest(FunctionElement[datetime]):
    """The earliest of the instants that are known; unknown when none is."""

    type = Instant()
    inherit_cache = True


@compiles(Later)
def _moved(element: Later, compiler: SQLCompiler, **options: Any) -> str:
    instant, micros = _parts(element, compiler, options)
    return f"({instant} + {micros} * INTERVAL '1 microsecond')"


@compiles(Later, "sqlite")
def _added(element: Later, compiler: SQLCompiler, **options: Any) -> str:
    instant, micros = _parts(element, compiler, options)
    return f"({instant} + {micros})"


@compiles(Earliest)
def _least(element: Earliest, compiler: SQLCompiler, **options: Any) -> str:
    return f"LEAST({', '.join(_parts(element, compiler, options))})"


@compiles(Earliest, "sqlite")
def _least_known(element: Earliest, compiler: SQLCompiler, **options: Any) -> str:
    # SQLite's min() of several values is unknown as soon as one of them is.
    known = ", ".join(f"coalesce({part}, {_LAST})" for part in _parts(element, compiler, options))
    return f"nullif(min({known}), {_LAST})"


def _parts(element: FunctionElement[Any], compiler: SQLCompiler, options: dict[str, Any]) -> list[str]:
    return [compiler.process(part, **options) for part in element.clauses]
