"""The kinds of rule sets: three that are evaluated, and those that installed packages write in terms of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Literal

from kehu.model.json_schema import Fragment
from kehu.model.problems import Place, Problem, RefusedError
from kehu.model.yaml_nodes import Mapping as MappingNode
from kehu.model.yaml_nodes import Scalar
from kehu.rules.entries import Entry, read_level, read_warning
from kehu.rules.fragments import LEVEL, flags_schema, levels_schema, warnings_schema
from kehu.rules.shapes import Shapes

GROUP = "kehu.kinds"
Kind = Literal["tier", "flag", "warning"]


@dataclass(frozen=True, slots=True)
class Body:
    """What a kind reads of a file. `pieces` are the conditions its entries' ones were made of, with their places.

    Where there are pieces, mistakes are told of them, and a kind answers for what it makes of right ones.
    """

    entries: tuple[Entry, ...]
    pieces: tuple[Scalar, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleKind:
    """A way of writing a rule set that `means` a tier, flag or warning.

    `keys` are those of the file that hold its body, the first with the levels or warnings; `read` notes what is
    wrong and gives the rest; `schema` are the keys' JSON Schemas, for editors, and `said` what the kind is.
    """

    means: Kind
    keys: tuple[str, ...]
    read: Callable[[MappingNode, Shapes], Body]
    said: str
    schema: Mapping[str, Fragment]


def kinds() -> Mapping[str, RuleKind]:
    """The three that are evaluated, then the installed ones by the name of their entry point in `kehu.kinds`.

    Raises RefusedError with every installed one that cannot be loaded.
    """
    return {**OWN_KINDS, **_installed()}


@cache
def _installed() -> Mapping[str, RuleKind]:
    found: dict[str, RuleKind] = {}
    problems: list[Problem] = []
    for point in entry_points(group=GROUP):
        if point.name not in OWN_KINDS:
            try:
                found[point.name] = point.load()
            except (ImportError, AttributeError) as error:
                problems.append(_broken(point, error))
    if problems:
        raise RefusedError(problems)
    return found


def _broken(point: EntryPoint, error: Exception) -> Problem:
    package = point.dist.name if point.dist else "the package that brings it"
    said = f"the kind '{point.name}' cannot be loaded from '{point.value}': {error}"
    return Problem(Place(GROUP), "broken-kind", said, f"mend or uninstall {package}")


def _levels(top: MappingNode, shapes: Shapes) -> Body:
    found = (read_level(node, shapes) for node in shapes.items(top.get("levels"), "'levels'"))
    return Body(tuple(entry for entry in found if entry is not None))


def _warnings(top: MappingNode, shapes: Shapes) -> Body:
    found = (read_warning(node, shapes) for node in shapes.items(top.get("warnings"), "'warnings'"))
    return Body(tuple(entry for entry in found if entry is not None))


OWN_KINDS: Mapping[str, RuleKind] = {
    "tier": RuleKind("tier", ("levels",), _levels, "one level", {"levels": levels_schema(LEVEL, "when")}),
    "flag": RuleKind("flag", ("levels",), _levels, "any levels", {"levels": flags_schema()}),
    "warning": RuleKind("warning", ("warnings",), _warnings, "signs that fire", {"warnings": warnings_schema()}),
}
