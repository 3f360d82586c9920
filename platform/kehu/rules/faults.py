"""What rule-engine refuses, said with the value, the spot and the remedy."""

import re
from collections.abc import Iterable
from typing import Any

from kehu.model.feature_types import Schema
from kehu.model.problems import did_you_mean
from kehu.rules.backtracking import SlowPatternError
from kehu.rules.engine import errors
from kehu.rules.functions import FUNCTIONS
from kehu.rules.remedies import no_node
from kehu.rules.slips import last_remedy, name_remedy, syntax_remedy
from kehu.rules.trees import Fault, Span
from kehu.rules.values import Refused, quoted

_TYPE_NOUNS = {
    "FLOAT": "a number",
    "STRING": "a text",
    "BOOLEAN": "true or false",
    "DATETIME": "an instant",
    "TIMEDELTA": "a duration",
    "NULL": "null",
    "ARRAY": "a list",
    "SET": "a list",
    "FUNCTION": "a function",
    "BYTES": "a bytes text",
    "MAPPING": "a mapping",
}

# How other languages say it: pattern, what to write instead.
HINTS: tuple[tuple[str, str], ...] = (
    (r"&&", "write 'and' for '&&'"),
    (r"\|\|", "write 'or' for '||'"),
    (r"\b(AND|OR|NOT|IN)\b", "write 'and', 'or', 'not', 'in' in small letters"),
    (r"\bis\s+not\b", "write '!= null' for 'is not null'"),
    (r"\bis\b", "write '== null' for 'is null', '==' otherwise"),
    (r"\bbetween\b", "write 'x >= low and x <= high' for 'between'"),
    (r"\blike\b", "write '=~~ \"text\"' or '.starts_with(\"text\")' for 'like'"),
    (r"<>", "write '!=' for '<>'"),
    (r"!(?![=~])", "write 'not' for '!'"),
    (r"[（），。；：“”‘’＞＜＝！？【】]", "use the half-width character: ( ) , : \" ' > < = ! ? [ ]"),
    (r"[0-9]_[0-9]|[0-9],[0-9]{3}\b", "write the number without separators, 500000"),
    (r"\bin\s*\(", "write a list with brackets: in [1, 2]"),
    (r"[<>]=?[^<>=]*[^<>=\s][^<>=]*[<>]=?", "write two comparisons joined by 'and'"),
    (r"(?<![=!<>~])=(?![=~])", "write '==' to compare"),
    (r"\b(None|nil|NULL|Null)\b", "write 'null'"),
    (r"\b(elif|else|while)\b", "write 'condition ? this : that'"),
)

# What functions and methods take, for those who gave something else.
_TAKES = {
    "abs": "give a number, $abs(x)",
    "any": "give a list, $any([a, b])",
    "all": "give a list, $all([a, b])",
    **{name: f"give a list of numbers, ${name}([a, b])" for name in ("min", "max", "sum")},
    **{name: f'give one text, .{name}("x")' for name in ("starts_with", "ends_with")},
}
_DEFAULTS = {"STRING": "''", "BOOLEAN": "false", "DATETIME": "$now", "TIMEDELTA": 't"P0D"'}
_NUMBER = 'write a number without zeros before it, an instant as d"2024-06-30"'
_NAMES = "'kehu rules features' lists what there is"


def refusals_of(fault: Fault, text: str, schema: Schema) -> list[Refused]:
    """The fault in the reader's words; several where several operands are at fault."""
    error: Any = fault.error
    match error:
        case errors.RuleSyntaxError():
            return [_syntax(fault, text)]
        case errors.SymbolResolutionError():
            name = str(error.symbol_name)
            remedy = name_remedy(name) or did_you_mean(name, schema) or _NAMES
            return [Refused("unknown-feature", f"unknown feature '{name}'", remedy, fault.span)]
        case errors.AttributeResolutionError():
            return [_attribute(fault, text)]
        case errors.RegexSyntaxError():
            said = f"the pattern is not a regular expression: {error.error}"
            return [Refused("bad-pattern", said, "", _literal_span(fault))]
        case SlowPatternError():
            return [Refused("regex-unsupported", f"the pattern {error}", error.remedy, _literal_span(fault))]
        case errors.SyntaxError():
            written = text[fault.span.start : fault.span.end]
            return [Refused("bad-literal", f"{written} cannot be read", _literal_remedy(written), fault.span)]
        case errors.FunctionCallError():
            return _nullable(fault, text) or [_arguments(fault)]
    return _nullable(fault, text) or [_mismatch(fault, text)]


