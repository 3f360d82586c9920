"""The language as a table: what a condition is made of, and texts chosen from it.

In a production `<kind>` stands for a text of that kind. Which production is taken is the caller's choice, so that
the same table serves dice (many texts, replayed by their seed) and Hypothesis (few, made small when one fails).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Choose = Callable[[Sequence[str]], str]

_KIND = re.compile(r"<(\w+)>")

# Texts with nothing in them to choose.
WORDS: dict[str, tuple[str, ...]] = {
    "integer": ("i1", "i2"),
    "decimal": ("d1", "d2"),
    "maybe_exact": ("in1", "dn1"),
    "constant": ("0", "1", "2", "3", "7", "10", "100", "0.3", "2.5", "111.11", "33.33", "0.125", "10.050", "1e3", "-4"),
    "divisor": ("2", "3", "7", "10", "100", "-2", "-0.3", "0.1"),
    "operator": ("+", "-", "*", "/", "//", "%"),
    "exponent": ("1", "2", "3"),
    "rounding": ("floor", "ceiling", "to_int", "to_flt"),
    "extreme": ("$max", "$min", "$sum"),
    "order": ("<", "<=", ">", ">=", "==", "!="),
    "same": ("==", "!="),
    "in": ("in", "not in"),
    "joint": ("and", "or"),
    "truth": ("true", "false"),
    "risk": ("(7 / i1)", "(d1 // i1)", "(i2 % d1)", "(d1).to_int", "(t1 + t\"P400000W\").year", "(s1[2] + 'x').length"),
    "quoted": ("'a'", "'abc'", "''", "'北京'", r"'abc\n'", "'VIP'", "'ß'", "'ABC'", r"'\n'", "'ss'"),
    "case": ("as_lower", "as_upper", "to_str"),
    "edge": ("starts_with", "ends_with"),
    "position": ("0", "1", "-1", "-3", "i1", "(i1 % 3)", "(s1).length", "-(s1).length"),
    "calendar": ("year", "month", "day", "hour", "minute", "second", "millisecond", "microsecond"),
    "span": ("days", "seconds", "microseconds", "total_seconds"),
    "date": (
        "$now", "$today", 'd"2024-02-29"', 'd"2023-12-31T12:00:01"', 'd"1970-01-01T00:00:00Z"',
        'd"9999-12-31T23:59:59.999999"', 'd"0001-01-01"',
    ),
    "length": ('t"P90D"', 't"PT1S"', 't"P1DT2H3M4S"', 't"P0D"', 't"P4000W"', 't"PT0.000001S"', 't"P1D"'),
    "matching": ("=~", "=~~", "!~", "!~~"),
    "piece": (
        r"\w+", r"\d", r"\s*", "a|b", "[^a-c]", "(?:VIP|abc)", ".", "", "^a", "^", r"\D+", r"[\w ]+", r"\W", r"\s",
        r"\S{2,3}", "(b+)?", "北", r"a.*?c\Z", r"\.", "[.$]", "a{2,}", "[a&&b]", "[[]", r"[^\w]", r"\x41",
    ),
    "tail": ("$", "abc$", "(x|abc$)", "^$", "c$|1$", r"\w$"),
    "rare": (
        r"(?i)ABC", r"\bVIP\b", "(?s)c.", "(?s).+$", "(?x) a b", r"a$\n", "a++", r"(a)\1", "(?=a)", r"\B", "(?a)b",
    ),
}  # fmt: skip

# Kinds ending in "_maybe" may be null. "loose" is anything Python takes for true or false.
RULES: dict[str, tuple[str, ...]] = {
    "number": (
        "<integer>", "<decimal>", "f1", "<constant>", "<risk>",
        "<arithmetic>", "<arithmetic>", "<quotient>",
        "(<number> ** <exponent>)",
        "(-<number>)",
        "(<loose> ? <number> : <number>)",
        "(<number_maybe> ?? <number>)",
        "$abs(<number>)",
        "<extreme>([<number>, <number>])",
        "(<number>).<rounding>",
        "<part>",
    ),
    "part": (
        "(s1).length", "(t1).<calendar>", "(t1 - <date>).<span>",
        "(<text>).length",
        "(<instant>).<calendar>",
        "(<duration>).<span>",
        "(t1 - <instant>).<span>",
    ),
    "arithmetic": (
        "(<integer> <operator> <decimal>)", "(<decimal> <operator> <constant>)",
        "(<number> <operator> <number>)",
        "(<number> <operator> <constant>)",
        "(<constant> <operator> <number>)",
    ),
    "quotient": (
        "(<integer> / <divisor>)", "(<decimal> / <divisor>)",
        "(<number> / <divisor>)",
        "(<number> / <number>)",
    ),
    "number_maybe": (
        "<maybe_exact>", "<maybe_exact>", "fn1",
        "sn1&.length",
        "tn1&.<calendar>",
        "(<boolean> ? <number_maybe> : <number>)",
        "(<boolean> ? <number> : null)",
        "(<number_maybe> ?? <number_maybe>)",
    ),
    "text": (
        "s1", "<quoted>", "s1.<case>",
        "(<text> + <text>)",
        "(<text>).<case>",
        "(<text>)[<position>]",
        "((<text>)&[<position>] ?? <text>)",
        "(<text_maybe> ?? <text>)",
        "(<loose> ? <text> : <text>)",
        "(<instant>).weekday",
    ),
    "text_maybe": (
        "sn1", "sn1",
        "sn1&.<case>",
        "sn1&[<position>]",
        "(<text>)&[<position>]",
        "tn1&.weekday",
        "(<boolean> ? sn1 : <text>)",
        "(<text_maybe> ?? <text_maybe>)",
    ),
    "instant": (
        "t1", "t1", "<date>",
        "(<instant> + <duration>)",
        "(<instant> - <duration>)",
        "(<duration> + <instant>)",
        "(<instant>).date",
        "(tn1 ?? <instant>)",
        "(<loose> ? <instant> : <instant>)",
    ),
    "duration": (
        "<length>",
        "(<instant> - <instant>)",
        "(<duration> + <duration>)",
        "(<duration> - <duration>)",
        "(-<duration>)",
        "(<loose> ? <duration> : <duration>)",
    ),
    "boolean": (
        "b1", "<truth>", "(bn1 ?? false)",
        "(<number> <order> <number>)",
        "(<number> <order> <constant>)",
        "(<constant> <order> <number>)",
        "(<risk> <order> <number>)",
        "(<part> <order> <constant>)",
        "(<quotient> <order> <quotient>)",
        "(<quotient> <order> <constant>)",
        "(<text> <order> <text>)",
        "(<instant> <order> <instant>)",
        "(<duration> <order> <duration>)",
        "(<boolean> <order> <boolean>)",
        "(<number_maybe> <same> <number>)",
        "(<number_maybe> <same> <number_maybe>)",
        "(<text_maybe> <same> <text>)",
        "(<text_maybe> <same> <text_maybe>)",
        "(<text> <same> (<instant>).weekday)",
        "(<number_maybe> <same> null)",
        "(<text_maybe> <same> null)",
        "(tn1 <same> null)",
        "(bn1 <same> <boolean>)",
        "(<number> <in> [<number>, <constant>, null])",
        "(<number_maybe> <in> [<constant>, null, <number>])",
        "(<number_maybe> <in> [<constant>, 2, 7])",
        "(<text_maybe> <in> [<quoted>, 'ABC', <quoted>])",
        "(<text_maybe> <in> ['a', null, <text>])",
        "(<boolean> <in> [true, <boolean>])",
        "(bn1 <in> [<truth>, null])",
        "(<instant> <in> [$today, <instant>])",
        "(tn1 <in> [t1, <date>])",
        "(<duration> in [<duration>, <length>])",
        "(<text> <in> <text>)",
        "(<boolean> <joint> <boolean>)",
        "(<loose> <joint> <loose>)",
        "(<boolean> <joint> (<risk> <order> <constant>))",
        "(not <loose>)",
        "(<loose> ? <boolean> : <boolean>)",
        "(<text> <matching> <pattern>)",
        "(s1 <matching> <pattern>)",
        "(<text>).<edge>(<text>)",
        "(<text>).is_empty",
        "$any([<loose>, <loose>])",
        "$all([<loose>, <loose>])",
        "((sn1&.is_empty) ?? <boolean>)",
        "(<number>).is_nan",
    ),
    "loose": (
        "<boolean>", "<number>", "<text>", "<duration>", "<instant>", "<number_maybe>", "<text_maybe>",
        "bn1", "tn1", "null", "[]", "[<number>]",
    ),
    "pattern": (
        'r"<piece>"', 'r"<piece><piece>"', 'r"<piece><tail>"', 'r"<tail>"', 'r"<rare>"',
    ),
    # Types mixed at will: nearly everything is refused, and what is not must still be right.
    "mixed": (
        "(<anything> <order> <anything>)",
        "(<anything> <in> [<anything>, <anything>])",
        "(<anything> <in> <anything>)",
        "((<anything> ?? <anything>) <order> <anything>)",
        "((<anything> <operator> <anything>) <order> <anything>)",
        "((<boolean> ? <anything> : <anything>) <order> <anything>)",
        "((<anything> ** <anything>) <order> <constant>)",
        "(<anything> <matching> <anything>)",
        "((<anything>)[<anything>] <order> <anything>)",
        "(<extreme>([<anything>, <anything>]) <order> <anything>)",
        "((-<anything>) <order> <anything>)",
        "((<anything>).<attribute> <order> <anything>)",
        "((<anything>)&.<attribute> <order> <anything>)",
        "(<loose> ? <boolean> : <loose>)",
        "(not <anything>)",
    ),
    "anything": (
        "<number>", "<text>", "<instant>", "<duration>", "<boolean>", "<number_maybe>", "<text_maybe>",
        "null", "bn1", "tn1", "[]", "[<anything>, <anything>]", "$e", "b'a'", "{}", "$now.date", "(1, 2)",
    ),
    "attribute": (
        "<rounding>", "<case>", "<calendar>", "<span>", "length", "is_empty", "weekday", "date", "to_epoch", "is_nan",
        "encode", "zone_name", "keys", "nothing",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text with the productions it was made by."""

    text: str
    productions: frozenset[str]


