"""Documents: what is kept, for how long, and what is refused before it costs anything."""

from collections.abc import Callable
from typing import Any

import pytest
from graphql import DocumentNode, parse

from kehu_graphql.conditions import MAX_VALUES
from kehu_graphql.kept import LEAST_CHARACTERS, Kept
from kehu_graphql.limits import MAX_CHARACTERS, MAX_DIGITS

Ask = Callable[..., dict[str, Any]]
DOCUMENT = parse("{ __typename }")


A, B, C, D = ("a" * 400,), ("b" * 400,), ("c" * LEAST_CHARACTERS,), ("d",)


def test_beyond_their_characters_the_longest_unasked_go() -> None:
    kept = Kept[DocumentNode](1000)
    kept.put(A, DOCUMENT)
    kept.put(B, DOCUMENT)
    assert kept.get(A) is DOCUMENT
    kept.put(C, DOCUMENT)
    assert [key for key in (A, B, C) if kept.get(key)] == [A, B, C]
    # The shortest counts for LEAST_CHARACTERS.
    kept.put(D, DOCUMENT)
    assert [key for key in (A, B, C, D) if kept.get(key)] == [B, C, D]


def test_a_document_is_counted_once_however_often_it_is_kept() -> None:
    kept = Kept[DocumentNode](400)
    for _ in range(3):
        kept.put(A, DOCUMENT)
    assert kept.get(A) is DOCUMENT


def test_all_words_of_a_key_count_and_what_more_an_entry_takes() -> None:
    kept = Kept[DocumentNode](1000)
    kept.put(D, DOCUMENT)
    kept.put(("d" * 100, None, b"e" * 600), DOCUMENT)
    assert len(list(kept)) == 2
    kept.put(D, DOCUMENT, more=101)
    assert (len(list(kept)), kept.get(D)) == (1, DOCUMENT)


def test_one_too_long_to_be_kept_is_not() -> None:
    kept = Kept[DocumentNode](300)
    kept.put(A, DOCUMENT)
    kept.put(C, DOCUMENT)
    assert (kept.get(A), kept.get(C)) == (None, DOCUMENT)


@pytest.mark.parametrize(
    ("_case", "allowed", "refused_query", "message"),
    [
        (
            "characters",
            "{ __typename }".ljust(MAX_CHARACTERS),
            "{ __typename }".ljust(MAX_CHARACTERS + 1),
            "the document has 50,001 characters; at most 50,000 are taken: put long values into variables",
        ),
        (
            "digits",
            "{ runs(first: 199) { totalCount } }",
            f"{{ runs(first: {'9' * (MAX_DIGITS + 1)}) {{ totalCount }} }}",
            "the query has 401 digits in a number; at most 400 are taken, split it",
        ),
    ],
)
def test_the_size_is_limited(
    ask: Ask, refused: Ask, _case: str, allowed: str, refused_query: str, message: str
) -> None:
    ask(allowed)
    error = refused(refused_query)
    assert (error["message"], error["extensions"]) == (message, {"code": "LIMIT_EXCEEDED"})


def test_what_was_refused_is_refused_again(refused: Ask) -> None:
    assert refused("{ customers { nam } }") == refused("{ customers { nam } }")


def test_a_document_over_a_limit_is_not_asked_for_its_other_mistakes(refused: Ask) -> None:
    names = " ".join(f"nothing{n}" for n in range(31))
    assert refused(f"{{ {names} }}")["extensions"] == {"code": "LIMIT_EXCEEDED"}


def test_no_more_than_twenty_mistakes_are_told(client: Any) -> None:
    names = " ".join(f"f{n}" for n in range(25))
    errors = client.post("/graphql", json={"query": f"{{ publishedRun {{ {names} }} }}"}).json()["errors"]
    assert [error["message"] for error in errors[19:]] == [
        "Cannot query field 'f19' on type 'Run'.",
        "Too many validation errors, error limit reached. Validation aborted.",
    ]


@pytest.mark.parametrize(
    ("_case", "where", "field"),
    [
        ("a value", {"region": {"in": [""] * (MAX_VALUES + 1)}}, "where.region.in"),
        (
            "a level",
            {"level": {"ruleSet": "lifecycle", "code": {"notIn": [""] * (MAX_VALUES + 1)}}},
            "where.level.code.notIn",
        ),
    ],
)
def test_lists_of_values_are_limited(refused: Ask, _case: str, where: object, field: str) -> None:
    error = refused("query($w: CustomerWhere) { customers(where: $w) { totalCount } }", w=where)
    assert error["message"] == f"'{field}' has 1,001 values; at most 1,000 are taken"
