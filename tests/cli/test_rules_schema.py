"""The schemas accept every file that ships and refuse what is wrong with a file's shape."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from kehu.cli.main import main
from kehu.cli.rules_schema import FileKind, schema_of
from kehu.model.yaml_nodes import as_value, read_yaml
from kehu.pipeline.rule_directory import read_rule_directory
from kehu.workspace.workspace import Workspace, open_workspace, rule_texts, source_texts

# A library for the tests alone; without it there is no other reader of schemas to ask.
jsonschema = pytest.importorskip("jsonschema")

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.parent.name for path in ROOT.glob("examples/*/kehu.toml"))
# The corpus of wrong rule files, where the list of what is wrong with each stands beside them.
BAD = next(path.parent for path in sorted((ROOT / "tests").rglob("expected.txt")))
# Faults of a file's shape, which a schema can see; what a condition says it cannot.
STRUCTURAL = {
    "bad-code",
    "condition-shape",
    "level-condition",
    "missing-key",
    "missing-label",
    "missing-route",
    "treatment-shape",
    "unknown-key",
    "unknown-treatment",
    "wrong-shape",
}


def value_of(text: str) -> object:
    """The file as its readers see it: instants and NO stay words."""
    node, _ = read_yaml(text, "file.yaml")
    return None if node is None else as_value(node)


def validators_of(workspace: Workspace) -> dict[FileKind, Any]:
    catalogue, book, _ = read_rule_directory(workspace)
    return {kind: jsonschema.Draft202012Validator(schema_of(kind, catalogue, book)) for kind in FileKind}


@pytest.fixture(scope="module")
def validators() -> dict[FileKind, Any]:
    """Those of a workspace with the shipped rules alone."""
    return validators_of(open_workspace(ROOT / "examples" / "carrier", {}))


def kind_of(path: str) -> FileKind:
    others = {"features": FileKind.FEATURES, "tests": FileKind.TESTS, "identity.yaml": FileKind.IDENTITY}
    if path == "tests/identity_test.yaml":
        return FileKind.IDENTITY_TESTS
    return others.get(path.partition("/")[0], FileKind.RULES)


@pytest.mark.parametrize("kind", FileKind)
def test_a_schema_is_one(validators: dict[FileKind, Any], kind: FileKind) -> None:
    jsonschema.Draft202012Validator.check_schema(validators[kind].schema)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_file_of_a_sample_is_accepted(name: str) -> None:
    workspace = open_workspace(ROOT / "examples" / name, {})
    found = validators_of(workspace)
    files = [(path, kind_of(path), text) for path, text in rule_texts(workspace).items()]
    files += [(path, FileKind.SOURCES, text) for path, text in source_texts(workspace).items()]
    refused = [
        (path, error.json_path, error.message)
        for path, kind, text in files
        for error in found[kind].iter_errors(value_of(text))
    ]
    assert refused == []


def test_every_structural_fault_of_the_bad_files_is_refused(validators: dict[FileKind, Any]) -> None:
    rules = validators[FileKind.RULES]
    expected = (BAD / "expected.txt").read_text(encoding="utf-8").splitlines()
    tried = set()
    for path in sorted(BAD.glob("*.yaml")):
        checks = {line.split("[")[1].split("]")[0] for line in expected if line.startswith(f"{path.name}:")}
        if checks & STRUCTURAL and "yaml-syntax" not in checks:
            assert not rules.is_valid(value_of(path.read_bytes().decode(errors="replace"))), path.name
            tried |= checks & STRUCTURAL
    assert tried == STRUCTURAL


RULE = """
ruleset: r
kind: tier
label: {en: R, zh: 中}
levels: [{level: a, label: {en: A, zh: 中}, when: kind == "person"}]
examples: [{given: {kind: person}, expect: a}]
"""
SOURCE = """
source: s
format: csv
files: data/*.csv
key: no
records: [{shipment: {number: no, payer: {key: account}, revenue: {column: paid, unit: yuan}, status: state}}]
"""
FEATURE = "f: {count: shipments, over: 90 days, unit: u, label: {en: F, zh: 中}, meaning: m}"
CASES = """
cases: [{name: n, as_of: 2026-01-01T00:00:00Z, events: {shipments: [{at: 1 day ago, role: payer}]}, expect: {vip: vip}}]
"""


@pytest.mark.parametrize(
    ("kind", "text", "old", "new"),
    [
        (FileKind.RULES, RULE, "kind: tier", "kind: teir"),
        (FileKind.RULES, RULE, "kind: tier", "kind: warning"),
        (FileKind.RULES, RULE, "given: {kind: person}", "given: {kind: persn}"),
        (FileKind.RULES, RULE, "given: {kind: person}", "given: {kin: person}"),
        (FileKind.RULES, RULE, "expect: a}", "expect: [a, b]}"),
        (FileKind.RULES, RULE, "kind == ", "{kind: }  # "),
        (FileKind.FEATURES, FEATURE, "count: shipments", "count: shipment"),
        (FileKind.FEATURES, FEATURE, "count: shipments", "sum: shipments.service"),
        (FileKind.FEATURES, FEATURE, "over: 90 days", "over: 90d"),
        (FileKind.FEATURES, FEATURE, "over: 90 days", "q: 0.9"),
        (FileKind.FEATURES, FEATURE, "count: shipments", "count: shipments, sum: shipments.revenue"),
        (FileKind.FEATURES, FEATURE, "meaning: m", "meanin: m"),
        (FileKind.TESTS, CASES, "vip: vip", "vip: vipp"),
        (FileKind.TESTS, CASES, "vip: vip", "vpi: vip"),
        (FileKind.TESTS, CASES, "role: payer", "role: payers"),
        (FileKind.TESTS, CASES, "1 day ago", "yesterday"),
        (FileKind.TESTS, CASES, "role: payer", "every: 7 days"),
        (FileKind.TESTS, CASES, "name: n", "given: {}, name: n"),
        (FileKind.SOURCES, SOURCE, "format: csv", "format: cvs"),
        (FileKind.SOURCES, SOURCE, "format: csv", "format: csv\nread: {sheet: a}"),
        (FileKind.SOURCES, SOURCE, "unit: yuan", "unit: kg"),
        (FileKind.SOURCES, SOURCE, "unit: yuan", "map: {a: 1}"),
        (FileKind.SOURCES, SOURCE, "status: state", "status: {column: state, map: {a: done}}"),
        (FileKind.SOURCES, SOURCE, "payer: {key: account}, ", ""),
        (FileKind.SOURCES, SOURCE, "key: account", "acount: account"),
    ],
)
def test_a_fault_is_refused_where_the_file_without_it_is_not(
    validators: dict[FileKind, Any], kind: FileKind, text: str, old: str, new: str
) -> None:
    found = validators[kind]
    assert list(found.iter_errors(value_of(text))) == []
    assert old in text
    assert not found.is_valid(value_of(text.replace(old, new)))


def test_the_command_prints_the_schema(
    validators: dict[FileKind, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["kehu", "rules", "schema", "tests", "-w", str(ROOT / "examples" / "carrier")])
    with pytest.raises(SystemExit) as end:
        main()
    printed = json.loads(capsys.readouterr().out)
    assert end.value.code in {0, None}
    assert (printed["$schema"], printed["title"]) == (
        "https://json-schema.org/draft/2020-12/schema",
        "Kehu rule tests",
    )
    assert printed == validators[FileKind.TESTS].schema
