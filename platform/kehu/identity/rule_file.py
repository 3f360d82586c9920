"""rules/identity.yaml read and checked, its examples included."""

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import cast

import polars as pl

from kehu.identity.addresses import address_key
from kehu.identity.golden_file import read_golden
from kehu.identity.identifiers import email_key, tax_code_key
from kehu.identity.phones import phone_key
from kehu.identity.resolve import normalised, resolve
from kehu.identity.rules import (
    IDENTIFIERS,
    NAMES,
    TRAITS,
    Identifier,
    IdentityRules,
    KeyRule,
    Names,
    Trait,
    Values,
)
from kehu.model.graph import INSTANT
from kehu.model.problems import Place, Problem
from kehu.model.yaml_nodes import Mapping as YamlMapping
from kehu.model.yaml_nodes import Node, Scalar, as_value, read_yaml
from kehu.rules.shapes import Shapes

IDENTITY_FILE = "identity.yaml"
FILE_KEYS = ("identity", "description", "values", "generic_words", "keys", "priority", "golden", "examples")
VALUE_KEYS = ("blocked", "names", "per_customer")
KEY_KEYS = ("key", "same", "name", "likeness", "unless_other")
EXAMPLE_KEYS = ("records", "expect")
RECORD_KEYS = ("name", "phone", "phone_2", "email", "tax_code", "address")
_EXPECTED = ("same", "different")
_COUNT_DIGITS = 9
_COMPARABLE: Mapping[Identifier, Callable[[str], str | None]] = {
    "tax_code": tax_code_key,
    "phone": lambda text: phone_key(text, "ZZ"),
    "email": email_key,
    "address": address_key,
}


def read_identity_rules(
    text: str, path: str, region: str, systems: Collection[str] = ()
) -> tuple[IdentityRules, list[Problem]]:
    """The rules as far as they are right, and everything wrong with the file.

    Its examples are records of `region`, by whose numbering plan their phones are read. `systems` are those that
    sources declare; where none is known, systems are not checked.
    """
    rules, problems = _read(text, path, region, frozenset(systems))
    return rules, list(problems)


# To try the examples takes longer than many a command, and a server reads the same file again for every change.
@lru_cache(maxsize=16)
def _read(text: str, path: str, region: str, systems: frozenset[str]) -> tuple[IdentityRules, tuple[Problem, ...]]:
    root, problems = read_yaml(text, path)
    shapes = Shapes(problems)
    if root is None:
        if not problems:
            shapes.note(
                Place(path), "empty-file", "the file has no rules of identity", "begin with 'identity: customers'"
            )
        return IdentityRules(()), tuple(problems)
    top = shapes.mapping(root, "a file of identity rules", FILE_KEYS, ("identity", "keys", "examples"))
    if top is None:
        return IdentityRules(()), tuple(problems)
    shapes.word(top.get("identity"), "what is identified", ("customers",))
    shapes.text(top.get("description"), "a description")
    rules = IdentityRules(
        tuple(_keys(top.get("keys"), shapes)),
        _values(top.get("values"), shapes),
        _words(top.get("generic_words"), shapes),
        read_golden(top, systems, shapes),
        text,
    )
    if not any(problem.severity == "error" for problem in problems):
        for example in shapes.items(top.get("examples"), "'examples'"):
            _try(example, rules, region, shapes)
    return rules, tuple(problems)


def _words(node: Node | None, shapes: Shapes) -> frozenset[str]:
    texts = {shapes.text(item, "a generic word").lower() for item in shapes.items(node, "'generic_words'")}
    return frozenset(texts - {""})


def _values(node: Node | None, shapes: Shapes) -> dict[Identifier, Values]:
    if node is None:
        return {}
    table = shapes.mapping(node, "'values'", IDENTIFIERS, ())
    found: dict[Identifier, Values] = {}
    for identifier in IDENTIFIERS:
        said = table.get(identifier) if table else None
        if said is None:
            continue
        body = shapes.mapping(said, f"what is said of '{identifier}'", VALUE_KEYS, ())
        if body is not None:
            found[identifier] = Values(
                _blocked(body.get("blocked"), identifier, shapes),
                _count(body.get("names"), "'names'", shapes),
                _count(body.get("per_customer"), "'per_customer'", shapes),
            )
    return found


