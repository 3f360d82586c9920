"""Opaque ids of everything that can be fetched again: `Type:key` in base64."""

import base64

import strawberry

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
