"""The whole language, construct by construct: an example of each, and whether it is computed exactly."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kehu.model.feature_types import FeatureType, Schema

Standing = Literal["exact", "with care", "refused"]

# The features the examples speak of.
PROBE: Schema = {
    "count": FeatureType("integer"),
    "small": FeatureType("integer", digits=6),
    "days": FeatureType("integer", nullable=True),
    "amount": FeatureType("decimal", scale=2),
    "rate": FeatureType("float"),
    "name": FeatureType("string"),
    "region": FeatureType("string", nullable=True),
    "kind": FeatureType("string", words=("company", "person")),
    "seen_at": FeatureType("instant"),
    "left_at": FeatureType("instant", nullable=True),
    "agreed": FeatureType("boolean"),
    "asked": FeatureType("boolean", nullable=True),
    "services": FeatureType("strings"),
    "sizes": FeatureType("integers", digits=6),
}


@dataclass(frozen=True, slots=True)
class Construct:
    """A row of the table. `instead` is the remedy that check gives with each example, "" where there is none."""

    says: str
    examples: tuple[str, ...]
    standing: Standing = "exact"
    instead: str = ""


def _exact(says: str, *examples: str) -> Construct:
    return Construct(says, examples)


def _care(says: str, *examples: str, instead: str) -> Construct:
    return Construct(says, examples, "with care", instead)


def _refused(says: str, *examples: str, instead: str) -> Construct:
    return Construct(says, examples, "refused", instead)


_FLOATS = "compare integers or decimals where the edge matters"
_TEXT_NUMBERS = "a feature should hold numbers, not their texts; where the text is written out, write the number"
_NO_PATTERN = "write the pattern without it; 'starts_with', 'in' and two conditions with 'and' often do"
_NO_BYTES = "compare texts"
_NO_MAPPING = "write the cases out, kind == 'a' ? 1 : 2"
_ITEMS = "ask 'x in list', list.length or list&[0]"
_ASSERT = "check it with an example"

CONSTRUCTS: Mapping[str, tuple[Construct, ...]] = {
    "Truth and choice": (
        _exact("`and`, `or`, `not`", "count > 1 and not agreed or kind == 'person'"),
        _care("the same with what may be unknown", "asked or agreed", instead="say so: (asked ?? false)"),
        _exact("true, false, and what counts as such", "agreed == true", "not (name or count)"),
        _exact("`? :`, of one type", "(agreed ? 1 : 2) == count"),
        _refused("`? :`, of two types", '(agreed ? 1 : "x") == 1', instead="give both one type"),
        _exact("a comment to the end of the line", "count > 1 # more than one"),
        _refused("a number, text or instant as the whole condition", "count",
                 instead="compare it, for example count > 0"),
    ),
    "Unknown": (
        _exact("test for unknown", "days == null", "left_at != null"),
        _care("the same where it never is", "count == null", instead="leave the test out"),
        _exact("a default for unknown", "(days ?? 0) > 3"),
        _exact("equal, where both may be unknown", "days != 3", "days == days"),
        _refused("order or arithmetic of what may be unknown", "days > 3", "days + 1 > 3",
                 instead="say what unknown means, for example (days ?? 0)"),
        _exact("attribute, item or slice, unknown where it is asked of unknown", "left_at&.year == 2024",
               'region&[0] == "a"', 'region&[0:2] == "ab"'),
    ),
    "Comparing": (
        _exact("numbers", "count >= 2.5", "amount != 59999.99", "count < 7", "count <= small"),
        _exact("texts by code point, instants, durations, truths", 'name < "m"', "seen_at > (left_at ?? $now)",
               '$now - seen_at > t"P90D"', "agreed == (count > 1)"),
        _refused("values of two types", "name == 1", instead="compare values of one type"),
        _exact("a member of a written list or set", "count in [1, 2, 3]", 'kind not in ["person"]', "count in {1, 2}"),
        _exact("a text within a text", '"ab" in name'),
        _refused("infinity, not a number", "rate < inf", "rate == nan", instead="give a number"),
    ),
    "Numbers": (
        _exact("add, subtract, multiply, turn the sign", "amount - count * 0.1 + small > -count"),
        _exact("divide, then compare", "amount / count > 2.5", "small / 3 > 10 / small"),
        _care("compare two quotients of more than 26 digits", "count / small > small / count", instead=_FLOATS),
        _care("divide, then go on calculating", "count / 3 + 1 > 2", instead=_FLOATS),
        _exact("whole division, toward zero; remainder, with the dividend's sign", "count // 7 == 1", "count % 7 == 1"),
        _exact("power 1, 2 or 3", "small ** 2 > 9"),
        _refused("other powers", "small ** 4 > 3", "small ** 0.5 > 3", instead="multiply instead"),
        _refused("results of more than 28 digits", "amount * amount > 1",
                 instead="divide less precisely, or give the feature fewer digits"),
        _exact("compare a float with at most 15 digits", "rate >= 0.95"),
        _refused("the same with more", "rate > 0.1234567890123456", instead="write it with at most 15 digits"),
        _care("calculate with a float", "rate * 2 > 1", instead=_FLOATS),
        _refused("whole division or remainder of a float", "rate % 1 == 0", "rate // 2 == 0",
                 instead="use / or a decimal feature"),
        _exact("`.floor`, `.ceiling`, `.to_int`, `.to_flt`, `.is_nan`", "amount.floor == 3", "amount.ceiling == 4",
               "amount.to_int == 3", "count.to_flt == 3", "not rate.is_nan"),
        _refused("`.to_str` of a number", 'count.to_str == "1"', instead="compare the number itself"),
        _exact("`$e`, `$pi`", "count > $e and count < $pi"),
        _exact("`$abs`, `$min`, `$max`, `$sum` of numbers written as a list", "$abs(count) > 3",
               "$max([count, small]) > $min([count, 3])", "$sum([count, small]) > 3"),
        _exact("bits of whole numbers: `&`, `|`, `^`, `<<`, `>>`", "count & 6 == 2", "count | 1 > 2", "count ^ 1 > 2",
               "small << 2 > 8", "small >> 2 > 8"),
        _refused("bits of a decimal", "amount & 1 == 1", instead="add .floor"),
        _refused("bits shifted by a feature", "count << small > 1",
                 instead="multiply or divide by a power of two, count // 8"),
    ),
    "Texts": (
        _exact("join", 'name + "x" == "ax"'),
        _exact("`.length`, `.is_empty`, in code points", "name.length > 3", "not name.is_empty"),
        _exact("`.as_lower`, `.as_upper`, `.to_str`", 'name.as_upper == "VIP"', 'name.as_lower == "vip"',
               'name.to_str == "VIP"'),
        _exact("`.starts_with()`, `.ends_with()`", 'name.starts_with("V") and name.ends_with("P")'),
        _exact("a character, from the end when negative; the customer fails where there is none", 'name[-1] == "V"'),
        _exact("a character, unknown where there is none", 'name&[count] == "V"'),
        _exact("a slice, as Python cuts", 'name[0:3] == "VIP"', 'name[-2:] == "IP"', "name[count:small].is_empty"),
        _exact("a pattern from the start, anywhere", r'name =~ "VIP"', r'name =~~ r"\d+$"', 'name !~ "a|b"',
               r'name !~~ r"[^\w ]"'),
        _care(r"a pattern with `\b`, `(?i)`", r'name =~~ r"\bVIP\b"', 'name =~ "(?i)vip"', instead=_ASSERT),
        _refused("look-around, back-reference, possessive, atomic", 'name =~ "(?=a)"', r'name =~ r"(a)\1"',
                 'name =~ "a++"', instead=_NO_PATTERN),
        _refused("a pattern from a feature", "name =~ name", instead="put it in quotes"),
        _refused("text to number", "name.to_int > 1", "name.to_flt > 1", instead=_TEXT_NUMBERS),
        _refused("a text as a list of characters", "name.to_ary.length > 1",
                 instead="ask the text itself: name.length, name[0], 'a' in name"),
        _refused("a text as a set of characters", "name.to_set.length > 1", instead="ask the text itself: 'a' in name"),
        _refused("a method of a written text", '"abc".starts_with(name)',
                 instead='turn it round: ask the feature, name =~ "text"'),
        _refused("bytes: `.encode()`, `.decode()` and all they have", 'name.encode("utf-8").length > 1',
                 'name.encode("hex").decode("utf-8") == "a"', 'name.encode("utf-8").is_empty',
                 'name.encode("utf-8").starts_with(b"61")', 'name.encode("utf-8").ends_with(b"61")',
                 'name.encode("utf-8").to_ary.length > 1', 'name.encode("utf-8").to_set.length > 1', instead=_NO_BYTES),
    ),
    "Time": (
        _exact("compare with an instant", 'seen_at > d"2024-01-01"'),
        _refused("an instant with an offset", 'seen_at > d"2024-01-01T08:00+08:00"',
                 instead='write d"2024-01-01T00:00:00"'),
        _exact("add and subtract durations", 'seen_at + t"P30D" < $now', 'seen_at - t"P30D" < $today'),
        _exact("time between instants", '$now - seen_at > t"P90D"', '-(seen_at - $now) > t"P1W"'),
        _exact("`.days`, `.seconds`, `.microseconds` of a duration, floored", "($today - seen_at).days > 90",
               "($now - seen_at).seconds > 90", "($now - seen_at).microseconds > 90"),
        _exact("`.total_seconds`, up to 272 years", "($now - seen_at).total_seconds > 90"),
        _exact("`.year` … `.microsecond`, of UTC", "seen_at.year == 2024", "seen_at.month == 2", "seen_at.day == 29",
               "seen_at.hour == 8", "seen_at.minute == 30", "seen_at.second == 1", "seen_at.millisecond == 0.5",
               "seen_at.microsecond == 500"),
        _exact("`.date`, `.weekday`, `.zone_name`, of UTC", "seen_at.date == $today", 'seen_at.weekday == "Monday"',
               'seen_at.zone_name == "UTC"'),
        _exact("`.to_epoch`, seconds since 1970, between 1698 and 2242", "seen_at.to_epoch > 1700000000"),
    ),
    "Lists": (
        _exact("a value in a list", '"air" in services', "count not in sizes"),
        _exact("`.length`, `.is_empty`", "services.length > 1", "services.is_empty", "[count, small].length == 2"),
        _exact("an item, from the end when negative; the customer fails where there is none", 'services[0] == "air"',
               "[count, small][1] == 3"),
        _exact("an item, unknown where there is none", "(sizes&[-1] ?? 0) > 3"),
        _exact("a slice", "sizes[0:3].length == 3"),
        _exact("`$any`, `$all` of truths", "$any([agreed, count > 1])", "$all(sizes)"),
        _exact("`$sum`, `$min`, `$max`; the customer fails where least or greatest of none is asked", "$sum(sizes) > 3",
               "$max(sizes) > 3 or $min(sizes) < 3"),
        _exact("the items that meet a condition, turned into others", '$any([x =~ "air" for x in services])',
               "$sum([x * 2 for x in sizes if x > 3]) > 10", '[x for x in services if x != "air"].length > 1'),
        _exact("the members of a written list, turned into others", "$any([x > 3 for x in [count, small]])"),
        _refused("another feature beside an item", "$any([x > count for x in sizes])",
                 instead="compare the items with constants, or ask $any, $max, .length outside"),
        _refused("what could fail on an item", "$any([10 / x > 1 for x in sizes])",
                 instead="write it so that it holds for every item"),
        _refused("members of a written list that meet a condition", "[x for x in [count, 1] if x > 1].length > 0",
                 instead="write the conditions, joined by 'or' or 'and'"),
        _refused("lists as a whole", 'services == ["air"]', instead=_ITEMS.replace("&[0]", "[0]")),
        _refused("`.starts_with()`, `.ends_with()`, `.to_ary`, `.to_set` of a list", 'services.starts_with(["air"])',
                 'services.ends_with(["air"])', "services.to_ary.length > 1", "services.to_set.length > 1",
                 instead=_ITEMS),
        _refused("a set but for `in`", "{count, 1}.length > 1", "{count, 1}.is_empty", "{count, 1}.to_ary.length > 1",
                 "{count, 1}.to_set.length > 1", instead=_ITEMS),
        _refused("sets joined", "{count, 1} & {1} == {1}", instead="write one list; x in [1] and x in [1, 2]"),
        _refused("a list chosen", "(agreed ? services : services).length > 1",
                 instead="choose between what is asked of them, agreed ? x in a : x in b"),
        _refused("a mapping: items, `.keys`, `.values` and all it has", '{"a": count}["a"] == 1',
                 '{"a": count}.keys.length == 1', '{"a": count}.values.length == 1', '{"a": count}.length == 1',
                 '{"a": count}.is_empty', instead=_NO_MAPPING),
    ),
    "Other names with `$`": (
        _exact("`$now`, the run's as-of; `$today`, its UTC day's start", "seen_at < $now and seen_at > $today"),
        _refused("`$filter`", "$filter($abs, [count]).length > 1", instead="write [x for x in list if condition]"),
        _refused("`$map`", "$map($abs, [count]).length > 1", instead="write [$abs(x) for x in list]"),
        _refused("`$parse_datetime`", "$parse_datetime(name) > $now",
                 instead='write the instant out, d"2024-06-30"; a feature should hold instants, not their texts'),
        _refused("`$parse_float`", "$parse_float(name) > 1",
                 instead="write the number out; a feature should hold numbers, not their texts"),
        _refused("`$parse_timedelta`", '$parse_timedelta(name) > t"P1D"',
                 instead='write the duration out, t"P30D"; a feature should hold numbers, not their texts'),
        _refused("`$random`", "$random(3) > 1",
                 instead="a rule gives the same answer twice; take a part by a feature, such as count % 10 == 0"),
        _refused("`$range`", "count in $range(3)", instead="write x >= low and x < high"),
        _refused("`$re_groups`", '$re_groups[0] == "a"',
                 instead=r'test the part itself with a pattern, name =~ r"\w+-(north|south)"'),
        _refused("`$split`", "$split(name).length > 1",
                 instead='test the parts with a pattern, name =~~ r"(^|,)air(,|$)"'),
    ),
}  # fmt: skip
