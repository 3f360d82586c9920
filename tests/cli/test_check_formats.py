"""What `kehu rules check` found, in every form it can be asked for."""

import json
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from kehu.cli.checks import MEANINGS
from kehu.cli.formats import Checked, CheckFormat, formatted
from kehu.cli.junit import Outcome, junit
from kehu.cli.main import main
from kehu.model.problems import Place, Problem

# 𠮷 lies outside the basic plane: one character, two UTF-16 code units.
TEXT = 'ruleset: a\nlevels:\n  - when: region == "𠮷" and nme > 1\n'
PROBLEMS = (
    Problem(Place("rules/a,b.yaml", 3, 29), "unknown-feature", "unknown feature 'nme'", "did you mean 'name'?"),
    Problem(Place("rules/a,b.yaml", 3, 11), "approximate", "100% rounded\nreally", severity="warning"),
)
CHECKED = Checked(PROBLEMS, {"rules/a,b.yaml": TEXT, "rules/fine.yaml": ""}, 1)


def test_text_shows_each_problem_under_its_line_and_counts_them() -> None:
    assert formatted(CHECKED, CheckFormat.TEXT) == (
        "rules/a,b.yaml:3:29: error[unknown-feature]: unknown feature 'nme'\n"
        "  |\n"
        '3 |   - when: region == "𠮷" and nme > 1\n'
        "  |                              ^^^\n"
        "  = help: did you mean 'name'?\n"
        "rules/a,b.yaml:3:11: warning[approximate]: 100% rounded\n"
        "really\n"
        "  |\n"
        '3 |   - when: region == "𠮷" and nme > 1\n'
        "  |           ^^^^^^\n"
        "2 files, 1 rule sets: 1 error, 1 warning"
    )


def test_json_holds_every_part_of_a_problem() -> None:
    document = json.loads(formatted(CHECKED, CheckFormat.JSON))
    assert document["errors"] == 1
    assert document["problems"][0] == {
        "place": {"path": "rules/a,b.yaml", "line": 3, "column": 29},
        "check": "unknown-feature",
        "message": "unknown feature 'nme'",
        "remedy": "did you mean 'name'?",
        "severity": "error",
    }


def test_an_annotation_escapes_what_would_end_it() -> None:
    assert formatted(CHECKED, CheckFormat.GITHUB).splitlines() == [
        (
            "::error file=rules/a%2Cb.yaml,line=3,col=29,title=unknown-feature::"
            "unknown feature 'nme'%0Adid you mean 'name'?"
        ),
        "::warning file=rules/a%2Cb.yaml,line=3,col=11,title=approximate::100%25 rounded%0Areally",
    ]


def test_sarif_counts_columns_in_utf_16_and_says_so() -> None:
    (run,) = json.loads(formatted(CHECKED, CheckFormat.SARIF))["runs"]
    assert run["columnKind"] == "utf16CodeUnits"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["approximate", "unknown-feature"]
    described = run["tool"]["driver"]["rules"][1]
    page = (Path(__file__).parents[2] / "docs" / "checks" / "unknown-feature.md").read_text(encoding="utf-8")
    assert described["shortDescription"] == {"text": "there is no such feature"}
    assert described["help"]["markdown"] == page
    assert page.split("\n\n")[1].startswith(described["help"]["text"])
    assert run["results"][0] == {
        "ruleId": "unknown-feature",
        "ruleIndex": 1,
        "level": "error",
        "message": {"text": "unknown feature 'nme' (did you mean 'name'?)"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "rules/a%2Cb.yaml"},
                    "region": {"startLine": 3, "startColumn": 30},
                }
            }
        ],
    }
    assert run["results"][1]["level"] == "warning"
    assert run["results"][1]["locations"][0]["physicalLocation"]["region"]["startColumn"] == 11


@pytest.mark.parametrize("check", sorted(MEANINGS))
def test_sarif_explains_every_check(check: str) -> None:
    problem = Problem(Place("rules/a.yaml"), check, "wrong")
    (run,) = json.loads(formatted(Checked((problem,), {}, 0), CheckFormat.SARIF))["runs"]
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["shortDescription"] == {"text": MEANINGS[check]}
    assert rule["help"]["markdown"].startswith(f"# {check}\n")
    assert rule["help"]["text"][-1] in ".:"


@pytest.mark.parametrize("form", list(CheckFormat))
def test_a_file_that_cannot_be_read_is_told_in_every_form(
    form: CheckFormat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "kehu.toml").write_text('rules = "own"', encoding="utf-8")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "bad.yaml").write_bytes(b"\xff")
    monkeypatch.setattr(sys, "argv", ["kehu", "rules", "check", "--format", form, "-w", str(tmp_path)])
    with pytest.raises(SystemExit) as end:
        main()
    printed = capsys.readouterr()
    assert (end.value.code, printed.err) == (1, "")
    assert "not-utf-8" in printed.out


def test_junit_has_a_case_per_file_and_fails_on_errors_only() -> None:
    assert formatted(CHECKED, CheckFormat.JUNIT) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<testsuites name="kehu rules check" tests="2" failures="1" errors="0">\n'
        '  <testsuite name="rules" tests="2" failures="1" errors="0">\n'
        '    <testcase classname="rules" name="rules/a,b.yaml" file="rules/a,b.yaml" line="1">\n'
        "      <failure message=\"rules/a,b.yaml:3:29: error[unknown-feature]: unknown feature 'nme'"
        " (did you mean 'name'?)\">rules/a,b.yaml:3:29: error[unknown-feature]: unknown feature 'nme'"
        " (did you mean 'name'?)</failure>\n"
        "      <system-out>rules/a,b.yaml:3:11: warning[approximate]: 100% rounded\nreally</system-out>\n"
        "    </testcase>\n"
        '    <testcase classname="rules" name="rules/fine.yaml" file="rules/fine.yaml" line="1" />\n'
        "  </testsuite>\n"
        "</testsuites>"
    )


def test_junit_stays_xml_whatever_a_name_holds() -> None:
    failing = Outcome("a\x00<&>\"\ud800'", "f.yaml", 3, ("\x1b[31mred\n]]>",))
    (case,) = ET.fromstring(junit("t", [("s", [failing])])).iter("testcase")  # noqa: S314 - our own text
    assert case.attrib == {"classname": "s", "name": "a�<&>\"�'", "file": "f.yaml", "line": "3"}
    assert [(found.attrib["message"], found.text) for found in case] == [("�[31mred\n]]>", "�[31mred\n]]>")]


@pytest.mark.parametrize("form", list(CheckFormat))
def test_every_form_ends_with_one_where_there_is_an_error(
    form: CheckFormat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "kehu.toml").write_text("", encoding="utf-8")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "bad.yaml").write_text("ruleset: bad\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["kehu", "rules", "check", "--format", form, "-w", str(tmp_path)])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    assert "bad.yaml" in capsys.readouterr().out


def test_json_and_another_form_exclude_each_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["kehu", "rules", "check", "--json", "--format", "sarif"])
    with pytest.raises(SystemExit) as end:
        main()
    assert (end.value.code, "--json and --format sarif exclude each other" in capsys.readouterr().err) == (2, True)
