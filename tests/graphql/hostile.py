"""Requests of somebody who wishes a server ill: known attacks, documents grown from the schema, and bent ones."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from graphql import GraphQLSchema
from tests.graphql.grown import JUNK, Grower, text

# Below the limit of a body, with room for JSON's own marks.
_LONG = 990_000
_HUGE = (10, 1_000, 20_000)


@dataclass(frozen=True, slots=True)
class Request:
    """What is posted as JSON, and what is wrong with it."""

    kind: str
    body: bytes


def requests(schema: GraphQLSchema, seed: int, count: int) -> Iterator[Request]:
    """As many requests; the same ones for the same seed and schema."""
    random = Random(seed)
    grower = Grower(schema, random)
    for _ in range(count):
        if random.random() < 0.6:
            kind, made = random.choice(_GROWN)
            yield Request(kind, made(random, grower.document(random.randint(1, 9))))
        else:
            kind, attack = random.choice(_ATTACKS)
            yield Request(kind, attack(random))


def _posted(query: object, **beside: object) -> bytes:
    return json.dumps({"query": query, **beside}).encode()


def _bent(random: Random, document: str) -> bytes:
    """With some of its characters gone, doubled or replaced."""
    letters = list(document)
    for _ in range(random.randint(1, 8)):
        place = random.randrange(len(letters))
        letters[place] = random.choice(
            ["", letters[place] * 2, random.choice(JUNK), random.choice('{}()[]:!$@"&|...#')]
        )
    return _posted("".join(letters))


def _with_variables(random: Random, document: str) -> bytes:
    wide: object = {"where": {"and": [{}] * 500}}
    variables: object = random.choice([[], "x", 1, {"a": [[[[1]]]]}, wide, {text(random): None}, None])
    return _posted(document, variables=variables, operationName=random.choice([None, "", "A", 1, [], "x" * 9999]))


_GROWN: list[tuple[str, Callable[[Random, str], bytes]]] = [
    ("grown", lambda _, document: _posted(document)),
    ("grown", lambda _, document: _posted(document)),
    ("bent", _bent),
    ("odd variables", _with_variables),
]


def _nested(random: Random) -> bytes:
    levels = random.choice(_HUGE)
    opening, closing = random.choice([("{ a ", "}"), ("{ ... ", "}"), ("{ ... on Query ", "}")])
    return _posted(opening * levels + closing * random.choice([levels, 0]))


def _nested_value(random: Random) -> bytes:
    levels = random.choice([*_HUGE, 300])
    opening, closing = random.choice([("[", "]"), ("{and: [", "]}"), ("{not: ", "}")])
    return _posted(f"{{ customers(where: {opening * levels}{closing * levels}) {{ totalCount }} }}")


def _nested_variable(random: Random) -> bytes:
    levels = random.choice([*_HUGE, 300])
    value = '{"not": ' * levels + "{}" + "}" * levels
    query = "query($w: CustomerWhere) { customers(where: $w) { totalCount } }"
    return f'{{"query": "{query}", "variables": {{"w": {value}}}}}'.encode()


def _many(random: Random) -> bytes:
    count = random.choice([40, 400, 4_000])
    repeated = random.choice(
        [
            "a{n}: __typename",
            "__typename",
            "publishedRun {{ number }}",
            "a{n}: customers(first: 200) {{ nodes {{ shipments(first: 200) {{ totalCount }} }} }}",
            "... @include(if: true) {{ __typename }}",
            "__typename @a{n}",
            "...F{n}",
            "a: customers(first: {n}) {{ totalCount }}",
        ]
    )
    return _posted("{ " + " ".join(repeated.format(n=n) for n in range(count)) + " }")


def _many_definitions(random: Random) -> bytes:
    count = random.choice([40, 400, 4_000])
    repeated = random.choice(
        [
            "query A{n} {{ __typename }}",
            "fragment F{n} on Query {{ __typename }}",
            "{{ __typename }}",
            "type T{n} {{ a: Int }}",
        ]
    )
    return _posted(" ".join(repeated.format(n=n) for n in range(count)))


def _fragments(random: Random) -> bytes:
    """In a circle, or each spreading the next twice: two to the power of their number."""
    count = random.choice([2, 20, 100])
    last = random.choice(["...F0", "publishedRun { number }", "...F1 ...F2", "a: asOf b: asOf"])
    chain = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(count - 1)]
    return _posted(f"{{ ...F0 }} {' '.join(chain)} fragment F{count - 1} on Query {{ {last} }}")


def _overlapping(random: Random) -> bytes:
    """Fields that must be compared pair by pair to know whether they say the same."""
    count = random.choice([10, 100, 300])
    inner = random.choice(["number", "number asOf state", "a: number b: number"])
    return _posted("{ " + f"publishedRun {{ {inner} }} " * count + "}")


def _overlapping_deep(random: Random) -> bytes:
    levels, width = random.choice([(4, 3), (7, 2), (12, 2), (2, 30), (1, 150)])
    name = random.choice(["parent", "parents"])
    made = "id"
    for _ in range(levels):
        made = f"owner {{ name }} {name} {{ customer {{ {made} }} }} " * width
        if len(made) > 100_000:
            break
    return _posted("{ customers(first: 1) { nodes { " + made + " } } }")


def _introspection(random: Random) -> bytes:
    levels = random.choice([2, 6, 60])
    step = random.choice(["fields { type", "possibleTypes { interfaces", "inputFields { type"])
    return _posted("{ __schema { types { " + f"{step} {{ " * levels + "name" + " } }" * levels + " } } }")


def _long(random: Random) -> bytes:
    value = random.choice(["a", "客", "\\u0000", "%", "9", "٣"]) * (_LONG // 6)
    place = random.choice(
        [
            '{{ customerByIdentifier(value: "{0}") {{ name }} }}',
            "{{ customers(first: {0}) {{ totalCount }} }}",
            "{{ a{0} }}",
            "# {0}\n{{ __typename }}",
            '{{ a(b: """{0}""") }}',
            "{{ __typename @a{0} }}",
            "{0}",
        ]
    )
    return _posted(place.format(value))


def _long_variable(random: Random) -> bytes:
    query = random.choice(
        [
            "query($v: String!) { customersByIdentifier(value: $v) { kind } }",
            "query($v: String!) { customers(where: {text: $v}) { totalCount } }",
            "query($v: String!) { customers(after: $v) { totalCount } }",
            "query($v: ID!) { node(id: $v) { id } }",
            "query($v: Int!) { customers(first: $v) { totalCount } }",
            "query($v: [String!]) { customers(where: {region: {in: $v}}) { totalCount } }",
            "query($v: [ID!]!) { nodes(ids: $v) { id } }",
        ]
    )
    value: object = random.choice(["a", "客", "\x00", "%", "1"]) * (_LONG // 8)
    if "[" in query:
        value = ["客"] * random.choice([1_000, 90_000])
    return _posted(query, variables={"v": value})


def _odd_body(random: Random) -> bytes:
    return random.choice(
        [
            b"",
            b"{",
            b"null",
            b"[]",
            b"[" * 100_000,
            b'{"query": ' + b"[" * 100_000,
            b'{"query": "{ __typename }", "query": 1}',
            b'{"query": "\\ud800"}',
            b'{"query": "\xff\xfe"}',
            b"\xef\xbb\xbf" + _posted("{ __typename }"),
            b'{"query": NaN}',
            b'{"query": 1e999}',
            _posted(None),
            _posted(["{ __typename }"] * 50),
            _posted({"a": 1}),
            _posted("{ __typename }", extensions={"persistedQuery": {"version": 1, "sha256Hash": text(random)}}),
            _posted("{ __typename }", extensions=[1], id=text(random)),
            json.dumps([{"query": "{ __typename }"}] * random.choice([2, 1_000])).encode(),
            _posted("{ __typename }", variables={"a" * 1000: ["b"] * 10_000}),
            b" " * 100_000 + _posted("{ __typename }"),
            b"x" * 1_200_000,
        ]
    )


def _noise(random: Random) -> bytes:
    words = [*"{}():1", "...", "on", "fragment", "query", "mutation", "subscription", "$a", "@a", '"', '"""']
    return _posted(" ".join(random.choices([*words, *JUNK], k=random.choice([5, 50, 1_500]))))


_ATTACKS: list[tuple[str, Callable[[Random], bytes]]] = [
    ("nested selections", _nested),
    ("nested value", _nested_value),
    ("nested variable", _nested_variable),
    ("many selections", _many),
    ("many definitions", _many_definitions),
    ("fragments", _fragments),
    ("overlapping fields", _overlapping),
    ("overlapping fields, deep", _overlapping_deep),
    ("introspection", _introspection),
    ("long literal", _long),
    ("long variable", _long_variable),
    ("odd body", _odd_body),
    ("noise", _noise),
]
