"""Checks a value written in the declaration itself against the field it goes to."""

from kehu.model.graph import Field
from kehu.model.problems import Place, did_you_mean
from kehu.sources.reading import Reading


def check_target(text: str, place: Place, field: Field, reading: Reading) -> None:
    """Report a word outside the field's words, a number outside its range, a boolean that is none."""
    if not text:
        return
    if field.kind == "boolean" and text not in {"true", "false"}:
        reading.report(place, "bad-word", f"'{field.name}' cannot be '{text}'", "write true or false")
    if field.words and text not in field.words:
        reading.report(place, "bad-word", f"'{field.name}' cannot be '{text}'", did_you_mean(text, field.words))
    if field.kind == "integer":
        _check_integer(text, place, field, reading)


def _check_integer(text: str, place: Place, field: Field, reading: Reading) -> None:
    if not text.lstrip("-").isdecimal():
        reading.report(place, "bad-value", f"'{text}' is not a whole number", f"'{field.name}' is a whole number")
        return
    number = int(text)
    if field.low is not None and number < field.low:
        reading.report(place, "bad-value", f"'{field.name}' cannot be {number}", f"the least is {field.low}")
    if field.high is not None and number > field.high:
        reading.report(place, "bad-value", f"'{field.name}' cannot be {number}", f"the most is {field.high}")
