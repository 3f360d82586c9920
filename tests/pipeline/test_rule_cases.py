"""Cases beside the rules: read with all that is wrong, run, and reported with the clauses that decided."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from kehu.model.problems import RefusedError
from kehu.pipeline.proving import Proof, prove
from kehu.workspace.workspace import Workspace

MakeWorkspace = Callable[..., Workspace]

FEATURES = """
paid: {sum: shipments.revenue, over: 30 days, unit: currency, label: {en: Paid, zh: 付款}, meaning: charges}
kind: {attribute: kind, unit: word, label: {en: Kind, zh: 类型}, meaning: kind}
region: {attribute: region, unit: word, label: {en: Region, zh: 地区}, meaning: region}
"""
SIZE = """
ruleset: size
kind: tier
label: {en: Size, zh: 规模}
levels:
  - {level: large, label: {en: L, zh: 大}, when: paid >= 100 and kind != "person"}
  - {level: small, label: {en: S, zh: 小}, when: paid > 0}
examples:
  - {given: {paid: 100, kind: company}, expect: large}
  - {given: {paid: 1, kind: company}, expect: small}
"""
SIGNS = """
ruleset: signs
kind: warning
label: {en: Signs, zh: 征兆}
warnings:
  - {warning: little, label: {en: L, zh: 少}, when: paid < 10, severity: low, route: [a], reason: "only {paid}"}
  - warning: new_year
    label: {en: N, zh: 年}
    when: $now.month == 1 and paid >= 0
    severity: low
    route: [a]
    reason: x
examples:
  - {given: {paid: 9}, as_of: 2026-02-01T00:00:00Z, expect: little}
  - {given: {paid: 10}, as_of: 2026-01-01T00:00:00Z, expect: new_year}
"""
FILES = {"rules/features/f.yaml": FEATURES, "rules/size.yaml": SIZE, "rules/signs.yaml": SIGNS}


@pytest.fixture
def proved(make_workspace: MakeWorkspace) -> Callable[..., Proof]:
    """The proof of one file of cases, or of no file."""

    def run(text: str | None, pattern: str = "") -> Proof:
        cases = {} if text is None else {"rules/tests/size_test.yaml": text}
        return prove(make_workspace(FILES | cases, 'rules = "own"\n'), (), pattern)

    return run


def told(proof: Proof) -> list[str]:
    """Every failure, without the folder of the workspace."""
    failures = [failure for results in proof.results.values() for result in results for failure in result.failures]
    return [str(failure).rpartition("tests/")[2] for failure in failures]


def test_cases_that_hold_pass(proved: Callable[..., Proof]) -> None:
    proof = proved("""
as_of: 2026-02-28T00:00:00Z
cases:
  - {name: given, given: {paid: 100}, expect: {size: large, signs: []}}
  - {name: of a person, customer: {kind: person}, given: {paid: 100}, expect: {size: small}}
  - {name: of nobody, expect: {size: null, signs: little}, reasons: {signs: only 0.00}}
  - name: in January
    as_of: 2026-01-05T00:00:00Z
    expect: {signs: [new_year, little]}
    reasons: {signs: {little: only 0.00}}
  - name: the window's edges
    events: {shipments: [{at: 30 days ago, revenue: 100}, {at: 0 days ago, revenue: 9.99}]}
    expect: {size: small, signs: little}
    reasons: {signs: {little: only 9.99}}
""")
    assert (proof.cases, proof.failed, told(proof)) == (5, 0, [])
    assert (proof.uncovered, proof.answers, proof.coverage) == ((), 4, 1.0)


def test_a_case_that_fails_says_where_and_which_clauses_decided(proved: Callable[..., Proof]) -> None:
    proof = proved("""cases:
  - name: fails twice
    customer: {kind: person}
    given: {paid: 99.99}
    expect: {size: large}
  - {name: holds, given: {paid: 100}, expect: {size: large}}
  - name: says something else
    as_of: 2026-02-28T00:00:00Z
    given: {paid: 5}
    expect: {signs: []}
    reasons: {signs: {little: only 6.00, new_year: x}}
""")
    assert (proof.cases, proof.failed) == (3, 2)
    assert told(proof) == [
        "size_test.yaml:5:20: size: expected 'large', got 'small' ('paid >= 100' is false: paid is 99.99)",
        "size_test.yaml:10:21: signs: expected nothing, got 'little' ('paid < 10' is true: paid is 5.00)",
        'size_test.yaml:11:31: signs/little: expected "only 6.00", got "only 5.00"',
        'size_test.yaml:11:52: signs/new_year: expected "x", got no warning',
    ]
    assert proof.uncovered == ("signs/little", "signs/new_year", "size/small")
    assert proof.coverage == 0.25


def test_cases_are_chosen_by_name(proved: Callable[..., Proof]) -> None:
    text = "cases: [{name: one two, expect: {size: null}}, {name: three, expect: {size: large}}]"
    assert (proved(text, "^one").cases, proved(text, "^one").failed, proved(text, "t[wh]").cases) == (1, 0, 2)


def test_without_a_file_there_is_nothing_to_fail(proved: Callable[..., Proof]) -> None:
    assert (proved(None).cases, proved(None).failed, proved(None).coverage) == (0, 0, 0.0)


BAD = """cases:
  - {nam: typo, expect: {size: large}}
  - {name: both, given: {paid: 1}, events: {}, expect: {size: large}}
  - {name: unknown names, given: {payd: 1}, expect: {sise: large, size: larg}}
  - {name: timeless, given: {paid: 1}, expect: {signs: []}}
  - {name: undated events, events: {shipments: [{at: 1 day ago}]}, expect: {size: null}}
  - {name: attributes, customer: {kind: firm, regio: x, city: [a]}, expect: {size: null}}
  - {name: two levels, expect: {size: [large, small]}}
  - {name: nothing expected, expect: {}}
  - {name: an unknown warning, expect: {size: null}, reasons: {signs: {litle: x}}}
  - {name: a text, expect: {size: null}, given: 3}
  - 4
