"""TypeScript types made of the committed schema, and a screen that compiles against them with `tsc --strict`."""

from collections.abc import Callable
from typing import Any

from kehu_graphql.snapshot import SNAPSHOT


def test_a_screen_compiles_against_the_generated_types(node: Callable[..., Any]) -> None:
    made = node("types.mjs", str(SNAPSHOT))
    assert (made["status"], made["complaints"]) == (0, "")
    field = "  in?: Array<string> | null | undefined;"
    assert f'/** Is one of these; none given, nothing matches. E.g. ["上海", "北京"]. */\n{field}' in made["text"]
