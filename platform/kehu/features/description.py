"""One feature told whole: how it is counted, over which window, what stands for never, who uses it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from kehu.features.catalogue import Catalogue
from kehu.features.declaration import DERIVED, Declaration
from kehu.model.feature_types import FeatureInfo
from kehu.model.yaml_nodes import Mapping as MappingNode
from kehu.model.yaml_nodes import read_yaml
from kehu.rules.book import RuleBook
from kehu.rules.conditions import PLACEHOLDER
from kehu.rules.reasons import features_in


@dataclass(frozen=True, slots=True)
class FeatureDescription:
    """A feature and everything about it. `declaration` is its YAML as written, `place` where that begins.

    `needs` are the features its formula names, `needed_by` those whose formulas name it; `used_by` the conditions
    and reasons that name it, as "rule set/code".
    """

    info: FeatureInfo
    declaration: str
    place: str
    window: str
    never: str
    needs: tuple[str, ...]
    needed_by: tuple[str, ...]
    used_by: tuple[str, ...]


def describe(name: str, catalogue: Catalogue, book: RuleBook, texts: Mapping[str, str]) -> FeatureDescription:
    """The feature of that name; `texts` maps shown paths to the files. Raises KeyError when there is none."""
    declared = {item.info.name: item for item in catalogue.declarations}
    item = declared[name]
    written, line = _written(name, texts.get(item.place.path, ""))
    return FeatureDescription(
        item.info,
        written,
        f"{item.place.path}:{line}",
        window_of(item),
        _never(item),
        item.info.needs,
        tuple(sorted(other for other, each in declared.items() if name in each.info.needs)),
        _users(name, book),
    )


def window_of(item: Declaration) -> str:
    """The window's edges in words; the start is outside it, the end inside."""
    if item.operation in DERIVED:
        return "that of the features it needs"
    if item.stream is None or not item.stream.at:
        return "none: what was last loaded counts"
    end = f"as-of minus {_length(item.before)}" if item.before else "as-of"
    if item.over is None:
        return f"all time up to {end} inclusive, UTC"
    return f"(as-of minus {_length(item.before + item.over)}, {end}], UTC"


def _length(time: timedelta) -> str:
    return f"{time.days} day" if time.days == 1 else f"{time.days} days"


def _never(item: Declaration) -> str:
    if item.info.type.nullable:
        return "unknown (null)"
    if item.operation == "attribute":
        return "never absent"
    if item.missing == []:
        return "an empty list"
    return "0" if item.missing is None else str(item.missing) or "an empty text"


def _users(name: str, book: RuleBook) -> tuple[str, ...]:
    users: list[str] = []
    for ruleset in book.rulesets:
        reasons = {rule.code: {found[1] for found in PLACEHOLDER.finditer(rule.reason)} for rule in ruleset.warnings}
        users += [
            f"{ruleset.code}/{code}"
            for code, condition in ruleset.conditions()
            if name in features_in(condition, book.schema) | reasons.get(code, set())
        ]
    return tuple(users)


def _written(name: str, text: str) -> tuple[str, int]:
    root, _ = read_yaml(text, "")
    if not isinstance(root, MappingNode) or name not in root.entries:
        return "", 1
    key, node = root.keys[name], root.entries[name]
    return text[key.start : node.end].strip(), key.place.line
