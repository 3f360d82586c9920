"""kehu rules test: what it prints and how it ends."""

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from kehu.workspace.workspace import Workspace

MakeWorkspace = Callable[..., Workspace]
Run = Callable[..., tuple[int, str, str]]

FEATURES = """
paid: {sum: shipments.revenue, over: 30 days, unit: currency, label: {en: Paid, zh: 付款}, meaning: charges}
"""
SIZE = """
ruleset: size
kind: tier
label: {en: Size, zh: 规模}
levels:
  - {level: large, label: {en: L, zh: 大}, when: paid >= 100}
  - {level: small, label: {en: S, zh: 小}, when: paid > 0}
examples:
  - {given: {paid: 100}, expect: large}
  - {given: {paid: 1}, expect: small}
"""
CASES = """cases:
  - {name: a hundred, given: {paid: 100}, expect: {size: large}}
  - {name: less, given: {paid: 99.99}, expect: {size: large}}
"""


@pytest.fixture
def run(make_workspace: MakeWorkspace, monkeypatch: pytest.MonkeyPatch, kehu: Run) -> Run:
    """Run the command in a workspace's folder with one file of cases, on a terminal of 160 columns."""
    monkeypatch.setenv("COLUMNS", "160")

    def call(cases: str, *arguments: str) -> tuple[int, str, str]:
        files = {"rules/features/f.yaml": FEATURES, "rules/size.yaml": SIZE, "rules/tests/size_test.yaml": cases}
        monkeypatch.chdir(make_workspace(files, 'rules = "own"\n').root)
        return kehu("rules", "test", *arguments)

    return call


def test_a_failure_is_told_with_its_case_place_and_clause(run: Run) -> None:
    assert run(CASES)[:2] == (
        1,
        (
            "FAIL rules/tests/size_test.yaml: 1 of 2 cases failed\n"
            "     less\n"
            "       rules/tests/size_test.yaml:3:55: size: expected 'large', got 'small'"
            " ('paid >= 100' is false: paid is 99.99)\n"
            "2 cases in 1 file: 1 passed, 1 failed\n"
        ),
    )


def test_cases_that_pass_take_a_line_a_file(run: Run) -> None:
    assert run(CASES, "--run", "hundred")[:2] == (
        0,
        "ok   rules/tests/size_test.yaml: 1 case\n1 case in 1 file: 1 passed, 0 failed\n",
    )


def test_coverage_lists_what_no_case_expects_and_may_fail(run: Run) -> None:
    listed = "coverage 50%: 1 of 2 levels and warnings are expected by a case\n  no case expects size/small\n"
    code, out, _ = run(CASES, "--run", "hundred", "--coverage")
    assert (code, out.endswith(listed)) == (0, True)
    code, out, _ = run(CASES, "--run", "hundred", "--min-coverage", "0.51")
    assert (code, out.endswith(listed)) == (1, True)
    assert run(CASES, "--run", "hundred", "--min-coverage", "0.5")[0] == 0


def test_json_tells_every_case(run: Run) -> None:
    code, out, _ = run(CASES, "--json")
    assert code == 1
    assert json.loads(out) == {
        "cases": 2,
        "failed": 1,
        "files": [
            {
                "path": "rules/tests/size_test.yaml",
                "cases": [
                    {"name": "a hundred", "line": 2, "failures": []},
                    {
                        "name": "less",
                        "line": 3,
                        "failures": [
                            {
                                "line": 3,
                                "column": 55,
                                "ruleset": "size",
                                "expected": "'large'",
                                "got": "'small'",
                                "because": "'paid >= 100' is false: paid is 99.99",
                            }
                        ],
                    },
                ],
            }
        ],
        "not_run": [],
        "coverage": {"share": 0.5, "uncovered": ["size/small"]},
    }


def test_junit_has_a_suite_per_file(run: Run) -> None:
    code, out, _ = run(CASES, "--format", "junit")
    (suite,) = ET.fromstring(out.encode())  # noqa: S314 - our own text
    assert (code, suite.attrib) == (
        1,
        {"name": "rules/tests/size_test.yaml", "tests": "2", "failures": "1", "errors": "0"},
    )
    assert [(case.attrib["name"], [child.tag for child in case]) for case in suite] == [
        ("a hundred", []),
        ("less", ["failure"]),
    ]


@pytest.mark.parametrize("given", ["other", "other/more_test.yaml"])
def test_files_and_folders_may_be_named(run: Run, tmp_path: Path, given: str) -> None:
    (tmp_path / "other").mkdir()
    case = "cases: [{name: other, expect: {size: null}}]"
    (tmp_path / "other" / "more_test.yaml").write_text(case, encoding="utf-8")
    code, out, _ = run(CASES, str(tmp_path / given))
    assert (code, out.splitlines()[0]) == (0, f"ok   {tmp_path}/other/more_test.yaml: 1 case")


@pytest.mark.parametrize(
    ("_case", "arguments", "expected"),
    [
        ("a file that is not there", ("none.yaml",), "there is no 'none.yaml'"),
        ("no regular expression", ("--run", "("), "--run '(' is no regular expression"),
        ("a name no case has", ("--run", "nothing"), "--run 'nothing' chooses no case"),
        ("two forms", ("--json", "--format", "junit"), "--json and --format junit exclude each other"),
        ("no such form", ("--format", "html"), "'html' is not one of"),
    ],
)
def test_wrong_usage_ends_with_two(run: Run, _case: str, arguments: tuple[str, ...], expected: str) -> None:
    code, out, err = run(CASES, *arguments)
    assert (code, out, expected in err) == (2, "", True)


def test_wrong_cases_are_refused_and_none_is_run(run: Run) -> None:
    code, out, err = run(CASES.replace("expect", "expekt", 1))
    assert (code, out) == (1, "")
    assert err.splitlines()[0] == (
        "rules/tests/size_test.yaml:2:5: error[missing-key]: a case has no 'expect' (add 'expect:')"
    )
