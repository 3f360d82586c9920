"""A workspace as a server is given it, beside its database."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kehu.rules.directory import RuleDirectory


@dataclass(frozen=True, slots=True)
class Served:
    """`clock` is asked once a request, `rules` whenever the rule directory is; None where nobody looks at one.

    `phone_region` is the country of phone numbers without a prefix.
    """

    title: str
    clock: Callable[[], datetime]
    phone_region: str = "CN"
    rules: Callable[[], RuleDirectory] | None = None
