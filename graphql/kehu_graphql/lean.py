"""Execution that fills plain leaf fields at once, and leaves every other field to graphql-core."""

from collections.abc import Callable
from datetime import datetime
from math import isfinite
from typing import Any, NamedTuple

from graphql import (
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    TypeNameMetaFieldDef,
    Undefined,
)
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.pyutils import AwaitableOrValue, Path, gather_with_cancel
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.field import StrawberryField

_INT32 = range(-(2**31), 2**31)


class _Leaf(NamedTuple):
    """A field that is an attribute of its source and holds a scalar; `constant` is its value where it has no source."""

    attribute: str
    nullable: bool
    kind: type[Any] | None
    shown: Callable[[Any], Any] | None
    constant: str | None = None


_Plan = tuple[tuple[str, FieldDetailsList, _Leaf | None], ...]


class LeanExecutor(StrawberryGraphQLCoreExecutionContext):
    """Answers as its base class does, value for value and error for error; a test compares the two.

    A leaf is taken only where its value has exactly the type that the scalar passes on. A wrong value, a missing
    attribute or a null where none may be goes the long way, which knows what to say of it.
    """

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """See graphql-core's Executor.execute_fields, whose work this does for all but leaves."""
        results: dict[str, Any] = {}
        waiting: list[str] = []
        try:
            for name, details, leaf in self._plan(parent_type, grouped_field_set):
                value = Undefined if leaf is None else _taken(leaf, source_value)
                if value is Undefined:
                    field_path = Path(path, name, parent_type.name)
                    value = self.execute_field(parent_type, source_value, details, field_path, position_context)
                    if value is Undefined:
                        continue
                    if self.is_awaitable(value):
                        waiting.append(name)
                results[name] = value
        except Exception:
            if waiting:
                self.settle_in_background([results[name] for name in waiting])
            raise
        return _awaited(results, waiting) if waiting else results

    def _plan(self, parent_type: GraphQLObjectType, grouped: GroupedFieldSet) -> _Plan:
        """Found once for each selection of a request; the selection is kept, so that its id stays its own."""
        plans: dict[tuple[int, str], tuple[GroupedFieldSet, _Plan]] = self.__dict__.setdefault("_lean_plans", {})
        key = (id(grouped), parent_type.name)
        if key not in plans:
            wrapped = self.middleware_manager is not None and bool(self.middleware_manager.middlewares)
            plan = tuple(
                (name, details, None if wrapped else self._leaf(parent_type, details))
                for name, details in grouped.items()
            )
            plans[key] = (grouped, plan)
        return plans[key][1]

    def _leaf(self, parent_type: GraphQLObjectType, details: FieldDetailsList) -> _Leaf | None:
        definition = self.schema.get_field(parent_type, details[0].node.name.value)
        if definition is TypeNameMetaFieldDef:
            return _Leaf("", nullable=False, kind=None, shown=None, constant=parent_type.name)
        if definition is None or definition.args:
            return None
        field = definition.extensions.get("strawberry-definition")
        if not isinstance(field, StrawberryField) or not field.is_basic_field:
            return None
        return _scalar_leaf(field.python_name, definition.type)


def _scalar_leaf(attribute: str, kind: GraphQLOutputType) -> _Leaf | None:
    nullable = not isinstance(kind, GraphQLNonNull)
    inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if not isinstance(inner, GraphQLScalarType) or inner.name not in _PASSED_ON:
        return None
    return _Leaf(attribute, nullable, *_PASSED_ON[inner.name])


def _taken(leaf: _Leaf, source: Any) -> Any:
    """The leaf's value in the answer; Undefined where graphql-core has to judge."""
    if leaf.constant is not None:
        return leaf.constant
    try:
        value = getattr(source, leaf.attribute)
    except Exception:  # noqa: BLE001 (whatever it is, graphql-core asks again and makes it the field's error)
        return Undefined
    if type(value) is leaf.kind:
        return value if leaf.shown is None else leaf.shown(value)
    return None if value is None and leaf.nullable else Undefined


def _int(value: int) -> Any:
    return value if value in _INT32 else Undefined


def _float(value: float) -> Any:
    return value if isfinite(value) else Undefined


# By the scalar's name: the one type whose values it passes on, and as what. Other scalars go the long way.
_PASSED_ON: dict[str, tuple[type[Any], Callable[[Any], Any] | None]] = {
    "String": (str, None),
    "ID": (str, None),
    "Boolean": (bool, None),
    "Int": (int, _int),
    "Float": (float, _float),
    "BigInt": (int, str),
    "DateTime": (datetime, datetime.isoformat),
}


async def _awaited(results: dict[str, Any], waiting: list[str]) -> dict[str, Any]:
    if len(waiting) == 1:
        results[waiting[0]] = await results[waiting[0]]
    else:
        found = await gather_with_cancel(*(results[name] for name in waiting))
        results.update(zip(waiting, found, strict=True))
    return results
