"""The server process, and what `kehu` asks of the server without running it; it finds this module by entry point."""

import gc
import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress

import uvicorn
from sqlalchemy import Engine

from kehu.model.problems import Problem
from kehu.workspace.served import Served
from kehu_graphql.app import create_app
from kehu_graphql.endpoint import MAX_BODY_BYTES
from kehu_graphql.schema import build_schema
from kehu_graphql.trusted import outdated

_GRACE_SECONDS = 10
# A subscriber that does not answer a ping for as long is gone.
_BEAT_SECONDS = 20


def serve(engine: Engine, served: Served, *, address: tuple[str, int], cors_origins: Sequence[str] = ()) -> None:
    """Answers until interrupted or terminated; requests under way get 10 seconds to end.

    Prints nothing. `address` is host and port. OSError with a sentence for the user when the address cannot be had.
    """
    app = create_app(engine, served, cors_origins=cors_origins)
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        ws_max_size=MAX_BODY_BYTES,
        ws_ping_interval=_BEAT_SECONDS,
        ws_ping_timeout=_BEAT_SECONDS,
    )
    with _listening(*address) as listener, suppress(KeyboardInterrupt):
        # What is there by now stays: to look for garbage in it, too, made the longest pause twice as long.
        gc.collect()
        gc.freeze()
        uvicorn.Server(config).run(sockets=[listener])


def outdated_documents(texts: Mapping[str, str]) -> list[Problem]:
    """What keeps documents, given by name and by hash, from being run by this version; see kehu_graphql.trusted."""
    return outdated(build_schema().core, texts)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise OSError(f"cannot listen on {host} port {port}: {reason}; choose another --port or --host") from error
