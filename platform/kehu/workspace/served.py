"""A workspace as a server is given it, beside its database."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kehu.rules.directory import RuleDirectory
from kehu.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Writable:
    """What changing takes beside the database; `clock` is the machine's, since decisions are taken today."""

    workspace: Workspace
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Served:
    """`clock` is asked once a request, `rules` whenever the rule directory is; None where nobody looks at one.

    `phone_region` is the country of phone numbers without a prefix. Without `writable` nothing can be changed.
    """

    title: str
    clock: Callable[[], datetime]
    phone_region: str = "CN"
    rules: Callable[[], RuleDirectory] | None = None
    writable: Writable | None = None
