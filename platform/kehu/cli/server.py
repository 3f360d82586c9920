"""The GraphQL server, found by its entry point: nothing of `kehu` imports it by name."""

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from kehu.model.problems import Place, Problem, RefusedError

_GROUP = "kehu.servers"


def of_server(name: str) -> Any:
    """What the server's module calls so; RefusedError where no server is installed."""
    found = entry_points(group=_GROUP, name="graphql")
    if not found:
        message, remedy = "the GraphQL server is not installed", "install Kehu whole: pip install kehu"
        raise RefusedError([Problem(Place(_GROUP), "no-server", message, remedy)])
    return getattr(import_module(next(iter(found)).module), name)
