"""Gates: expressions over figures that tell a CI whether to stop."""

import pytest

from kehu.model.problems import RefusedError
from kehu.pipeline.gates import gate_holds, read_gate
from kehu.rules.figures import figure_types

TYPES = figure_types(2)
FIGURES = dict.fromkeys(TYPES, 0) | {"customers": 20, "moved": 1, "moved_share": 50_000_000, "revenue_moved": 12345}


@pytest.mark.parametrize(
    ("_case", "text", "expected"),
    [
        ("at the edge", "moved_share > 0.05", False),
        ("on the edge", "moved_share >= 0.05", True),
        ("in major units", "revenue_moved == 123.45", True),
        ("two figures", "warnings_gained > 0 or moved * 20 == customers", True),
        ("guarded against nothing", "warnings_lost > 0 and moved / warnings_lost > 1", False),
    ],
)
def test_a_gate_is_true_or_false(_case: str, text: str, expected: bool) -> None:  # noqa: FBT001
    assert gate_holds(read_gate(text, TYPES, "--fail-if"), FIGURES, TYPES, "--fail-if") is expected


@pytest.mark.parametrize(
    ("_case", "text", "expected"),
    [
        (
            "a mistyped figure",
            "moved > 1 and moved_shar > 0.05",
            "--fail-if:1:15: error[unknown-figure]: unknown figure 'moved_shar' (did you mean 'moved_share'?)",
        ),
        ("an open end", "moved >", "--fail-if:1:8: error[syntax]: the condition ends too early (complete it)"),
        (
            "a number",
            "moved + 1",
            "--fail-if:1:1: error[condition-not-boolean]: the condition must be true or false, but",
        ),
    ],
)
def test_a_wrong_gate_is_refused_with_its_spot(_case: str, text: str, expected: str) -> None:
    with pytest.raises(RefusedError) as refused:
        read_gate(text, TYPES, "--fail-if")
    assert str(refused.value).startswith(expected)


def test_a_figure_like_no_other_is_refused_with_all_there_are() -> None:
    with pytest.raises(RefusedError) as refused:
        read_gate("x > 1", TYPES, "--fail-if")
    assert refused.value.problems[0].remedy == f"choose one of {', '.join(sorted(TYPES))}"


def test_without_revenue_there_are_no_figures_about_it() -> None:
    with pytest.raises(RefusedError, match="unknown figure 'revenue_moved'"):
        read_gate("revenue_moved > 1", figure_types(None), "--fail-if")


def test_a_gate_without_a_value_does_not_stand_open() -> None:
    gate = read_gate("moved / warnings_lost > 1", TYPES, "--fail-if")
    with pytest.raises(RefusedError, match="the expression has no value here"):
        gate_holds(gate, FIGURES, TYPES, "--fail-if")
