"""Selections answered level by level: a field of all objects of a level at once, by the resolvers' own functions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import Any, cast

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    Undefined,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import VariableValues, get_argument_values
from sqlalchemy.exc import DBAPIError
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from kehu_graphql.context import Context
from kehu_graphql.lean import LeanExecutor
from kehu_graphql.planning.batches import BatchedReads
from kehu_graphql.planning.documents import variable_names
from kehu_graphql.planning.shown import NotPlannedError
from kehu_graphql.schema import KehuSchema

# Compiling one takes about as long as executing it.
MAX_FIELDS = 2000
# Values of exactly these types are shown as they are, by the scalar's name.
_EXACT: Mapping[str, type] = {"String": str, "ID": str, "Boolean": bool}


@dataclass(frozen=True, slots=True)
class Asking:
    """One request; to resolvers it is the info, of which they want the context alone."""

    context: Context
    reads: BatchedReads
    variables: VariableValues


# What a field has for each source, and what an answer shows of each value.
Column = Callable[[Asking, Sequence[Any]], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class SweptRoot:
    """A root field that resolvers' functions answer, all reads of a level in one."""

    column: Column

    def answer(self, asking: Asking) -> Any:
        """The root field's value; NotPlannedError where only resolvers can tell."""
        with left_to_resolvers():
            (value,) = self.column(asking, (None,))
        return value


@contextmanager
def left_to_resolvers() -> Iterator[None]:
    """NotPlannedError for whatever is wrong in the block, but for the database's own errors."""
    try:
        yield
    except (NotPlannedError, DBAPIError):
        raise
    except Exception as error:
        # Whatever it is, the executor asks again and makes it the field's error.
        raise NotPlannedError(str(error)) from error


@dataclass(slots=True)
class Sweeper:
    """Compiles selections of one document; NotPlannedError for what the schema's resolvers do not define.

    Also for a document whose fragments unfold to very many fields: of those the executor looks only at what is there.
    """

    schema: KehuSchema
    executor: LeanExecutor
    compiled: int = 0

    def root(self, parent: GraphQLObjectType, details: FieldDetailsList) -> SweptRoot:
        """A field of the query itself."""
        return SweptRoot(self.field(parent, details))

    def field(self, parent: GraphQLObjectType, details: FieldDetailsList) -> Column:
        """What answers show of a field, for each of the objects that have it."""
        name = details[0].node.name.value
        self.compiled += 1
        if self.compiled > MAX_FIELDS:
            raise NotPlannedError(f"more than {MAX_FIELDS} fields")
        if name == "__typename":
            return lambda _, sources: [parent.name] * len(sources)
        if name not in parent.fields:
            raise NotPlannedError(name)
        definition = parent.fields[name]
        found = self._values(definition, details)
        shown = self._shown(definition.type, details)
        return lambda asking, sources: shown(asking, found(asking, sources))

    def _values(self, definition: GraphQLField, details: FieldDetailsList) -> Column:
        field: StrawberryField = definition.extensions["strawberry-definition"]
        if field.base_resolver is None:
            value = attrgetter(field.python_name)
            return lambda _, sources: [value(source) for source in sources]
        resolver = cast("Callable[..., Any]", field.base_resolver)
        wants_info = field.base_resolver.info_parameter is not None
        is_async = field.is_async
        given = self._arguments(definition, field, details)

        def values(asking: Asking, sources: Sequence[Any]) -> Sequence[Any]:
            arguments = given(asking.variables)
            called = partial(resolver, **({"info": asking} if wants_info else {}), **arguments)
            begun: Iterator[Any] = (called(source) for source in sources)
            return asking.reads.answers(begun) if is_async else list(begun)

        return values

    def _arguments(
        self, definition: GraphQLField, field: StrawberryField, details: FieldDetailsList
    ) -> Callable[[VariableValues], Mapping[str, Any]]:
        node = details[0].node

        def read(variables: VariableValues) -> dict[str, Any]:
            return convert_arguments(
                get_argument_values(definition, node, variables),
                field.arguments,
                scalar_registry=self.schema.schema_converter.scalar_registry,
                config=self.schema.config,
            )

        if any(variable_names(argument.value) for argument in node.arguments or ()):
            return read
        constant = read(self.executor.variable_values)
        return lambda _: constant

    def _shown(self, kind: GraphQLOutputType, details: FieldDetailsList) -> Column:
        match kind:
            case GraphQLNonNull():
                return _required(self._shown(kind.of_type, details))
            case GraphQLList():
                return _listed(self._shown(kind.of_type, details))
            case GraphQLObjectType():
                return _present(self._object(kind, details))
            case GraphQLInterfaceType():
                return self._interface(kind, details)
            case GraphQLScalarType() | GraphQLEnumType():
                return _leaf(kind)
        raise NotPlannedError(str(kind))

    def _object(self, kind: GraphQLObjectType, details: FieldDetailsList) -> Column:
        fields = self.executor.collect_subfields(kind, details).grouped_field_set
        names = tuple(fields)
        columns = [self.field(kind, each) for each in fields.values()]

        def shown(asking: Asking, sources: Sequence[Any]) -> Sequence[Any]:
            if not sources:
                return ()
            if not columns:
                return [{} for _ in sources]
            found = [column(asking, sources) for column in columns]
            return [dict(zip(names, values, strict=True)) for values in zip(*found, strict=True)]

        return shown

    def _interface(self, kind: GraphQLInterfaceType, details: FieldDetailsList) -> Column:
        possible = self.schema.core.get_possible_types(kind)
        shapes = {each.name: self._object(each, details) for each in possible}

        def shown(asking: Asking, values: Sequence[Any]) -> Sequence[Any]:
            places: dict[str, list[int]] = {}
            for place, value in enumerate(values):
                if value is not None:
                    places.setdefault(type(value).__strawberry_definition__.name, []).append(place)
            found: list[Any] = [None] * len(values)
            for name, those in places.items():
                made = shapes[name](asking, [values[place] for place in those])
                for place, each in zip(those, made, strict=True):
                    found[place] = each
            return found

        return shown


def _required(shown: Column) -> Column:
    def required(asking: Asking, values: Sequence[Any]) -> Sequence[Any]:
        found = shown(asking, values)
        if None in found:
            raise NotPlannedError("null where none may be")
        return found

    return required


def _listed(shown: Column) -> Column:
    def listed(asking: Asking, values: Sequence[Any]) -> Sequence[Any]:
        rest = iter(shown(asking, list(chain.from_iterable(value for value in values if value is not None))))
        return [None if value is None else [next(rest) for _ in value] for value in values]

    return listed


def _present(shown: Column) -> Column:
    def present(asking: Asking, values: Sequence[Any]) -> Sequence[Any]:
        there = [value for value in values if value is not None]
        found = shown(asking, there)
        if len(there) == len(values):
            return found
        rest = iter(found)
        return [None if value is None else next(rest) for value in values]

    return present


def _leaf(kind: GraphQLScalarType | GraphQLEnumType) -> Column:
    def coerced(value: Any) -> Any:
        if value is None:
            return None
        found = kind.coerce_output_value(value)
        if found is None or found is Undefined:
            raise NotPlannedError(str(value))
        return found

    exact = _EXACT.get(kind.name)
    if exact is not None:
        return lambda _, values: [value if type(value) is exact else coerced(value) for value in values]
    if kind.name == "DateTime":
        return lambda _, values: [value.isoformat() if type(value) is datetime else coerced(value) for value in values]
    return lambda _, values: [coerced(value) for value in values]
