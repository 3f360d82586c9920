"""A problem is shown under its line, with the mark under the spot."""

import pytest

from kehu.model.problems import Place, Problem
from kehu.rules.check import render

SHOWN = [
    (
        "a word",
        "when: |\n  a > 1\n  and shipment > 2\n",
        Problem(Place("r.yaml", 3, 7), "unknown-feature", "unknown feature 'shipment'", "did you mean 'shipments'?"),
        (
            "r.yaml:3:7: error[unknown-feature]: unknown feature 'shipment'\n"
            "  |\n"
            "3 |   and shipment > 2\n"
            "  |       ^^^^^^^^\n"
            "  = help: did you mean 'shipments'?"
        ),
    ),
    (
        "behind Chinese characters",
        "when: region == '华东' and nme == 1\r\n",
        Problem(Place("r.yaml", 1, 26), "unknown-feature", "unknown feature 'nme'"),
        (
            "r.yaml:1:26: error[unknown-feature]: unknown feature 'nme'\n"
            "  |\n"
            "1 | when: region == '华东' and nme == 1\n"
            "  |                            ^^^"
        ),
    ),
    (
        "under Chinese characters",
        "when: kind == '个人' or b\n",
        Problem(Place("r.yaml", 1, 15), "unknown-word", "'个人' is not a value of 'kind'", "", "warning"),
        (
            "r.yaml:1:15: warning[unknown-word]: '个人' is not a value of 'kind'\n"
            "  |\n"
            "1 | when: kind == '个人' or b\n"
            "  |               ^^^^^^"
        ),
    ),
    (
        "behind a tab",
        "a:\t? x\n",
        Problem(Place("r.yaml", 1, 4), "syntax", "'?' does not fit here"),
        "r.yaml:1:4: error[syntax]: '?' does not fit here\n  |\n1 | a:\t? x\n  |   \t^",
    ),
    (
        "at the end of a line",
        "when: a >\n",
        Problem(Place("r.yaml", 1, 10), "syntax", "the condition ends too early"),
        "r.yaml:1:10: error[syntax]: the condition ends too early\n  |\n1 | when: a >\n  |          ^",
    ),
    (
        "in a line too long for any screen",
        "x" * 200 + " ? " + "y" * 200,
        Problem(Place("r.yaml", 1, 202), "syntax", "'?' does not fit here"),
        (f"r.yaml:1:202: error[syntax]: '?' does not fit here\n  |\n1 | …{'x' * 99} ? {'y' * 98}…\n  | {' ' * 101}^"),
    ),
    (
        "in a file that is not at hand",
        "",
        Problem(Place("r.yaml", 9, 1), "empty-file", "the file has no rule set", "start with 'ruleset'"),
        "r.yaml:9:1: error[empty-file]: the file has no rule set\n  = help: start with 'ruleset'",
    ),
]


@pytest.mark.parametrize(("_case", "source", "problem", "expected"), SHOWN)
def test_a_problem_is_shown_with_its_line(_case: str, source: str, problem: Problem, expected: str) -> None:
    assert render(problem, source) == expected
