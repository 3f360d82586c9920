"""Rule sets that ask for the levels of others: the names these have, and the order that follows."""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from kehu.model.feature_types import FeatureType, Schema
from kehu.model.problems import Problem
from kehu.rules.effective import always
from kehu.rules.files import Draft

# Columns that frames of features have anyway, and the words of the rule language.
RESERVED = frozenset(
    "customer at and or not in if elif else for while true false null inf nan".split()  # noqa: SIM905
)


def flag_name(ruleset: str, level: str) -> str:
    """The name under which conditions ask whether a customer holds a flag: `vip_vip`, `project_customer_project`."""
    return f"{ruleset}_{level}"


def level_types(drafts: Iterable[Draft]) -> dict[str, FeatureType]:
    """What conditions may ask of the rule sets: a tier by its own code for a word, a flag for true or false.

    A tier's word may be unknown (null) unless every version of it takes the rest and one is always in force.
    """
    versions: dict[str, list[Draft]] = {}
    for draft in drafts:
        versions.setdefault(draft.code, []).append(draft)
    types: dict[str, FeatureType] = {}
    for code, found in versions.items():
        if found[0].kind == "tier":
            words = tuple(dict.fromkeys(entry.code for draft in found for entry in draft.entries))
            certain = always(draft.effective for draft in found) and all(map(_takes_the_rest, found))
            types[code] = FeatureType("string", nullable=not certain, words=words)
        elif found[0].kind == "flag":
            types |= {flag_name(code, entry.code): FeatureType("boolean") for item in found for entry in item.entries}
    return types


def names_of(drafts: Iterable[Draft]) -> dict[str, str]:
    """The rule set that answers for each name that conditions may ask."""
    names: dict[str, str] = {}
    for draft in drafts:
        if draft.kind == "tier":
            names[draft.code] = draft.code
        elif draft.kind == "flag":
            names |= {flag_name(draft.code, entry.code): draft.code for entry in draft.entries}
    return names


def taken_names(drafts: Iterable[Draft], features: Schema) -> Iterator[tuple[Draft, Problem]]:
    """A problem for every name that a feature or another rule set has as well."""
    owner: dict[str, Draft] = {}
    for draft in drafts:
        for name in names_of([draft]):
            other = owner.setdefault(name, draft)
            if name in RESERVED:
                said = f"'{name}' is a word with a meaning of its own"
                yield draft, Problem(draft.place, "name-taken", said, "give the rule set another code")
            elif name in features:
                said = f"'{name}' is also the name of a feature"
                yield draft, Problem(draft.place, "name-taken", said, "give the rule set or level another code")
            elif other.code != draft.code:
                said = f"'{name}' is also what conditions ask of '{other.code}'"
                yield draft, Problem(draft.place, "name-taken", said, "give the rule set or level another code")


def circles(asks: Mapping[str, set[str]]) -> Iterator[tuple[str, ...]]:
    """Rule sets that ask for each other, first and last the same, each circle once; `asks` is by rule set."""
    left = dict(asks)
    while True:
        try:
            tuple(TopologicalSorter({code: needs & set(left) for code, needs in left.items()}).static_order())
        except CycleError as error:
            circle: list[str] = error.args[1]
            # The sorter walks from what is asked to who asks.
            yield tuple(reversed(circle))
            left = {code: needs for code, needs in left.items() if code not in circle}
        else:
            return


def generations(asks: Mapping[str, set[str]]) -> Iterator[tuple[str, ...]]:
    """Rule sets that can be answered together: each asks only for those of earlier generations."""
    sorter = TopologicalSorter({code: needs & set(asks) for code, needs in asks.items()})
    sorter.prepare()
    while sorter.is_active():
        ready = tuple(sorter.get_ready())
        yield ready
        sorter.done(*ready)


def _takes_the_rest(draft: Draft) -> bool:
    return any(entry.otherwise for entry in draft.entries)
