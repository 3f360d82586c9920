"""Backslashes in the texts of conditions: which of them Python takes for escapes, and which it soon will not."""

import re

_ESCAPE = re.compile(r"\\(?:(?P<known>[\n\\'\"abfnrtvxuUN]|[0-3][0-7]{0,2}|[4-7][0-7]?(?![0-7]))|.)", re.DOTALL)


def unknown_escape(literal: str) -> str:
    r"""The first `\q` of the literal that means nothing; '' where there is none, and in a raw text, r"..."."""
    if literal[:1] == "r":
        return ""
    return next((found[0] for found in _ESCAPE.finditer(literal) if found["known"] is None), "")
