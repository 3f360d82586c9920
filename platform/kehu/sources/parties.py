"""Reads mentions of customers: a party's parts, a choice of parties, a reference."""

from kehu.model.graph import PARTY_FIELDS, RELATION_FIELDS, Field
from kehu.model.problems import did_you_mean
from kehu.model.yaml_nodes import Mapping, Node, Scalar
from kehu.sources.reading import Reading, read_columns, read_missing, read_text
from kehu.sources.source import Cell, Choice, Constant, FieldMap, Key, Party, Value
from kehu.sources.values import read_key, read_value

_NAMING = tuple(part.name for part in RELATION_FIELDS if part.name != "system")
REFERENCE_FIELDS = tuple(part for part in PARTY_FIELDS if part.name in {"system", "key"})


def read_party(node: Node, parts: tuple[Field, ...], reading: Reading) -> Party | None:
    """A party from {part: value}; one with a key but no `system` is known in the source's own."""
    if not isinstance(node, Mapping) or not node.entries:
        reading.report(
            node.place, "bad-value", "a customer is named by its parts", "for example {key: 客户号, name: 客户名称}"
        )
        return None
    by_name = {part.name: part for part in parts}
    fields = []
    for name, value_node in node.entries.items():
        if name not in by_name:
            reading.report(
                node.keys[name].place, "unknown-field", f"a customer has no '{name}'", did_you_mean(name, by_name)
            )
            continue
        value = _part(value_node, by_name[name], reading)
        if value is not None:
            fields.append(FieldMap(by_name[name], value, node.keys[name].place))
    if "key" in node.entries and "system" not in node.entries:
        fields.append(FieldMap(by_name["system"], Constant(reading.system), node.place))
    return Party(tuple(fields))


def read_choice(node: Mapping, others: tuple[str, ...], reading: Reading) -> Choice | None:
    """A party picked by a column: each cell's party, of its own or by the name of another field."""
    reading.check_keys(node, {"column", "choose", "otherwise", "absent", "missing"})
    columns = read_columns(node.get("column"), reading)
    table = node.get("choose")
    if len(columns) != 1 or not isinstance(table, Mapping):
        reading.report(
            node.place,
            "bad-value",
            "a choice needs a column and its cells",
            "write {column: 付款方式, choose: {寄付: shipper}}",
        )
        return None
    fallbacks = [name for name in ("otherwise", "absent") if name in node.entries]
    option_nodes = [*table.entries.values(), *(node.entries[name] for name in fallbacks)]
    options = [option for item in option_nodes if (option := _option(item, others, reading)) is not None]
    if len(options) < len(option_nodes):
        return None
    index = {name: str(len(table.entries) + place) for place, name in enumerate(fallbacks)}
    cell = Cell(
        columns=columns,
        missing=read_missing(node.get("missing"), reading),
        words=tuple((text, str(place)) for place, text in enumerate(table.entries)),
        otherwise=index.get("otherwise"),
        absent=index.get("absent"),
    )
    return Choice(cell, tuple(options))


def _option(node: Node, others: tuple[str, ...], reading: Reading) -> Party | str | None:
    if not isinstance(node, Scalar):
        return read_party(node, PARTY_FIELDS, reading)
    if node.text in others:
        return node.text
    remedy = did_you_mean(node.text, others) or "name the party by its parts: {key: ...}"
    reading.report(node.place, "unknown-field", f"this record maps no party '{node.text}'", remedy)
    return None


def _part(node: Node, part: Field, reading: Reading) -> Value | None:
    if part.name == "key":
        return read_key(node, reading)
    if part.name == "system" and isinstance(node, Scalar):
        return Constant(read_text(node, "'system'", reading))
    return read_value(node, part, reading)


def read_relation(node: Node, reading: Reading) -> Party | None:
    """Another customer, named by its key in a system, its tax code or any code it has; exactly one of them."""
    party = read_party(node, RELATION_FIELDS, reading)
    named = [part.field.name for part in party.parts if part.field.name != "system"] if party else []
    if party and len(named) != 1:
        said = f"a customer is named by one of {', '.join(_NAMING)}, not by {' and '.join(named) or 'none'}"
        reading.report(node.place, "bad-value", said, "write {key: 上级客户号}, or {tax_code: 上级税号}")
    return party


def check_reference(party: Party, node: Node, reading: Reading) -> None:
    """Report a reference that lacks its key."""
    if not any(isinstance(part.value, Key) for part in party.parts):
        reading.report(node.place, "missing-key", "a reference needs a 'key'", "write {system: crm, key: 客户号}")