def _blocked(node: Node | None, identifier: Identifier, shapes: Shapes) -> frozenset[str]:
    values = set()
    for item in shapes.items(node, "'blocked'"):
        text = shapes.text(item, "a blocked value")
        key = _COMPARABLE[identifier](text) if text else None
        if text and key is None:
            remedy = "write a phone with its country, such as +8613800138000" if identifier == "phone" else ""
            shapes.note(item.place, "wrong-shape", f"'{text}' is no {identifier} that could be blocked", remedy)
        values.add(key or "")
    return frozenset(values - {""})


def _count(node: Node | None, what: str, shapes: Shapes) -> int | None:
    if node is None:
        return None
    text = node.text if isinstance(node, Scalar) else ""
    if text.isascii() and text.isdecimal() and len(text) <= _COUNT_DIGITS and int(text) > 0:
        return int(text)
    shapes.note(node.place, "wrong-shape", f"{what} cannot be '{text}'", "write a whole number from 1")
    return None


def _keys(node: Node | None, shapes: Shapes) -> list[KeyRule]:
    first: dict[str, Place] = {}
    rules = []
    for item in shapes.items(node, "'keys'"):
        body = shapes.mapping(item, "a key", KEY_KEYS, ("key", "same", "name"))
        if body is None:
            continue
        rule = _key(body, shapes)
        if rule.code in first:
            said = f"'{rule.code}' stands here twice"
            shapes.note(body.place, "duplicate-code", said, f"the first is on line {first[rule.code].line}")
        first.setdefault(rule.code, body.place)
        rules.append(rule)
    return rules


def _key(body: YamlMapping, shapes: Shapes) -> KeyRule:
    name = shapes.word(body.get("name"), "what names must be", NAMES)
    likeness = body.get("likeness")
    if name == "like" and likeness is None:
        shapes.note(body.place, "missing-key", "a key of names that are like has no 'likeness'", "add 'likeness: 0.5'")
    if name != "like" and likeness is not None:
        shapes.note(likeness.place, "unknown-key", f"names that are '{name}' have no likeness", "write 'name: like'")
    traits = [
        shapes.word(trait, "what may not be another", TRAITS)
        for trait in shapes.items(body.get("unless_other"), "'unless_other'")
    ]
    return KeyRule(
        shapes.code(body.get("key"), "the code of a key"),
        cast("Identifier", shapes.word(body.get("same"), "an identifier", IDENTIFIERS)),
        cast("Names", name),
        1.0 if likeness is None else _share(likeness, shapes),
        cast("tuple[Trait, ...]", tuple(trait for trait in traits if trait)),
    )


def _share(node: Node, shapes: Shapes) -> float:
    value = as_value(node)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 1:
        return float(value)
    shapes.note(node.place, "wrong-shape", f"'likeness' cannot be {value!r}", "write a share above 0, such as 0.5")
    return 1.0


def _try(example: Node, rules: IdentityRules, region: str, shapes: Shapes) -> None:
    body = shapes.mapping(example, "an example", EXAMPLE_KEYS, EXAMPLE_KEYS)
    if body is None:
        return
    expected = shapes.word(body.get("expect"), "an expectation", _EXPECTED)
    rows = [_record(item, shapes) for item in shapes.items(body.get("records"), "'records'")]
    if len(rows) < len(_EXPECTED):
        shapes.note(body.place, "wrong-shape", "an example has two records or more", "add 'records: [{...}, {...}]'")
    elif expected in _EXPECTED:
        customers = resolve(example_records(rows, region), rules).customers["uid"].n_unique()
        found = "same" if customers == 1 else "different"
        if found != expected:
            said = f"the records are {customers} customers by these keys, the example says '{expected}'"
            shapes.note(body.place, "example-fails", said, "mend the keys, or the example")


def _record(node: Node, shapes: Shapes) -> dict[str, str]:
    body = shapes.mapping(node, "a record", RECORD_KEYS, ())
    if body is None:
        return {}
    return {name: shapes.text(value, f"'{name}'") for name, value in body.entries.items() if name in RECORD_KEYS}


def example_records(rows: list[dict[str, str]], region: str) -> pl.DataFrame:
    """Rows of one customer list that say only what each of `rows` says, normalised."""
    names = (*RECORD_KEYS, "reference_system", "reference_key", "same_as_system", "same_as_key")
    full = [
        {"id": number, "origin": "file", "system": "example", "key": str(number), **row}
        for number, row in enumerate(rows, start=1)
    ]
    schema = {"id": pl.Int64(), **dict.fromkeys(("origin", "system", "key", *names), pl.String())}
    frame = pl.DataFrame(full, schema=schema).with_columns(first_contact_at=pl.lit(None, INSTANT))
    return normalised(frame, region)
