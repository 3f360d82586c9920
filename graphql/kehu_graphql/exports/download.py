"""The rows of an export over HTTP."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from kehu_graphql.exports.exporter import Exporter
from kehu_graphql.exports.folder import DONE

_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def download(exporter: Exporter | None) -> Callable[[Request], Awaitable[Response]]:
    """200 with a JSON object a line, in ranges too; 404 for what is no export, not done or expired."""

    async def send(request: Request) -> Response:
        key = request.path_params["key"]
        state = None if exporter is None else exporter.folder.state(key, exporter.clock())
        if exporter is None or state is None or state.status != DONE:
            return JSONResponse({"reason": "there is no such export, or it is not done, or it has expired"}, 404)
        file = exporter.folder.rows_file(key)
        return FileResponse(file, headers=_HEADERS, media_type="application/jsonl", filename=f"kehu-{key}.jsonl")

    return send
