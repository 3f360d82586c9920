"""The GraphQL-over-HTTP specification by its own audit suite, graphql-http's."""

from collections.abc import Callable
from typing import Any

AUDITS = 61


def test_the_server_passes_every_audit(node: Callable[..., Any], address: str) -> None:
    found = node("audit.mjs", address)
    assert [each for each in found if each["status"] != "ok"] == []
    assert len(found) == AUDITS
