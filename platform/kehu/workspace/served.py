"""A workspace as a server is given it, beside its database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from kehu.rules.directory import RuleDirectory
from kehu.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Served:
    """`clock` is asked once a request, `rules` whenever the rule directory is; None where nobody looks at one.

    `phone_region` is the country of phone numbers without a prefix. Without a `workspace` there is no identity review.
    `machine_clock` is when changes are made, since decisions are taken today; None where nothing may be changed, and
    without a workspace nothing can. With `discovery` clients may look at the schema, with a page for browsers.
    A query may take `timeout_seconds`, any time when that is 0.
    `documents` are the trusted texts by hash and by name, and `documents_mode` is whether they are taken.
    """

    title: str
    clock: Callable[[], datetime]
    phone_region: str = "CN"
    rules: Callable[[], RuleDirectory] | None = None
    workspace: Workspace | None = None
    machine_clock: Callable[[], datetime] | None = None
    discovery: bool = True
    timeout_seconds: float = 0
    documents_mode: str = "off"
    documents: Mapping[str, str] = field(default_factory=dict)
