"""Cases for rules/identity.yaml: records told, which of them are one customer, and which values it keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import polars as pl

from kehu.identity.golden import Golden, golden_records
from kehu.identity.resolve import normalised, resolve
from kehu.identity.rules import GOLDEN_FIELDS, IdentityRules
from kehu.model.graph import INSTANT
from kehu.model.json_schema import SCALAR, Fragment, document, items, mapping, said
from kehu.model.problems import Place, Problem
from kehu.model.yaml_nodes import Mapping as MappingNode
from kehu.model.yaml_nodes import Node, read_yaml
from kehu.pipeline.case_files import Case
from kehu.pipeline.rule_cases import CaseResult, Failure
from kehu.rules.examples import UNDATED
from kehu.rules.shapes import Shapes

IDENTITY_CASES = ("identity_test.yaml", "identity_test.yml")
CASE_KEYS = ("name", "records", "expect")
EXPECT_KEYS = ("customers", "values")
OWN_KEYS = ("system", "key", "mention", "exported", "same_as", "phone_2")
_RECORD_KEYS = (*OWN_KEYS, *GOLDEN_FIELDS)
_YES = {"true": True, "false": False}
_TEXTS = (
    "origin", "system", "key", "phone_2", "reference_system", "reference_key", "same_as_system", "same_as_key",
    *(name for name in GOLDEN_FIELDS if name != "consent"),
)  # fmt: skip
_SCHEMA = {"id": pl.Int64(), **dict.fromkeys(_TEXTS, pl.String()), "consent": pl.Boolean(), "exported_at": INSTANT} | {
    "first_contact_at": INSTANT
}


@dataclass(frozen=True, slots=True)
class Kept:
    """The value that the customer of a record is to keep; None that it has none."""

    record: str
    field: str
    value: str | None
    place: Place


@dataclass(frozen=True, slots=True)
class IdentityCase:
    """Records by their names in the case, groups of names that are one customer each, and values that survive."""

    name: str
    place: Place
    records: Mapping[str, Mapping[str, object]]
    customers: tuple[tuple[str, ...], ...]
    customers_place: Place
    values: tuple[Kept, ...]


def read_identity_cases(text: str, path: str) -> tuple[list[IdentityCase], list[Problem]]:
    """The file's cases that are right, and everything wrong with it."""
    root, problems = read_yaml(text, path)
    shapes = Shapes(problems)
    if root is None:
        empty = Problem(Place(path), "empty-file", "the file has no cases", "start with 'cases:'")
        return [], problems or [empty]
    top = shapes.mapping(root, "a file of cases", ("cases",), ("cases",))
    found = [_case(node, shapes) for node in shapes.items(top.get("cases") if top else None, "'cases'")]
    return [case for case in found if case is not None], problems


def run_identity_cases(cases: Sequence[IdentityCase], rules: IdentityRules, region: str) -> list[CaseResult]:
    """Every case's result, in their order; phones without a country are read as of `region`."""
    return [CaseResult(_as_case(case), tuple(_failures(case, rules, region))) for case in cases]


def identity_cases_schema() -> Fragment:
    """The schema of a file of identity cases, for editors."""
    record = mapping(dict.fromkeys(_RECORD_KEYS, SCALAR))
    known: Fragment = {"type": ["string", "number", "boolean", "null"]}
    values = mapping(dict.fromkeys(GOLDEN_FIELDS, known))
    expect = {
        "customers": said(items(items(SCALAR, minItems=1)), "the records of each customer"),
        "values": said({"type": "object", "additionalProperties": values}, "what the record's customer keeps"),
    }
    case = {
        "name": said({"type": "string"}, "what the case shows"),
        "records": said({"type": "object", "additionalProperties": record, "minProperties": 1}, "records by any name"),
        "expect": mapping(expect, minProperties=1),
    }
    return document("Kehu identity tests", mapping({"cases": items(mapping(case, CASE_KEYS))}, ("cases",)))


def _case(node: Node, shapes: Shapes) -> IdentityCase | None:
    before = len(shapes.problems)
    body = shapes.mapping(node, "a case", CASE_KEYS, CASE_KEYS)
    told = body.get("records") if body else None
    expect = body.get("expect") if body else None
    if body is None or told is None or expect is None:
        return None
    if not isinstance(told, MappingNode) or not told.entries:
        shapes.note(
            told.place, "wrong-shape", "'records' must name records", "such as {a: {name: 顺达, phone: 139...}}"
        )
        return None
    records = {name: _record(value, told.entries, shapes) for name, value in told.entries.items()}
    wanted = shapes.mapping(expect, "'expect'", EXPECT_KEYS, ())
    groups = wanted.get("customers") if wanted else None
    customers = tuple(
        tuple(shapes.word(each, "a record of the case", records) for each in shapes.items(group, "a customer"))
        for group in shapes.items(groups, "'customers'")
    )
    if wanted is not None and not wanted.entries:
        shapes.note(expect.place, "wrong-shape", "'expect' expects nothing", "add 'customers' or 'values'")
    values = tuple(_values(wanted.get("values") if wanted else None, records, shapes))
    case = IdentityCase(
        shapes.text(body.get("name"), "a name"),
        body.place,
        records,
        customers,
        body.place if groups is None else groups.place,
        values,
    )
    return case if len(shapes.problems) == before else None


