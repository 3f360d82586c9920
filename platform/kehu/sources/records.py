"""Reads the records a source's rows give: their entity, key, fields and conditions."""

from typing import get_args

from kehu.model.graph import FIELDS, PARTY_FIELDS, Entity, Field
from kehu.model.problems import did_you_mean
from kehu.model.yaml_nodes import Items, Mapping, Node
from kehu.sources.parties import REFERENCE_FIELDS, check_reference, read_choice, read_party, read_relation
from kehu.sources.reading import Reading, read_columns, read_scalars, read_word
from kehu.sources.source import Condition, FieldMap, Key, RecordMap, Value
from kehu.sources.values import read_key, read_value

ENTITIES: tuple[Entity, ...] = get_args(Entity)

_NO_KEY = Key(())  # stands in for one that is wrong, so that its fault is told once


def read_records(node: Node | None, key_node: Node | None, reading: Reading) -> tuple[RecordMap, ...]:
    """Every record map of the list; `key_node` is the source's key, which a record's own replaces."""
    shared = None if key_node is None else read_key(key_node, reading) or _NO_KEY
    if not isinstance(node, Items) or not node.nodes:
        if node is not None:
            reading.report(node.place, "bad-value", "'records' must be a list", "begin each record with '- '")
        return ()
    records = [record for item in node if (record := _record(item, shared, reading))]
    for place, record in enumerate(records):
        twins = [
            other for other in records[:place] if (other.entity, other.key.parts) == (record.entity, record.key.parts)
        ]
        if twins and not record.when and not twins[0].when:
            reading.report(
                record.place,
                "same-key",
                f"two {record.entity} records of one row need different keys",
                "give this one a 'key:', for example [<column>, {value: payer}]",
            )
    return tuple(records)


def _record(node: Node, shared: Key | None, reading: Reading) -> RecordMap | None:
    entity = _entity(node, reading)
    if entity is None or not isinstance(node, Mapping):
        return None
    own = node.get("key")
    key = shared if own is None else read_key(own, reading)
    if own is None and shared is None:
        reading.report(
            node.place, "missing-key", f"the {entity} record has no key", "add 'key: <column>' to the source"
        )
    fields = _fields(node.entries[entity], entity, reading)
    when = _conditions(node.get("when"), reading)
    return RecordMap(entity, key or _NO_KEY, fields, when, node.place)


def _entity(node: Node, reading: Reading) -> Entity | None:
    if not isinstance(node, Mapping):
        reading.report(node.place, "bad-value", "a record is a mapping", f"begin it with one of {', '.join(ENTITIES)}")
        return None
    named = [entity for entity in ENTITIES if entity in node.entries]
    for name in node.entries:
        if name not in {*ENTITIES, "key", "when"}:
            reading.report(
                node.keys[name].place,
                "unknown-key",
                f"unknown key '{name}'",
                did_you_mean(name, {*ENTITIES, "key", "when"}),
            )
    if not named and set(node.entries) - {"key", "when"}:
        return None
    if len(named) != 1:
        what = "two kinds of record in one item" if named else "what kind of record is this?"
        reading.report(node.place, "missing-key", what, f"name one of {', '.join(ENTITIES)}")
        return None
    return named[0]


def _fields(node: Node, entity: Entity, reading: Reading) -> tuple[FieldMap, ...]:
    if not isinstance(node, Mapping) or not node.entries:
        reading.report(node.place, "bad-value", f"'{entity}' needs its fields", "write '<field>: <column>' below it")
        return ()
    known = {field.name: field for field in FIELDS[entity]}
    for name in node.entries:
        if name not in known:
            place = node.keys[name].place
            reading.report(place, "unknown-field", f"a {entity} has no field '{name}'", did_you_mean(name, known))
    for field in known.values():
        if field.required and field.name not in node.entries:
            reading.report(
                node.place, "missing-field", f"a {entity} needs '{field.name}'", f"map a column to '{field.name}'"
            )
    if entity == "shipment" and not {"shipper", "consignee", "payer"} & set(node.entries):
        reading.report(node.place, "missing-field", "a shipment needs a shipper, consignee or payer", "map one of them")
    maps = []
    for name, value_node in node.entries.items():
        value = _value(value_node, known[name], node, reading) if name in known else None
        if value is not None:
            maps.append(FieldMap(known[name], value, node.keys[name].place))
    return tuple(maps)


def _value(node: Node, field: Field, record: Mapping, reading: Reading) -> Value | None:
    if field.kind == "party":
        if isinstance(node, Mapping) and "choose" in node.entries:
            return read_choice(node, _other_parties(field, record), reading)
        return read_party(node, PARTY_FIELDS, reading)
    if field.kind == "reference":
        party = read_party(node, REFERENCE_FIELDS, reading)
        if party:
            check_reference(party, node, reading)
        return party
    if field.kind == "relation":
        return read_relation(node, reading)
    return read_value(node, field, reading)


def _other_parties(field: Field, record: Mapping) -> tuple[str, ...]:
    names = ("shipper", "consignee", "payer", "customer")
    plain = (name for name in names if name in record.entries and not _is_choice(record.entries[name]))
    return tuple(name for name in plain if name != field.name)


def _is_choice(node: Node) -> bool:
    return isinstance(node, Mapping) and "choose" in node.entries


def _conditions(node: Node | None, reading: Reading) -> tuple[Condition, ...]:
    if node is None:
        return ()
    items = node.nodes if isinstance(node, Items) else (node,)
    return tuple(condition for item in items if (condition := _condition(item, reading)))


def _condition(node: Node, reading: Reading) -> Condition | None:
    tests = {"in", "not_in", "present"} & set(node.entries) if isinstance(node, Mapping) else set()
    columns = read_columns(node.get("column"), reading) if isinstance(node, Mapping) else ()
    if not isinstance(node, Mapping) or len(columns) != 1 or len(tests) != 1:
        reading.report(
            node.place,
            "bad-value",
            "a condition is a column and one test",
            "write {column: 类型, in: [快递]}, not_in or present",
        )
        return None
    reading.check_keys(node, {"column", "in", "not_in", "present"})
    if "present" in tests:
        return Condition(
            columns[0], None, read_word(node.get("present"), ("true", "false"), "'present'", reading) != "false"
        )
    (test,) = tests
    words = tuple(scalar.text for scalar in read_scalars(node.get(test), f"'{test}'", reading))
    return Condition(columns[0], words, test == "in")
