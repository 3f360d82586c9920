"""What a client is told when something fails: a code, a message, and never our insides."""

import logging
import re
import secrets
from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.schema.exceptions import CannotGetOperationTypeError

logger = logging.getLogger(__name__)

BAD_USER_INPUT = "BAD_USER_INPUT"
AMBIGUOUS = "AMBIGUOUS_IDENTIFIER"
NOT_PUBLISHED = "NOT_PUBLISHED"
LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
NO_WORKSPACE = "NO_WORKSPACE"
READ_ONLY = "READ_ONLY"
BUSY = "BUSY"
TIMEOUT = "TIMEOUT"
PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
DOCUMENT_NOT_TRUSTED = "DOCUMENT_NOT_TRUSTED"
PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
INTERNAL = "INTERNAL"

# How graphql-core ends a message about a name that is none, or that needs fields of its own.
_HINT = re.compile(r" Did you mean .*\?$", re.DOTALL)


class ExpectedError(GraphQLError):
    """A failure the client can mend; message and extensions reach it as they are."""

    def __init__(self, message: str, code: str = BAD_USER_INPUT, **extensions: Any) -> None:
        super().__init__(message, extensions={"code": code, **extensions})


def presentable(error: GraphQLError, *, hints: bool = True) -> dict[str, Any]:
    """The error as the client sees it; an unexpected one is logged under a reference and masked.

    Without `hints` it does not tell which field, argument or word of the schema might have been meant.
    """
    shown = _presentable(error)
    return shown if hints else {**shown, "message": _HINT.sub("", shown["message"])}


def _presentable(error: GraphQLError) -> dict[str, Any]:
    cause = error.original_error
    if isinstance(error, ExpectedError) or isinstance(cause, ExpectedError):
        return _formatted(error, {})
    if isinstance(cause, RecursionError):
        return _formatted(GraphQLError("the query is nested too deeply; split it"), {"code": LIMIT_EXCEEDED})
    if isinstance(cause, GraphQLError) and error.message.startswith("Argument "):
        # Null for a variable that has a default, where the argument takes none: only execution sees it.
        return _formatted(error, {"code": BAD_USER_INPUT})
    if isinstance(cause, CannotGetOperationTypeError):
        return _formatted(GraphQLError(cause.as_http_error_reason()), {"code": BAD_USER_INPUT})
    if error.path is None and (cause is None or isinstance(cause, GraphQLError)):
        return _formatted(error, {"code": _request_error_code(error)})
    reference = secrets.token_hex(4)
    logger.error("reference %s: %s", reference, error, exc_info=cause or error)
    masked = GraphQLError(f"internal error; the log has more under reference {reference}", error.nodes, path=error.path)
    return _formatted(masked, {"code": INTERNAL, "reference": reference})


def _request_error_code(error: GraphQLError) -> str:
    if isinstance(error, GraphQLSyntaxError):
        return LIMIT_EXCEEDED if error.message.endswith("Parsing aborted.") else PARSE_FAILED
    # Only the coercion of variables knows no spot in the document but the variable's own definition.
    is_variable = error.message.startswith("Variable ")
    return BAD_USER_INPUT if is_variable else VALIDATION_FAILED


def _formatted(error: GraphQLError, extensions: dict[str, Any]) -> dict[str, Any]:
    formatted: dict[str, Any] = {**error.formatted}
    if extensions:
        formatted["extensions"] = {**extensions, **(error.extensions or {})}
    return formatted
