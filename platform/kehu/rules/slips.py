"""What people write who know another language: what stands at a mistake, and what to write for it here."""

import re
import unicodedata

_NEAR = 12  # characters before a mistake that may explain it

# What stands at the mistake; what to write.
_AT: tuple[tuple[str, str], ...] = (
    (r"≥|⩾|不小于|大于等于|=>", "write '>='"),
    (r"≤|⩽|不大于|小于等于|=<", "write '<='"),
    (r"≠|不等于", "write '!='"),
    (r"×", "write '*' to multiply"),
    (r"÷", "write '/' to divide"),
    (r"大于|超过|高于|多于", "write '>', or '>=' where the number itself counts"),
    (r"小于|低于|少于|不足", "write '<', or '<=' where the number itself counts"),
    (r"等于", "write '=='"),
    (r"并且|而且|以及|同时|且|和", "write 'and'"),
    (r"或者|或", "write 'or'"),
    (r"不是|不|非", "write 'not', or '!=' to compare"),
    (r"为空|是空|空", "write '== null'"),
    (r"是|为", "write '=='"),
    (r"[¥￥€£元]|\$\d|块", "write the amount alone, without its currency"),
    (r"xor\b", "write '(a and not b) or (b and not a)'"),
    (r"(equals|eq)\b", "write '=='"),
    (r"contains\b", "write '\"text\" in name'"),
    (r"matches\b", "write '=~ \"pattern\"'"),
    (r"(?i:if|when|where|then)\b", "write the condition alone, without 'if' and 'then'"),
    (r";", "leave the ';' out; 'and' and 'or' join conditions"),
    (r"[@{}`]|\$\{", "write the name of the feature alone, such as revenue_365d"),
    (r"\.\d", "write 'x >= low and x <= high' for a range"),
)
# What stands at a mistake of which nothing else is known.
_AT_LAST: tuple[tuple[str, str], ...] = (
    (r",", "join conditions with 'and' or 'or'; a list stands in [ ]"),
    (r"\)", "there is no '(' for this ')'"),
    (r"\]", "there is no '[' for this ']'"),
    (r"[\"']", "end a text with the quote it begins with; a sign such as '==' stands before it"),
    (r"[A-Za-z_]\w*|\d", "does a sign such as 'and', '>=' or '==' lack before it?"),
    (r"", "remove it, or see docs/language.md"),
)
# What stands right before the mistake, what stands at it, what to write.
_AROUND: tuple[tuple[str, str, str], ...] = (
    (r"\d\s*%\s*", r"", "write a share as a number, 0.3 for 30%"),
    (r"\d\s*", r"[万千百亿]|[kKmM](?![A-Za-z0-9_])", "write the number out, 30000 for 3万 or 30k"),
    (r"\d\s+", r"\d{3}\b", "write the number without separators, 500000"),
    (r"\bnot\s+", r"null\b", "write '!= null'"),
    (r"\b(?i:when|where|if)\s+", r"", "write the condition alone, without 'if' and 'then'"),
)
_NULL, _TRUE, _FALSE = "write 'null'", "write 'true'", "write 'false'"
_IS_NULL, _NOW = "write 'x == null'", "write '$now', or '$today' for its beginning"
_NAMES: dict[str, str] = {
    **dict.fromkeys(("None", "NULL", "Null", "nil", "NIL", "undefined", "NA"), _NULL),
    **dict.fromkeys(("True", "TRUE", "yes", "Yes"), _TRUE),
    **dict.fromkeys(("False", "FALSE", "no", "No"), _FALSE),
    **dict.fromkeys(("isnull", "ISNULL", "is_null", "isna", "empty"), _IS_NULL),
    **dict.fromkeys(("now", "NOW", "today", "TODAY", "current_date", "CURRENT_DATE"), _NOW),
    **dict.fromkeys(("len", "LEN", "length"), "write 'name.length'"),
    **dict.fromkeys(("coalesce", "COALESCE", "ifnull", "IFNULL", "nvl"), "write 'x ?? 0' for 'x, or 0 where unknown'"),
    **{name: f"write '${name}(...)'" for name in ("abs", "any", "all", "max", "min", "sum")},
}


def syntax_remedy(text: str, start: int) -> str:
    """What to do about the mistake at `start`, by what stands there or right before; '' where that says nothing."""
    rest = text[start:]
    for pattern, remedy in _AT:
        if re.match(pattern, rest):
            return remedy
    before = text[max(0, start - _NEAR) : start]
    for behind, pattern, remedy in _AROUND:
        if re.search(f"(?:{behind})\\Z", before) and re.match(pattern, rest):
            return remedy
    return _of_sign(rest[:1])


def last_remedy(text: str, start: int) -> str:
    """The remedy where nothing else is known of the mistake."""
    return next(remedy for pattern, remedy in _AT_LAST if re.match(pattern, text[start:]))


def name_remedy(name: str) -> str:
    """What to write for a name that is a word of another language; '' for any other name."""
    return _NAMES.get(name, "")


def _of_sign(sign: str) -> str:
    """What to do about a character that is none of the language's."""
    if not sign or sign.isascii():
        return ""
    if unicodedata.category(sign) in {"Zs", "Cf", "Zl", "Zp"}:
        return f"the character U+{ord(sign):04X} cannot be told from a space or nothing: remove it"
    plain = unicodedata.normalize("NFKC", sign)
    if plain.isascii() and plain.isalnum():
        return f"use the half-width character: {plain}"
    if sign.isalpha():
        return "features have names in English letters; 'kehu rules features' lists them with their Chinese labels"
    return ""
