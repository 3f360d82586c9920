"""What every change takes and answers: keys, dry runs, and what the user can mend."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import strawberry

from kehu.model.problems import Problem
from kehu_graphql.remedies import for_clients


@strawberry.type(description="Why a change was refused, for the person who asked for it.")
class UserError:
    code: str = strawberry.field(description='For programs, e.g. "UNKNOWN_CUSTOMER"; new ones may come.')
    message: str = strawberry.field(description="For people, with the value that is wrong.")
    path: list[str] | None = strawberry.field(
        description='Where in the arguments, e.g. ["input", "rows", "3", "reason"]; null where none is to blame.'
    )
    suggestion: str | None = strawberry.field(description="How to mend it; null where nothing helps.")


@strawberry.enum(description="What becomes of the other rows when some are refused.")
class ErrorPolicy(Enum):
    ALL_OR_NOTHING = strawberry.enum_value("all_or_nothing", description="Nothing is changed.")
    SKIP_REFUSED = strawberry.enum_value("skip_refused", description="The others are changed, those not.")


@strawberry.input(description="What every change takes.")
class ChangeInput:
    dry_run: bool = strawberry.field(
        default=False, description="Check it, and change nothing: objects are answered as they stand."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Made up by the client, at most 200 characters, e.g. a UUID: sent again with the same input, the "
        "change is not made a second time but answered as the first time.",
    )


@strawberry.input(description="What changes that need a reason take.")
class ReasonedInput(ChangeInput):
    reason: str = strawberry.field(description="Why, for those who ask later.")


@strawberry.input(description="What changes of many rows take.")
class BulkInput(ChangeInput):
    error_policy: ErrorPolicy = strawberry.field(
        default=ErrorPolicy.ALL_OR_NOTHING, description="What becomes of the other rows when some are refused."
    )


@strawberry.interface(description="What every change answers.")
class Payload:
    user_errors: list[UserError] = strawberry.field(
        description="Empty when it was done. Otherwise nothing was changed, or of many rows not those named here."
    )
    is_dry_run: bool = strawberry.field(description="Nothing was changed because that was asked for.")
    is_replay: bool = strawberry.field(description="It was done before, under the same idempotency key.")
    answer: strawberry.Private[Mapping[str, Any]]


def user_error(problem: Problem, paths: Mapping[str, str]) -> UserError:
    """The problem as the user sees it; `paths` are the arguments by the places that functions call them."""
    where = paths.get(problem.place.path, problem.place.path)
    is_argument = where.split(".")[0] == "input"
    # What is wrong with a file has its spot there.
    has_spot = where.endswith((".yaml", ".yml", ".toml"))
    return UserError(
        code=problem.check.upper().replace("-", "_"),
        message=f"{problem.place}: {problem.message}" if has_spot else problem.message,
        path=where.split(".") if is_argument else None,
        suggestion=for_clients(problem.remedy) or None,
    )
