"""A list feature's value as people write it in an example or a test."""

from collections.abc import Callable
from dataclasses import replace

from kehu.model.feature_types import FeatureType, Kind
from kehu.model.yaml_nodes import Items, Node, Scalar
from kehu.rules.shapes import Shapes

# Lists by what an item is.
ITEMS: dict[Kind, Kind] = {"strings": "string", "integers": "integer"}
ReadValue = Callable[[str, Scalar, FeatureType, Shapes], object]


def read_list(name: str, node: Node, kind: FeatureType, shapes: Shapes, read_value: ReadValue) -> list[object]:
    """The items, each read by `read_value`, in order and each once, as a computed list has them."""
    if not isinstance(node, Items) or not all(isinstance(item, Scalar) for item in node.nodes):
        shapes.note(node.place, "example-value", f"'{name}' must be a list", f"such as {name}: [a, b], or []")
        return []
    item = replace(kind, kind=ITEMS[kind.kind])
    values = [read_value(name, each, item, shapes) for each in node.nodes if isinstance(each, Scalar)]
    known = {value for value in values if value is not None}
    return sorted(known)  # type: ignore[type-var]