def _record(node: Node, names: Mapping[str, Node], shapes: Shapes) -> dict[str, object]:
    body = shapes.mapping(node, "a record", _RECORD_KEYS, ())
    found: dict[str, object] = {}
    for name, value in body.entries.items() if body else ():
        if name in {"mention", "consent"}:
            found[name] = _YES.get(shapes.word(value, f"a word for '{name}'", _YES))
        elif name == "exported":
            found["exported_at"] = _day(value, shapes)
        elif name == "same_as":
            found[name] = shapes.word(value, "a record of the case", names)
        elif name in _RECORD_KEYS:
            found[name] = shapes.text(value, f"'{name}'")
    return found


def _day(node: Node, shapes: Shapes) -> datetime | None:
    text = shapes.text(node, "the day of an export")
    try:
        return datetime.combine(date.fromisoformat(text), time(tzinfo=UTC)) if text else None
    except ValueError:
        shapes.note(node.place, "wrong-shape", f"'{text}' is no day", "write it as 2026-03-01")
        return None


def _values(node: Node | None, records: Mapping[str, object], shapes: Shapes) -> list[Kept]:
    if node is None:
        return []
    table = shapes.mapping(node, "'values'", records, ())
    kept = []
    for record, said_of in table.entries.items() if table else ():
        fields = shapes.mapping(said_of, f"the values of '{record}'", GOLDEN_FIELDS, ())
        for field, value in fields.entries.items() if fields else ():
            text = None if getattr(value, "is_null", False) else shapes.text(value, f"'{field}'")
            kept.append(Kept(record, field, text, value.place))
    return kept


def _as_case(case: IdentityCase) -> Case:
    return Case(case.name, case.place, UNDATED, {}, {}, None, {}, {})


def _failures(case: IdentityCase, rules: IdentityRules, region: str) -> list[Failure]:
    names = list(case.records)
    records = normalised(pl.DataFrame([_row(case, name) for name in names], schema=_SCHEMA), region)
    owners = resolve(records, rules).customers
    uid_of = {names[number - 1]: uid for number, uid in owners.select("id", "uid").iter_rows()}
    failures = []
    for group in case.customers:
        of_group = {uid_of[name] for name in group}
        strangers = [name for other in case.customers if other != group for name in other if uid_of[name] in of_group]
        if len(of_group) > 1 or strangers:
            got = _groups(uid_of)
            failures.append(Failure(case.customers_place, "customers", f"[{', '.join(group)}]", got))
    golden = golden_records(records.join(owners, on="id"), rules)
    return failures + [failure for kept in case.values if (failure := _other_value(kept, uid_of, golden, names))]


def _groups(uid_of: Mapping[str, str]) -> str:
    groups: dict[str, list[str]] = {}
    for name, uid in uid_of.items():
        groups.setdefault(uid, []).append(name)
    return " ".join(f"[{', '.join(sorted(names))}]" for names in sorted(groups.values(), key=min))


def _other_value(kept: Kept, uid_of: Mapping[str, str], golden: Golden, names: Sequence[str]) -> Failure | None:
    """The failure where the customer of the record keeps something else, with the rule that chose it."""
    own = golden.records.filter(pl.col("uid") == uid_of[kept.record])
    value = own[kept.field].cast(pl.String)[0]
    if value == kept.value:
        return None
    chosen = golden.values.filter((pl.col("uid") == uid_of[kept.record]) & (pl.col("field") == kept.field))
    because = ""
    if not chosen.is_empty():
        record = chosen["record_id"][0]
        because = f"{chosen['rule'][0]}, of '{names[record - 1]}'" if record is not None else chosen["rule"][0]
    expected, got = (f"'{each}'" if each is not None else "nothing" for each in (kept.value, value))
    return Failure(kept.place, f"{kept.field} of {kept.record}", expected, got, because)


def _row(case: IdentityCase, name: str) -> dict[str, object]:
    """A row of a customer list, or a mention, whose key is its name where it has no other."""
    told = case.records[name]
    numbers = {each: number for number, each in enumerate(case.records, 1)}
    row = {each: value for each, value in told.items() if each in _SCHEMA}
    origin = "mention" if told.get("mention") else "file"
    row |= {"id": numbers[name], "origin": origin, "system": _system(told), "key": told.get("key", name)}
    if other := told.get("same_as"):
        theirs = case.records[str(other)]
        row |= {"same_as_system": _system(theirs), "same_as_key": theirs.get("key", other)}
    return row


def _system(told: Mapping[str, object]) -> object:
    return told.get("system", "example")
