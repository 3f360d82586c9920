"""What is advised where somebody writes as in another language."""

import pytest

from kehu.rules.slips import last_remedy, name_remedy, syntax_remedy

LABELS = "features have names in English letters; 'kehu rules features' lists them with their Chinese labels"
NUMBER = "write the number out, 30000 for 3万 or 30k"


# `^` stands before the place of the mistake.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n ^大于 3", "write '>', or '>=' where the number itself counts"),
        ("n ^大于等于 3", "write '>='"),
        ("n ^不小于 3", "write '>='"),
        ("n ^≥ 3", "write '>='"),
        ("n ^=> 3", "write '>='"),
        ("n ^≤ 3", "write '<='"),
        ("n ^=< 3", "write '<='"),
        ("n ^小于 3", "write '<', or '<=' where the number itself counts"),
        ("n ^≠ 3", "write '!='"),
        ("n ^不等于 3", "write '!='"),
        ("n ^等于 3", "write '=='"),
        ("n ^是 3", "write '=='"),
        ("n ^为空", "write '== null'"),
        ("n > 3 ^并且 m > 2", "write 'and'"),
        ("n > 3 ^且 m < 2", "write 'and'"),
        ("n > 3 ^或者 m > 2", "write 'or'"),
        ("^不 n > 3", "write 'not', or '!=' to compare"),
        ("n > 3 ^xor m > 2", "write '(a and not b) or (b and not a)'"),
        ("n ^× 3 > 2", "write '*' to multiply"),
        ("n ^÷ 3 > 2", "write '/' to divide"),
        ("n > 3^万", NUMBER),
        ("n > 10 ^k", NUMBER),
        ("n > 10^kg", ""),
        ("n > 3^元", "write the amount alone, without its currency"),
        ("n > ^¥3", "write the amount alone, without its currency"),
        ("n > ^$3", "write the amount alone, without its currency"),
        ("n > 30%^", "write a share as a number, 0.3 for 30%"),
        ("n > 30% ^and m > 2", "write a share as a number, 0.3 for 30%"),
        ("^票数 > 3", LABELS),
        ("^ｎ > 3", "use the half-width character: n"),
        ("n^\u00a0> 3", "the character U+00A0 cannot be told from a space or nothing: remove it"),
        ("n > 3^\u200b", "the character U+200B cannot be told from a space or nothing: remove it"),
        ("name ^contains 'a'", "write '\"text\" in name'"),
        ("name ^matches 'a'", "write '=~ \"pattern\"'"),
        ("n ^equals 3", "write '=='"),
        ("^if n > 3", "write the condition alone, without 'if' and 'then'"),
        ("n > 3 ^THEN", "write the condition alone, without 'if' and 'then'"),
        ("n > 3^;", "leave the ';' out; 'and' and 'or' join conditions"),
        ("n > 3^, m > 2", ""),
        ("^@n > 3", "write the name of the feature alone, such as revenue_365d"),
        ("^${n} > 3", "write the name of the feature alone, such as revenue_365d"),
        ("n in 1^..5", ""),
        ("n in 1.^.5", "write 'x >= low and x <= high' for a range"),
        ("n ^between 1 and 2", ""),
        ("n > 1 ^000", "write the number without separators, 500000"),
        ("n not ^null", "write '!= null'"),
        ("when ^n > 3", "write the condition alone, without 'if' and 'then'"),
        ("n >^", ""),
    ],
)
def test_a_mistake_is_advised_by_what_stands_there(text: str, expected: str) -> None:
    assert syntax_remedy(text.replace("^", ""), text.index("^")) == expected


@pytest.mark.parametrize(
    ("_case", "text", "expected"),
    [
        ("a name after a name", "n ^m", "does a sign such as 'and', '>=' or '==' lack before it?"),
        ("a number after a name", "n ^3", "does a sign such as 'and', '>=' or '==' lack before it?"),
        ("a sign", "n > ^> 3", "remove it, or see docs/language.md"),
        ("a comma", "n > 3^, m > 2", "join conditions with 'and' or 'or'; a list stands in [ ]"),
        ("a bracket", "n > 3^)", "there is no '(' for this ')'"),
        ("a square bracket", "n > 3^]", "there is no '[' for this ']'"),
        (
            "a quote",
            "name == ^'vip\"",
            "end a text with the quote it begins with; a sign such as '==' stands before it",
        ),
    ],
)
def test_where_nothing_is_known_the_mistake_still_has_advice(_case: str, text: str, expected: str) -> None:
    assert last_remedy(text.replace("^", ""), text.index("^")) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("None", "write 'null'"),
        ("NULL", "write 'null'"),
        ("TRUE", "write 'true'"),
        ("False", "write 'false'"),
        ("isnull", "write 'x == null'"),
        ("now", "write '$now', or '$today' for its beginning"),
        ("len", "write 'name.length'"),
        ("coalesce", "write 'x ?? 0' for 'x, or 0 where unknown'"),
        ("max", "write '$max(...)'"),
        ("revenue_365", ""),
    ],
)
def test_a_word_of_another_language_is_said_in_this_one(name: str, expected: str) -> None:
    assert name_remedy(name) == expected
