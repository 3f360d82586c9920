"""What rule-engine has and bulk evaluation has not: its name, and what to write instead."""

from kehu.rules.trees import Span
from kehu.rules.values import Kind, Refused

# By the class of the tree's node.
NODES: dict[str, tuple[str, str]] = {
    "MappingExpression": ("a mapping", "write the cases out, kind == 'a' ? 1 : 2"),
    "BytesExpression": ("a bytes text", "compare texts"),
    "FunctionExpression": ("a method of a written text", 'turn it round: ask the feature, name =~ "text"'),
}

BUILTINS: dict[str, str] = {
    "filter": "write [x for x in list if condition]",
    "map": "write [$abs(x) for x in list]",
    "parse_datetime": 'write the instant out, d"2024-06-30"; a feature should hold instants, not their texts',
    "parse_float": "write the number out; a feature should hold numbers, not their texts",
    "parse_timedelta": 'write the duration out, t"P30D"; a feature should hold numbers, not their texts',
    "random": "a rule gives the same answer twice; take a part by a feature, such as count % 10 == 0",
    "range": "write x >= low and x < high",
    "re_groups": 'test the part itself with a pattern, name =~ r"\\w+-(north|south)"',
    "split": 'test the parts with a pattern, name =~~ r"(^|,)air(,|$)"',
}

_AS_TEXT = "compare the number itself"
_AS_NUMBER = "a feature should hold numbers, not their texts; where the text is written out, write the number"
_ITEMS = "ask 'x in list', list.length or list&[0]"
_BYTES = "compare texts"

ATTRIBUTES: dict[tuple[Kind, str], str] = {
    ("string", "encode"): _BYTES,
    ("string", "to_flt"): _AS_NUMBER,
    ("string", "to_int"): _AS_NUMBER,
    ("string", "to_ary"): "ask the text itself: name.length, name[0], 'a' in name",
    ("string", "to_set"): "ask the text itself: 'a' in name",
    ("number", "to_str"): _AS_TEXT,
    ("float", "to_str"): _AS_TEXT,
    ("quotient", "to_str"): _AS_TEXT,
    ("list", "starts_with"): _ITEMS,
    ("list", "ends_with"): _ITEMS,
    ("list", "to_ary"): _ITEMS,
    ("list", "to_set"): _ITEMS,
    ("list", "length"): _ITEMS,
    ("list", "is_empty"): _ITEMS,
}


def no_node(name: str, span: Span | None = None) -> Refused:
    """A node of that class that is not compiled."""
    noun, remedy = NODES.get(name, ("this", "see docs/language.md"))
    return Refused("unsupported", f"{noun} cannot be evaluated exactly in bulk", remedy, span)


def no_builtin(name: str) -> Refused:
    """A `$` name that exists and is not compiled."""
    return Refused("unsupported", f"'${name}' cannot be evaluated exactly in bulk", BUILTINS[name])


def no_attribute(kind: Kind, name: str, said: str) -> Refused:
    """An attribute that exists and is not compiled; `said` is what it was asked of."""
    return Refused(
        "unsupported", f"'.{name}' cannot be evaluated in bulk here: {said}", ATTRIBUTES.get((kind, name), "")
    )
