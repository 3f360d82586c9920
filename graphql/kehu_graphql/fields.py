"""Fields with a resolver, their types kept for the type checker."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

Resolver = TypeVar("Resolver", bound=Callable[..., Any])


def resolved(description: str) -> Callable[[Resolver], Resolver]:
    """A field answered by the function below; every field says what it means."""
    return cast("Callable[[Resolver], Resolver]", strawberry.field(description=description))


def change(description: str) -> Callable[[Resolver], Resolver]:
    """A field of the root mutation; it says what becomes of what."""
    return cast("Callable[[Resolver], Resolver]", strawberry.mutation(description=description))


def told(description: str) -> Callable[[Resolver], Resolver]:
    """A field of the subscription; it says what is told when."""
    return cast("Callable[[Resolver], Resolver]", strawberry.subscription(description=description))
