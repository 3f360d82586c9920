"""Whether the process is up and whether it can answer."""

from collections.abc import Awaitable, Callable

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kehu.reader.runs import published
from kehu.rules.directory import RuleDirectory
from kehu.store.database import current_revision, newest_revision
from kehu_graphql.reads import ReadPool

_SHOWN_PROBLEMS = 20
Handler = Callable[[Request], Awaitable[Response]]


async def is_up(_request: Request) -> Response:
    """200 as long as the process takes requests."""
    return JSONResponse({"status": "up"})


def readiness(pool: ReadPool, rules: Callable[[], RuleDirectory] | None) -> Handler:
    """200 when the database answers and has the newest schema, else 503 with the reason.

    A database in which no run is published yet is ready: facts can be read. `publishedRun` is then null. A broken rule
    file keeps nobody from reading either: `rules`, `errors` and the first `problems` tell of it.
    """

    async def is_ready(_request: Request) -> Response:
        try:
            revision, run = await pool.run(_state)
        except SQLAlchemyError:
            return JSONResponse({"status": "unready", "reason": "the database does not answer"}, 503)
        if revision != newest_revision():
            reason = f"the database is at schema '{revision}', not '{newest_revision()}'; run 'kehu db upgrade'"
            return JSONResponse({"status": "unready", "reason": reason}, 503)
        if run is None:
            reason = "no run is published yet; run 'kehu resegment'"
            return JSONResponse({"status": "ready", "publishedRun": None, "reason": reason, **_rules(rules)})
        return JSONResponse({"status": "ready", "publishedRun": str(run), **_rules(rules)})

    return is_ready


def _rules(look: Callable[[], RuleDirectory] | None) -> dict[str, object]:
    """How the rule files stand; nothing where nobody looks at them. Warnings are for GraphQL alone."""
    if look is None:
        return {}
    found = look()
    if not found.is_broken:
        return {"rules": "good"}
    kept = "last good kept" if found.book is not None else "none good yet"
    errors = [str(problem) for problem in found.problems if problem.severity == "error"]
    return {"rules": f"broken, {kept}", "errors": len(errors), "problems": errors[:_SHOWN_PROBLEMS]}


def _state(connection: Connection) -> tuple[str | None, int | None]:
    revision = current_revision(connection)
    current = published(connection) if revision == newest_revision() else None
    return revision, None if current is None else current.run_id