"""
FAULTS = """\
2:6: error[unknown-key]: unknown key 'nam' (did you mean 'name'?)
2:5: error[missing-key]: a case has no 'name' (add 'name:')
3:36: error[case-inputs]: a case has 'given' features or 'events', not both (make two cases of it)
3:36: error[example-undated]: what happened is counted as of an instant (add 'as_of: 2024-06-30T00:00:00+08:00')
4:35: error[unknown-feature]: unknown feature 'payd' (did you mean 'paid'?)
4:54: error[unknown-word]: 'sise' is not a rule set (did you mean 'size'?)
4:73: error[unknown-word]: 'larg' is not a level of this file (did you mean 'large'?)
5:56: error[example-undated]: the conditions of 'signs' ask for the time, the case does not say it \
(add 'as_of: 2024-06-30T00:00:00+08:00')
6:28: error[example-undated]: what happened is counted as of an instant (add 'as_of: 2024-06-30T00:00:00+08:00')
7:41: error[unknown-word]: 'firm' is not a value of 'kind' (choose one of company, person, project)
7:47: error[unknown-key]: unknown key 'regio' (did you mean 'region'?)
7:63: error[example-value]: 'city' must be one value
8:39: error[wrong-shape]: a tier gives one level (expect one level, or null for none)
9:38: error[wrong-shape]: 'expect' must name rule sets (such as {service_tier: vip})
10:72: error[unknown-word]: 'litle' is not a warning of 'signs' (did you mean 'little'?)
11:49: error[wrong-shape]: 'given' must be a mapping (such as {revenue_365d: 500000})
12:5: error[wrong-shape]: a case must be a mapping (with name, expect)"""


def test_everything_wrong_with_the_cases_is_told_at_once(proved: Callable[..., Proof]) -> None:
    with pytest.raises(RefusedError) as refused:
        proved(BAD)
    found = [str(problem).partition("size_test.yaml:")[2] for problem in refused.value.problems]
    assert sorted(found) == sorted(FAULTS.splitlines())


@pytest.mark.parametrize(
    ("_case", "text", "expected"),
    [
        ("nothing", "", "1:1: error[empty-file]: the file has no cases (start with 'cases:')"),
        ("no cases", "as_of: 2026-01-01T00:00:00Z", "1:1: error[missing-key]: a file of cases has no 'cases' (add"),
        ("a list", "- 1", "1:1: error[wrong-shape]: a file of cases must be a mapping (with cases)"),
        ("no YAML", "cases: [", "2:1: error[yaml-syntax]"),
    ],
)
def test_a_file_that_is_no_file_of_cases_is_refused(
    proved: Callable[..., Proof], _case: str, text: str, expected: str
) -> None:
    with pytest.raises(RefusedError, match=re.escape(f"size_test.yaml:{expected}")):
        proved(text)


def test_wrong_rules_are_told_before_any_case_is_run(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace(FILES | {"rules/size.yaml": SIZE.replace("paid > 0", "payd > 0")}, 'rules = "own"\n')
    with pytest.raises(RefusedError, match="unknown feature 'payd'"):
        prove(workspace, (), "")


def test_shipped_cases_of_a_replaced_rule_file_are_left_out(make_workspace: MakeWorkspace) -> None:
    shipped = (Path(__file__).parents[2] / "rules" / "vip.yaml").read_text(encoding="utf-8")
    own = make_workspace({"rules/vip.yaml": shipped.replace("52", "60")})
    proof = prove(own, (), "")
    assert proof.left_out == ("kehu/default_rules/tests/vip_test.yaml",)
    assert "kehu/default_rules/tests/vip_test.yaml" not in proof.results
    assert proof.failed == 0
    (own.rules_folder / "tests").mkdir()
    case = "cases: [{name: sixty, given: {revenue_365d: 500000, shipments_365d: 59}, expect: {vip: []}}]"
    (own.rules_folder / "tests" / "vip_test.yaml").write_text(case, encoding="utf-8")
    again = prove(own, (), "")
    assert (again.left_out, again.cases, again.failed) == ((), proof.cases + 1, 0)


def test_the_shipped_cases_pass_and_expect_every_level_and_warning(make_workspace: MakeWorkspace) -> None:
    proof = prove(make_workspace(), (), "")
    assert told(proof) == []
    assert proof.uncovered == ()
    assert sorted(path.rpartition("/")[2] for path in proof.results) == sorted(
        f"{path.stem}_test.yaml" for path in (Path(__file__).parents[2] / "rules").glob("*.yaml")
    )
