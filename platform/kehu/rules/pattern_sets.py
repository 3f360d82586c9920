"""Sets of characters in patterns, [...], that Python reads with a warning."""

_DOUBLED = frozenset("-&~|")


def unclear_sign(pattern: str) -> str:
    """The first '[', '--', '&&', '~~' or '||' in a set that may mean nested sets one day; '' where there is none.

    Follows Python's `re` parser; comments of verbose patterns are taken for the pattern.
    """
    at = 0
    while at < len(pattern):
        if pattern[at] == "[":
            sign, at = _in_set(pattern, at + 1)
            if sign:
                return sign
        else:
            at += 2 if pattern[at] == "\\" else 1
    return ""


def _in_set(pattern: str, at: int) -> tuple[str, int]:
    """What is unclear in the set whose content begins there, and where it ends."""
    if pattern.startswith("[", at):
        return "[", at
    at += pattern.startswith("^", at)
    begin = at
    while at < len(pattern) and (pattern[at] != "]" or at == begin):
        sign = pattern[at]
        if sign in _DOUBLED and at > begin and pattern.startswith(sign, at + 1):
            return sign * 2, at
        at += 2 if sign == "\\" else 1
        if pattern.startswith("-", at) and not pattern.startswith("-]", at):
            # a range: its end is taken as it is, but for a second minus
            if pattern.startswith("--", at):
                return "--", at
            at += 3 if pattern.startswith("-\\", at) else 2
    return "", at + 1
