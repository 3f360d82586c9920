"""Variants: other thresholds for some customers, such as those of a region or kind."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kehu.model.yaml_nodes import Mapping, Node, Scalar
from kehu.rules.keeping import read_condition
from kehu.rules.shapes import Shapes

VARIANT_KEYS = ("for", "when", "keep_while")


@dataclass(frozen=True, slots=True)
class Variant:
    """For customers that meet `whom`, `when` takes the place of the entry's condition, `keep` of its keep_while."""

    whom: Scalar
    when: Scalar
    keep: Scalar | None

    @property
    def conditions(self) -> tuple[Scalar, ...]:
        """Everything that is compiled of it."""
        return (self.whom, self.when, *(() if self.keep is None else (self.keep,)))


def read_variants(node: Node | None, shapes: Shapes, *, keeps: bool) -> tuple[Variant, ...]:
    """The variants in the right shape; a warning's keep nothing, so `keep_while` is unknown to them."""
    keys = VARIANT_KEYS if keeps else VARIANT_KEYS[:2]
    found = (_variant(item, keys, shapes) for item in shapes.items(node, "'variants'"))
    return tuple(variant for variant in found if variant is not None)


def chosen(variants: Iterable[Variant], pick: Callable[[Variant], Scalar | None], rest: Scalar | None) -> str | None:
    """The condition that asks the first variant whose customers these are, and `rest` of all others.

    None where there is nothing to ask. A part whose variant says nothing is asked as `rest` is.
    """
    if rest is None:
        return None
    text = rest.text
    for each in reversed(tuple(variants)):
        # The break before the bracket ends a comment, if there is one.
        own = pick(each) or rest
        text = f"(({each.whom.text.strip()}\n) ? ({own.text.strip()}\n) : ({text.strip()}\n))"
    return text


def _variant(node: Node, keys: Iterable[str], shapes: Shapes) -> Variant | None:
    found = shapes.mapping(node, "a variant", keys, ("for", "when"))
    if not isinstance(found, Mapping):
        return None
    whom, when, keep = (read_condition(found.get(key), shapes, key) for key in VARIANT_KEYS)
    return None if whom is None or when is None else Variant(whom, when, keep)
