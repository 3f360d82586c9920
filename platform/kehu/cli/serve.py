"""kehu serve: the published run over GraphQL."""

import re
import signal
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from kehu.cli.options import WorkspaceOption, database_of, now, workspace_at
from kehu.cli.output import say
from kehu.cli.server import of_server
from kehu.cli.watching import watching
from kehu.model.problems import Place, Problem, RefusedError, refuse_errors
from kehu.pipeline.known_erasures import check_erasures
from kehu.pipeline.resegmenting import now_of
from kehu.rules.directory import RuleDirectory
from kehu.workspace.documents import read_documents
from kehu.workspace.served import Served
from kehu.workspace.workspace import Workspace

HostOption = Annotated[str, typer.Option("--host", help="The address to listen on; 0.0.0.0 for every one.")]
PortOption = Annotated[int, typer.Option("--port", "-p", help="The port to listen on.", min=1, max=65535)]
CorsOption = Annotated[
    list[str] | None,
    typer.Option("--cors-origin", help="A web page's origin that may ask, such as http://localhost:3000; repeatable."),
]
DEFAULT_PORT = 8000
_ORIGIN = re.compile(r"https?://[^/\s*@?#]+")


def serve(
    host: HostOption = "127.0.0.1",
    port: PortOption = DEFAULT_PORT,
    cors_origin: CorsOption = None,
    workspace: WorkspaceOption = Path(),
) -> None:
    """Serve GraphQL at /graphql (with an IDE for browsers), /healthz and /readyz, until interrupted.

    Edits of the rule directory are noticed; a broken file is shown in GraphQL and /readyz.

    Example: kehu serve --port 8000
    """
    place = workspace_at(workspace)
    origins = _checked_origins(cors_origin or [])
    say(f"{place.settings.name}: http://{_shown(host)}:{port}/graphql (Ctrl-C ends it)")
    serve_workspace(place, host, port, cors_origins=origins)


def serve_workspace(workspace: Workspace, host: str, port: int, *, cors_origins: Sequence[str] = ()) -> None:
    """Serve one workspace until interrupted.

    Raises RefusedError when the address cannot be had, and where a restored backup would show who was erased.
    """
    engine = database_of(workspace)
    check_erasures(workspace, engine)
    start = of_server("serve")
    settings = workspace.settings
    try:
        with watching(workspace) as rules:
            changed_at = now if _takes_changes(settings.api_changes, host) else None
            start(
                engine, _served(workspace, engine, rules, changed_at), address=(host, port), cors_origins=cors_origins
            )
    except OSError as error:
        raise RefusedError([Problem(Place(f"{host}:{port}"), "address", str(error))]) from error
    finally:
        # The server has ended: to be told so once more must not break off the closing of its connections.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        engine.dispose()


def _served(
    workspace: Workspace,
    engine: Engine,
    rules: Callable[[], RuleDirectory],
    changed_at: Callable[[], datetime] | None,
) -> Served:
    settings = workspace.settings
    return Served(
        settings.name,
        lambda: _clock(workspace, engine),
        settings.phone_region,
        rules,
        workspace=workspace,
        machine_clock=changed_at,
        discovery=settings.api_discovery == "on",
        timeout_seconds=settings.timeout_seconds,
        documents_mode=settings.trusted_documents,
        documents=_documents(workspace),
    )


def _documents(workspace: Workspace) -> Mapping[str, str]:
    settings = workspace.settings
    if settings.trusted_documents == "off":
        return {}
    return read_documents(workspace.root / settings.trusted_documents_path)


def _takes_changes(setting: str, host: str) -> bool:
    """Whether the setting `api_changes` lets the server take changes where it listens."""
    return setting == "on" or (setting == "local" and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _clock(workspace: Workspace, engine: Engine) -> datetime:
    """The workspace's now; the machine's while there is no event for it to stand at."""
    try:
        return now_of(workspace, engine, now)
    except RefusedError:
        return now()


def _checked_origins(origins: Sequence[str]) -> Sequence[str]:
    """The origins as browsers send them; '*' is refused, since every page anywhere could then read the customers."""
    remedy = "write scheme and host, such as https://crm.example.com or http://localhost:3000"
    refuse_errors(
        Problem(Place("--cors-origin"), "origin", f"'{origin}' is not an origin", remedy)
        for origin in origins
        if not _ORIGIN.fullmatch(origin)
    )
    return [origin.lower() for origin in origins]


def _shown(host: str) -> str:
    return "127.0.0.1" if host in {"0.0.0.0", "::"} else f"[{host}]" if ":" in host else host  # noqa: S104
