"""kehu serve: the published run over GraphQL."""

from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer

from kehu.cli.options import WorkspaceOption, database_of, now, workspace_at
from kehu.cli.output import say
from kehu.model.problems import Place, Problem, RefusedError
from kehu.pipeline.resegmenting import now_of
from kehu.workspace.workspace import Workspace

HostOption = Annotated[str, typer.Option("--host", help="The address to listen on; 0.0.0.0 for every one.")]
PortOption = Annotated[int, typer.Option("--port", "-p", help="The port to listen on.", min=1, max=65535)]
DEFAULT_PORT = 8000


def serve(host: HostOption = "127.0.0.1", port: PortOption = DEFAULT_PORT, workspace: WorkspaceOption = Path()) -> None:
    """Serve GraphQL at /graphql (with an IDE for browsers), /healthz and /readyz, until interrupted.

    Example: kehu serve --port 8000
    """
    place = workspace_at(workspace)
    say(f"{place.settings.name}: http://{_shown(host)}:{port}/graphql (Ctrl-C ends it)")
    serve_workspace(place, host, port)


def serve_workspace(workspace: Workspace, host: str, port: int) -> None:
    """Serve one workspace until interrupted; raises RefusedError when the address cannot be had."""
    engine = database_of(workspace)
    found = entry_points(group="kehu.servers", name="graphql")
    if not found:
        message, remedy = "the GraphQL server is not installed", "install Kehu whole: pip install kehu"
        raise RefusedError([Problem(Place("kehu.servers"), "no-server", message, remedy)])
    start = next(iter(found)).load()
    settings = workspace.settings
    try:
        start(
            engine,
            host=host,
            port=port,
            title=settings.name,
            clock=lambda: now_of(workspace, engine, now),
            phone_region=settings.phone_region,
        )
    except OSError as error:
        raise RefusedError([Problem(Place(f"{host}:{port}"), "address", str(error))]) from error
    finally:
        engine.dispose()


def _shown(host: str) -> str:
    return "127.0.0.1" if host in {"0.0.0.0", "::"} else f"[{host}]" if ":" in host else host  # noqa: S104
