"""What may change in the schema from one release to the next."""

import pytest

from kehu_graphql.release import RELEASED, broken_promises
from kehu_graphql.snapshot import sdl

REMEDY = ": give it back, or first release it with a deprecation_reason that says what to use instead"
RELEASED_SDL = """
type Query { a: Int b(x: Int, w: In): T node: Node old: Lonely @deprecated(reason: "use b") }
interface Node { id: ID }
interface Payload { ok: Boolean }
enum E { ONE TWO THREE @deprecated(reason: "use TWO") }
input In { e: E f: Int @deprecated(reason: "use e") }
type T { c: Int }
type Lonely implements Payload { ok: Boolean }
type Leaf implements Node { id: ID }
"""


@pytest.mark.parametrize(
    ("_case", "before", "after", "broken"),
    [
        ("nothing", "", "", []),
        ("a field more", "c: Int }", "c: Int d: Int }", []),
        ("an argument more that may be left out", "x: Int,", "x: Int, z: Int,", []),
        ("a value more", "ONE", "ONE FOUR", []),
        ("a description", "type T", '"said better" type T', []),
        ("null no more", "a: Int ", "a: Int! ", []),
        ("a deprecated field, and the type it alone led to", 'old: Lonely @deprecated(reason: "use b")', "", []),
        ("a deprecated value", 'THREE @deprecated(reason: "use TWO")', "", []),
        ("a deprecated input", 'f: Int @deprecated(reason: "use e")', "", []),
        ("a field less", "a: Int ", "", ["Field Query.a was removed"]),
        ("a field of another type", "a: Int ", "a: String ", ["Field Query.a changed type from Int to String"]),
        ("an argument less", "x: Int,", "", ["Argument Query.b(x:) was removed"]),
        (
            "an argument that must be given",
            "x: Int,",
            "x: Int, z: Int!,",
            ["A required argument Query.b(z:) was added"],
        ),
        ("a value less", "TWO T", "T", ["Enum value E.TWO was removed"]),
        ("an input that must be given", "e: E ", "e: E! ", ["Field In.e changed type from E to E!"]),
        ("a type that an interface leads to", "type Leaf implements Node { id: ID }", "", ["Leaf was removed"]),
    ],
)
def test_what_clients_use_stays(_case: str, before: str, after: str, broken: list[str]) -> None:
    present = RELEASED_SDL.replace(before, after, 1)
    if "type Lonely" in present and "old: Lonely" not in present:
        present = present.replace("type Lonely implements Payload { ok: Boolean }", "")
    assert broken_promises(RELEASED_SDL, present) == [f"{what}{REMEDY}" for what in broken]


def test_the_schema_keeps_what_was_released() -> None:
    assert broken_promises(RELEASED.read_text(encoding="utf-8"), sdl()) == []
