"""Which of our content types a client's Accept header likes best."""

RESPONSE_JSON = "application/graphql-response+json"
PLAIN_JSON = "application/json"
HTML = "text/html"


def response_type(accept: str) -> str:
    """The type to answer a query in; plain JSON for a client that states no preference."""
    return _preferred(accept, (PLAIN_JSON, RESPONSE_JSON)) or PLAIN_JSON


def wants_page(accept: str) -> bool:
    """True for browsers: HTML is named, and liked at least as well as JSON."""
    named = [part.split(";")[0].strip().lower() for part in accept.split(",")]
    return HTML in named and _preferred(accept, (HTML, PLAIN_JSON, RESPONSE_JSON)) == HTML


def _preferred(accept: str, offered: tuple[str, ...]) -> str | None:
    """The offered type of the greatest weight, the client's order deciding among equals, then ours."""
    best: tuple[float, str] | None = None
    for part in accept.split(","):
        pattern, *parameters = (word.strip().lower() for word in part.split(";"))
        weight = _weight(parameters)
        for kind in offered:
            if _matches(pattern, kind) and weight > 0 and (best is None or weight > best[0]):
                best = (weight, kind)
    return None if best is None else best[1]


def _matches(pattern: str, kind: str) -> bool:
    return pattern in {kind, "*/*", f"{kind.partition('/')[0]}/*"}


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
