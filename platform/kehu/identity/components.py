"""Which nodes of a graph hang together, and which links lie on a circle."""

import numpy as np
from numpy.typing import NDArray

Nodes = NDArray[np.integer]


def components(count: int, one: Nodes, other: Nodes) -> NDArray[np.integer]:
    """The component of each of `count` nodes, of edges by their two ends.

    Components are numbered in the order of their first nodes.
    """
    # Every node points to a root of its component that is no greater; in each round all roots but the least among
    # their neighbours come to point to a lesser one, so that at most half of them are left.
    root = np.arange(count)
    while len(one):
        left, right = root[one], root[other]
        apart = left != right
        one, other, left, right = one[apart], other[apart], left[apart], right[apart]
        np.minimum.at(root, np.maximum(left, right), np.minimum(left, right))
        while not np.array_equal(above := root[root], root):
            root = above
    # By now each root is the least node of its component.
    numbers = np.cumsum(root == np.arange(count), dtype=np.int32) - 1
    return numbers[root]


def on_circle(count: int, start: Nodes, end: Nodes) -> NDArray[np.bool_]:
    """Whether each link lies on a circle of links; no node of the `count` may be the start of two."""
    # Whoever takes as many steps as there are nodes is on a circle, or at the place behind the last node.
    after = np.full(count + 1, count)
    after[start] = end
    for _ in range(count.bit_length()):
        after = after[after]
    there = np.zeros(count + 1, dtype=np.bool_)
    there[after[:count]] = True
    there[count] = False
    return there[start]
