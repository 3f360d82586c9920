"""One feature as the command tells it."""

import json
import sys
from pathlib import Path

import pytest

from kehu.cli.main import main

CARRIER = str(Path(__file__).parents[2] / "examples" / "carrier")
PAGE = """\
gap_p90_days
label      Usual longest gap / 发货间隔九成分位
meaning    nine of ten gaps between the customer's shipments in two years were no longer; unknown before the second
type       float or unknown
unit       days
window     (as-of minus 730 days, as-of], UTC
never      unknown (null)
needs      no other feature
needed by  no other feature
used by    churn_warning/silent
declared   kehu/default_rules/features/shipments.yaml:"""


@pytest.fixture(autouse=True)
def arguments(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found = ["kehu", "rules", "features", "-w", CARRIER]
    monkeypatch.setattr(sys, "argv", found)
    return found


def run() -> int:
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    return 0


def test_a_feature_has_a_page(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    arguments.append("gap_p90_days")
    assert run() == 0
    out = capsys.readouterr().out
    assert out.startswith(PAGE)
    assert "\n\ngap_p90_days:\n  quantile: shipments.gap_days\n  q: 0.9\n" in out


def test_a_feature_is_a_document(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    arguments += ["margin_rate_365d", "--json"]
    assert run() == 0
    document = json.loads(capsys.readouterr().out)
    assert "margin_365d" in document["needs"]
    assert document["window"] == "that of the features it needs"


def test_a_feature_that_is_not_there_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    arguments.append("revenu_365d")
    assert run() == 1
    said = "revenu_365d:1:1: error[unknown-feature]: there is no feature 'revenu_365d' (did you mean 'revenue_365d'?)"
    assert capsys.readouterr().err.splitlines()[0] == said
