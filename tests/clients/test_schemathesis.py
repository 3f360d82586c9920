"""What schemathesis makes up of the schema, root field by root field, is answered or refused with a reason."""

import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, Case, CheckContext, CheckFunction, Response
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok

from kehu_graphql.failures import INTERNAL
from kehu_graphql.snapshot import SNAPSHOT

# Each of them is drawn, so a schema that grows makes this slower: keep it within ten seconds.
CASES_PER_FIELD = 2
_ROOTS = re.findall(
    r"^type (Query|Mutation) \{\n(.*?)^\}", SNAPSHOT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)
# Found without reading the schema, for which every start of the tests would wait.
FIELDS = [f"{root}.{name}" for root, fields in _ROOTS for name in re.findall(r"^  (\w+)[(:]", fields, re.MULTILINE)]
# A run is a process of its own, which would outlive the question.
LEFT_OUT = "Mutation.runStart"
Operations = dict[str, APIOperation[Any, Any, Any, Any]]


@pytest.fixture(scope="module")
def operations() -> Operations:
    """By label."""
    made = schemathesis.graphql.from_path(str(SNAPSHOT)).get_all_operations()
    return {each.ok().label: each.ok() for each in made if isinstance(each, Ok)}


def test_every_root_field_is_asked(operations: Operations) -> None:
    assert sorted(operations) == sorted(FIELDS)


def refused_with_a_reason(_context: CheckContext, response: Response, _case: Case[Any]) -> None:
    """Every error has a code, and the code says that the client can mend it."""
    for error in response.json().get("errors", ()):
        code = error.get("extensions", {}).get("code", "no code")
        assert code not in {INTERNAL, "no code"}, f"{code}: {error['message']}"


@pytest.mark.parametrize("field", [field for field in FIELDS if field != LEFT_OUT])
def test_it_is_answered_or_refused(served: str, operations: Operations, field: str) -> None:
    @settings(
        max_examples=CASES_PER_FIELD,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operations[field].as_strategy())
    def ask(case: Case[Any]) -> None:
        checks: list[CheckFunction] = [not_a_server_error, refused_with_a_reason]
        case.call_and_validate(base_url=served, headers={"kehu-author": "Li"}, checks=checks)

    ask()