def _syntax(fault: Fault, text: str) -> Refused:
    start, end = fault.span.start, fault.span.end
    remedy = syntax_remedy(text, start) or _hint(text, start)
    if start >= len(text.rstrip()):
        return Refused("syntax", "the condition ends too early", remedy or "complete it", fault.span)
    found = text[start : max(end, start + 1)]
    return Refused("syntax", f"'{found}' does not fit here", remedy or last_remedy(text, start), fault.span)


def _hint(text: str, start: int) -> str:
    """The hint whose words stand nearest before or at the error; '' when none do."""
    plain = re.sub(r"\"[^\"\n]*\"|'[^'\n]*'", lambda quoted: "_" * len(quoted[0]), text)
    for pattern, hint in HINTS:
        if any(found.start() <= start + 1 and start <= found.end() + 1 for found in re.finditer(pattern, plain)):
            return hint
    return next((hint for pattern, hint in HINTS[:-4] if re.search(pattern, plain)), "")


def _attribute(fault: Fault, text: str) -> Refused:
    name = str(getattr(fault.error, "attribute_name", ""))
    span = next((Span(at, at + len(word)) for word, at in fault.span.tokens if word == name), fault.span)
    near = getattr(fault.error, "suggestion", None)
    remedy = did_you_mean(name, [near]) if near else ""
    operand = _written(fault.operands[0], text) if fault.operands else "this"
    return Refused("unknown-attribute", f"'{operand}' has no attribute '{name}'", remedy, span)


def _nullable(fault: Fault, text: str) -> list[Refused]:
    if "nullable" not in str(getattr(fault.error, "message", "")):
        return []
    found = []
    for operand in _flat(fault.operands):
        if operand.result_type.name == "NULLABLE":
            written = _written(operand, text)
            default = _DEFAULTS.get(operand.result_type.inner_type.name, "0")
            remedy = f"say what unknown means, for example ({written} ?? {default})"
            said = f"'{written}' may be unknown (null)"
            found.append(Refused("nullable-operand", said, remedy, getattr(operand, "span", fault.span)))
    return found


def _arguments(fault: Fault) -> Refused:
    name = str(getattr(fault.error, "function_name", ""))
    what = str(getattr(fault.error, "message", "")).partition("(")[2].rstrip(")") or "they do not fit"
    remedy = _TAKES.get(name, f"the functions are {', '.join('$' + known for known in FUNCTIONS)}")
    return Refused("wrong-arguments", f"wrong arguments for '{name}': {what}", remedy, fault.span)


def _mismatch(fault: Fault, text: str) -> Refused:
    operands = list(_flat(fault.operands))
    if isinstance(fault.error, errors.ArithmeticError | ArithmeticError | errors.LookupError):
        written = text[fault.span.start : fault.span.end]
        return Refused("constant-fails", f"'{written}' has no value", "write the constant out", fault.span)
    if str(fault.error).startswith("more than"):
        return Refused("too-deep", f"the condition has {fault.error}", "use 'in', or split the rule", fault.span)
    if any(operand.result_type.name == "BYTES" for operand in operands):
        return no_node("BytesExpression", fault.span)
    said = ", ".join(f"{quoted(_written(each, text))} is {_noun(each)}" for each in operands) or "the types do not fit"
    return Refused("type-mismatch", f"the types do not go together: {said}", "", _literal_span(fault))


def _noun(operand: Any) -> str:
    kind = operand.result_type
    kind = kind.inner_type if kind.name == "NULLABLE" else kind
    return _TYPE_NOUNS.get(kind.name, "of no known type")


def _written(operand: Any, text: str) -> str:
    span = getattr(operand, "span", None)
    return text[span.start : span.end] if span else "this"


def _literal_span(fault: Fault) -> Span:
    """The constant of the two: that is what a writer got wrong; else the whole."""
    constants = [operand for operand in fault.operands if hasattr(operand, "value") and hasattr(operand, "span")]
    return constants[0].span if len(constants) == 1 else fault.span


def _literal_remedy(written: str) -> str:
    return {
        "d": 'write an instant as d"2024-06-30" or d"2024-06-30T08:00:00"',
        "t": 'write a duration as t"P30D" or t"PT2H"',
    }.get(written[:1], _NUMBER if written[:1].isdigit() else 'double the backslash, or write r"..."')


def _flat(operands: Iterable[Any]) -> Iterable[Any]:
    return (operand for operand in operands if hasattr(operand, "result_type"))
