"""Components and circles are those of NetworkX."""

import networkx as nx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kehu.identity.components import components, on_circle

NODES = 12
NODE = st.integers(0, NODES - 1)


@given(st.lists(st.tuples(NODE, NODE), max_size=20))
def test_components_are_those_of_networkx_in_the_order_of_their_first_nodes(edges: list[tuple[int, int]]) -> None:
    graph = nx.Graph(edges)
    graph.add_nodes_from(range(NODES))
    expected = {node: place for place, found in enumerate(_in_order(graph)) for node in found}
    one, other = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    assert components(NODES, one, other).tolist() == [expected[node] for node in range(NODES)]


def _in_order(graph: "nx.Graph[int]") -> list[set[int]]:
    return sorted(nx.connected_components(graph), key=min)


def test_a_long_chain_in_any_order_is_one_component() -> None:
    order = np.random.default_rng(3).permutation(100_000)
    assert components(len(order), order[:-1], order[1:]).max() == 0


@given(st.dictionaries(NODE, NODE))
def test_a_link_is_on_a_circle_where_its_ends_reach_each_other(links: dict[int, int]) -> None:
    graph = nx.DiGraph(links.items())
    expected = [nx.has_path(graph, end, start) for start, end in links.items()]
    start, end = (np.array(list(each), dtype=np.int64) for each in (links.keys(), links.values()))
    assert on_circle(NODES, start, end).tolist() == expected
