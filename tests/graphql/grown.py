"""Documents grown from the schema: of its fields and arguments, with values that fit badly or not at all."""

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from random import Random

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_non_null_type,
)

JUNK = [*"\x00\u202e\ufeff\u2028💥ﷺ\\\"'`%_*\r\té客\x7f"]
_NUMBERS = ["-1", "0", "1", "20", "200", "201", "2147483647", "2147483648", "9" * 5000, "1.5", "1e400", "null"]
_INSTANTS = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-02-30", "2026-01-01", "now", "1e9"]
_SPANS = ["99999999999 days", "-1 days", "7 days", "1000000 years", "0 days", "P7D"]
_NODES = ["Customer", "Shipment", "Complaint", "Visit", "Warning", "Run", "Employee", "RuleSet", "Level", "Node", ""]
_KEYS = ["1", "-1", "9" * 40, "1e9", "", "0x1", "service_tier:vip", "00000000-0000-5000-8000-000000000001", "\x00"]


def text(random: Random) -> str:
    """A text for an id, a cursor, a code, an instant, a name: seldom a good one."""
    made = random.randrange(6)
    if made == 0:
        return random.choice([*_INSTANTS, *_SPANS, "C1", "size", "busy", "Li Na", "上海"])
    if made == 1:
        return _encoded(f"{random.choice(_NODES)}:{random.choice(_KEYS)}")
    if made == 2:
        key: object = random.choice([10**30, -1, None, True, [], {}, "x" * 300, 1.5, "\x00", 1])
        order = random.choice(["customers:name,id", "customers:id", "warnings", "runs", ""])
        return _encoded(json.dumps([order, *[key] * random.randrange(4)]))
    if made == 3:
        return "".join(random.choices(JUNK, k=random.randrange(1, 40)))
    if made == 4:
        return random.choice(["%", "_", "a", "客", "' OR 1=1 --", "(a+)+$"]) * random.choice([1, 10, 3000])
    return random.choice(_KEYS)


def _encoded(plain: str) -> str:
    return urlsafe_b64encode(plain.encode()).decode()


@dataclass(frozen=True, slots=True)
class Grower:
    """Grows documents; the same ones for the same state of `random`."""

    schema: GraphQLSchema
    random: Random

    def document(self, depth: int) -> str:
        """A query, or sometimes a change; runs are not started, as they outlive the question."""
        kind = self.schema.mutation_type if self.random.random() < 0.15 else self.schema.query_type
        assert kind is not None
        return f"{'mutation' if kind is self.schema.mutation_type else 'query'} {self._selection(kind, depth)}"

    def _selection(self, kind: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
        names = [name for name in kind.fields if name != "runStart"]
        chosen = self.random.sample(names, min(len(names), self.random.randint(1, 4)))
        return "{ " + " ".join(self._field(name, kind, depth) for name in chosen) + " __typename }"

    def _field(self, name: str, kind: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
        definition = kind.fields[name]
        inner = get_named_type(definition.type)
        given = [
            f"{argument}: {self._value(taken, 4)}"
            for argument, taken in definition.args.items()
            if is_non_null_type(taken.type) or self.random.random() < 0.6
        ]
        head = f"{self.random.choice(['', '', 'a: '])}{name}" + (f"({', '.join(given)})" if given else "")
        if is_leaf_type(inner):
            return head
        if depth == 0 or not isinstance(inner, (GraphQLObjectType, GraphQLInterfaceType)):
            return "__typename"
        return f"{head} {self._selection(inner, depth - 1)}"

    def _value(self, taken: GraphQLArgument | GraphQLInputField, depth: int) -> str:
        kind = get_named_type(taken.type)
        if isinstance(kind, GraphQLInputObjectType):
            made = self._input(kind, depth)
        elif isinstance(kind, GraphQLEnumType):
            made = self.random.choice([*kind.values, "NONE"])
        elif kind.name in {"Int", "Float"}:
            made = self.random.choice(_NUMBERS)
        elif kind.name == "Boolean":
            made = self.random.choice(["true", "false", "null", "1"])
        else:
            made = json.dumps(text(self.random))
        many = 60 if depth <= 1 else 3
        return f"[{', '.join([made] * self.random.choice([0, 1, 2, many]))}]" if "[" in str(taken.type) else made

    def _input(self, kind: GraphQLInputObjectType, depth: int) -> str:
        given = [
            f"{name}: {self._value(field, depth - 1)}"
            for name, field in kind.fields.items()
            if is_non_null_type(field.type) or (depth > 0 and self.random.random() < 0.3)
        ]
        return "{" + ", ".join(given) + "}"
