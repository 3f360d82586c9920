"""Opaque ids of everything that can be fetched again: `Type:key` in base64."""

import base64

import strawberry

from kehu.model.problems import Place, Problem, RefusedError

_DIGITS = 18  # of the greatest number that fits in eight bytes, less one


@strawberry.interface(description="Anything that can be fetched again by its opaque id.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque and stable; pass it to `node`. Never take it apart.")


def node_id(kind: str, key: object) -> strawberry.ID:
    """The id of one thing of a GraphQL type."""
    return strawberry.ID(base64.b64encode(f"{kind}:{key}".encode()).decode())


def split_node_id(text: str) -> tuple[str, str]:
    """Type and key; two empty words when it is no id of ours."""
    try:
        kind, _, key = base64.b64decode(text, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return kind, key


def numeric_key(key: str) -> int:
    """The number a key stands for; -1, which nothing has, for a key that is none."""
    return int(key) if key.isdecimal() and key.isascii() and len(key) <= _DIGITS else -1


def key_of(kind: str, text: str, path: str) -> int:
    """The number behind a node id of that type, or the number itself; RefusedError, at `path`, for anything else."""
    found, key = split_node_id(text)
    number = numeric_key(key if found == kind else text)
    if number < 0:
        remedy = f"give the `id` of a {kind}"
        raise RefusedError([Problem(Place(path), "bad-id", f"'{text}' is no id of a {kind}", remedy)])
    return number


def customer_text(text: str) -> str:
    """What names a customer: the uid behind a node id, anything else as it is."""
    kind, key = split_node_id(text)
    return key if kind == "Customer" else text
