"""The JSON Schema of source files, for editors: formats, records, their fields and how a value is taken."""

from collections.abc import Collection

from kehu.model.graph import FIELDS, PARTY_FIELDS, RELATION_FIELDS, Entity, Field
from kehu.model.json_schema import SCALAR, Fragment, document, items, label, mapping, one_or_more, said, words
from kehu.sources.parties import REFERENCE_FIELDS
from kehu.sources.read import ENCODINGS, READ_KEYS, SOURCE_KEYS
from kehu.sources.records import ENTITIES
from kehu.sources.units import MONEY_UNITS, WEIGHT_UNITS
from kehu.sources.values import CELL_KEYS

_NAME: Fragment = {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}
_COLUMNS = one_or_more(SCALAR)
_CONSTANT = mapping({"value": SCALAR}, ("value",))
_NULLABLE: Fragment = {"type": ["string", "number", "boolean", "null"]}
_MISSING = one_or_more({"anyOf": [_NULLABLE, mapping({"like": SCALAR}, ("like",))]})
_KEY: Fragment = {
    "anyOf": [
        SCALAR,
        items({"anyOf": [SCALAR, _CONSTANT]}, minItems=1),
        mapping({"column": _COLUMNS, "columns": _COLUMNS, "missing": _MISSING}),
    ]
}
_TEST = mapping(
    {"column": SCALAR, "in": _COLUMNS, "not_in": _COLUMNS, "present": {"type": "boolean"}},
    ("column",),
    oneOf=[{"required": [test]} for test in ("in", "not_in", "present")],
)
_READ: dict[str, Fragment] = {
    "encoding": words(ENCODINGS),
    "delimiter": {"type": "string"},
    "skip": {"type": "integer", "minimum": 0},
    "sheet": _COLUMNS,
    "table": SCALAR,
    "query": {"type": "string"},
}


def sources_schema(formats: Collection[str]) -> Fragment:
    """The schema of source files where loaders of these formats are installed."""
    keys: dict[str, Fragment] = {
        "source": _NAME,
        "system": _NAME,
        "label": label(SOURCE_KEYS["label"]),
        "format": words(sorted(formats)),
        "files": one_or_more({"type": "string"}),
        "exported": {"type": "string", "pattern": "%"},
        "read": mapping({name: _READ.get(name, SCALAR) for names in READ_KEYS.values() for name in names}),
        "timezone": {"type": "string"},
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "key": _KEY,
        "missing": _MISSING,
        "required": _COLUMNS,
        "records": items({"anyOf": [_record(entity) for entity in ENTITIES]}, minItems=1),
    }
    described = {name: said(keys[name], text) for name, text in SOURCE_KEYS.items()}
    by_format = [_options_of(name, options) for name, options in READ_KEYS.items()]
    required = ("source", "format", "files", "records")
    return document("Kehu source", mapping(described, required, allOf=by_format))


def _options_of(name: str, options: Collection[str]) -> Fragment:
    allowed = {"properties": {"read": {"propertyNames": words(options)}}}
    return {"if": {"properties": {"format": {"const": name}}, "required": ["format"]}, "then": allowed}


def _record(entity: Entity) -> Fragment:
    fields = FIELDS[entity]
    required = [field.name for field in fields if field.required]
    parties = [field.name for field in fields if field.kind == "party" and not field.required]
    some = {"anyOf": [{"required": [name]} for name in parties]} if parties else {}
    record = mapping({field.name: _value(field) for field in fields}, required, minProperties=1, **some)
    when = said(one_or_more(_TEST), "only rows for which all of these hold")
    return mapping({entity: record, "key": _KEY, "when": when}, (entity,))


def _value(field: Field) -> Fragment:
    if field.kind == "party":
        return {"anyOf": [_party(PARTY_FIELDS), _choice()]}
    if field.kind == "reference":
        return _party(REFERENCE_FIELDS, "key")
    if field.kind == "relation":
        return _relation()
    forms = [SCALAR, _cell(field)]
    return {"anyOf": forms if field.kind in {"money", "instant"} else [*forms, _constant(field)]}


def _relation() -> Fragment:
    """One of the parts by which a customer is named; with a key perhaps its system."""
    forms: list[Fragment] = [
        _party((part,), part.name) for part in RELATION_FIELDS if part.name not in {"system", "key"}
    ]
    return {"anyOf": [_party(REFERENCE_FIELDS, "key"), *forms]}


def _party(parts: Collection[Field], *required: str) -> Fragment:
    known = {part.name: _KEY if part.name == "key" else _value(part) for part in parts}
    return mapping(known, required, minProperties=1)


def _choice() -> Fragment:
    option: Fragment = {"anyOf": [words(("shipper", "consignee", "payer", "customer")), _party(PARTY_FIELDS)]}
    options: Fragment = {"type": "object", "additionalProperties": option, "minProperties": 1}
    keys = {"column": SCALAR, "choose": options, "otherwise": option, "absent": option, "missing": _MISSING}
    return mapping(keys, ("column", "choose"))


def _constant(field: Field) -> Fragment:
    return mapping({"value": _target(field)}, ("value",))


def _target(field: Field) -> Fragment:
    """A value as the declaration writes it; a boolean may be quoted."""
    if field.kind == "boolean":
        return words((True, False, "true", "false"))
    if field.words:
        return words(field.words)
    return {"type": ["integer", "string"]} if field.kind == "integer" else SCALAR


def _cell(field: Field) -> Fragment:
    target = _target(field)
    units = MONEY_UNITS if field.kind == "money" else tuple(WEIGHT_UNITS)
    keys: dict[str, Fragment] = {
        "column": _COLUMNS,
        "columns": _COLUMNS,
        "join": {"type": "string"},
        "missing": _MISSING,
        "date": one_or_more({"type": "string", "pattern": "%"}),
        "at": {"type": "string", "pattern": r"^\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?$"},
        "unit": words(units),
        "map": {"type": "object", "additionalProperties": target, "minProperties": 1},
        "otherwise": target,
        "present": target,
        "absent": target,
    }
    idle = _idle(field)
    known = {name: said(keys[name], text) for name, text in CELL_KEYS.items() if name not in idle}
    one = [{"required": ["column"]}, {"required": ["columns"]}]
    return mapping(known, oneOf=one, dependentRequired={"join": ["columns"]})


def _idle(field: Field) -> set[str]:
    """Keys of a cell that mean nothing to the field."""
    idle = set() if field.kind == "instant" else {"date", "at"}
    if field.kind in {"money", "instant"}:
        idle |= {"map", "otherwise", "present", "absent"}
    return idle if field.kind == "money" or field.name.endswith("_g") else idle | {"unit"}
