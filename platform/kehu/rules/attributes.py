"""What stands behind a dot: attributes by what they are asked of, and methods of texts."""

from collections.abc import Callable
from dataclasses import replace

from kehu.rules.instants import duration_attribute, instant_attribute
from kehu.rules.lists import list_attribute
from kehu.rules.numbers import floored, is_whole
from kehu.rules.remedies import no_attribute
from kehu.rules.texts import text_attribute
from kehu.rules.values import FALSE, Value, boolean, either


def attribute_of(owner: Value, name: str) -> Value:
    """`owner.name`; the interpreter's checker has seen that the type has it. Refuses what bulk evaluation lacks."""
    found = _ATTRIBUTES.get(owner.kind, _none)(owner, name)
    if found is None:
        raise no_attribute(owner.kind, name, owner.noun)
    return found


def _none(_owner: Value, _name: str) -> Value | None:
    return None


def _number_attribute(value: Value, name: str) -> Value | None:
    match name:
        case "floor" | "ceiling":
            return floored(value, up=name == "ceiling")
        case "to_flt":
            return value
        case "to_int":
            return replace(value, error=either(value.error, is_whole(value)))
        case "is_nan":
            return replace(boolean(FALSE, value), null=value.null)
    return None


_ATTRIBUTES: dict[str, Callable[[Value, str], Value | None]] = {
    "string": text_attribute,
    "instant": instant_attribute,
    "duration": duration_attribute,
    "list": list_attribute,
    "number": _number_attribute,
    "float": _number_attribute,
    "quotient": _number_attribute,
}