class Grammar:
    """Every production of a kind is as likely as every other; those that name a word of `avoid` are left out."""

    def __init__(self, avoid: tuple[str, ...] = ()) -> None:
        self._all = {kind: [each for each in RULES[kind] if not any(word in each for word in avoid)] for kind in RULES}
        self._leaves = {kind: [each for each in options if is_leaf(each)] for kind, options in self._all.items()}

    def sentence(self, kind: str, depth: int, choose: Choose) -> Sentence:
        """A text of the kind, at most `depth` productions above its leaves."""
        used: set[str] = set()
        text = self._text(kind, depth, choose, used)
        return Sentence(text, frozenset(used))

    def _text(self, kind: str, depth: int, choose: Choose, used: set[str]) -> str:
        if kind in WORDS:
            return choose(WORDS[kind])
        production = choose(self._all[kind] if depth > 0 else self._leaves[kind])
        used.add(production_name(kind, production))
        below = depth if _KIND.fullmatch(production) else depth - 1
        return _KIND.sub(lambda found: self._text(found[1], below, choose, used), production)


def production_name(kind: str, production: str) -> str:
    """What a production is counted under."""
    return f"{kind}: {production}"


def productions(kinds: Iterable[str]) -> frozenset[str]:
    """The names of all productions of the kinds."""
    return frozenset(production_name(kind, each) for kind in kinds for each in RULES[kind])


def is_leaf(production: str) -> bool:
    """Whether it holds nothing but words, or is only another name for a kind."""
    return bool(_KIND.fullmatch(production)) or all(kind in WORDS for kind in _KIND.findall(production))
