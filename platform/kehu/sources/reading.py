"""What reading a declaration needs at hand, and the small readers every part of it uses."""

from dataclasses import dataclass, field

from kehu.model.problems import Place, Problem, did_you_mean
from kehu.model.yaml_nodes import Items, Mapping, Node, Scalar, unknown_keys
from kehu.sources.source import Column, Missing


@dataclass(frozen=True, slots=True)
class Reading:
    """The source's system and currency, and the problems found so far."""

    system: str
    currency: str
    problems: list[Problem] = field(default_factory=list)

    def report(self, place: Place, check: str, message: str, remedy: str = "") -> None:
        """Add a problem."""
        self.problems.append(Problem(place, check, message, remedy))

    def check_keys(self, mapping: Mapping, known: set[str]) -> None:
        """Report every key that is not in `known`."""
        self.problems.extend(unknown_keys(mapping, known, "unknown-key"))


def read_text(node: Node | None, what: str, reading: Reading, *, default: str = "") -> str:
    """The text of a scalar; `default` when absent, or when it is no text, which is reported."""
    if node is None:
        return default
    if isinstance(node, Scalar) and not node.is_null:
        return node.text
    reading.report(node.place, "bad-value", f"{what} must be a text", "write one value after the colon")
    return default


def read_scalars(node: Node | None, what: str, reading: Reading) -> tuple[Scalar, ...]:
    """One scalar or a list of them; what is neither is reported and left out."""
    if node is None:
        return ()
    nodes = node.nodes if isinstance(node, Items) else (node,)
    scalars = tuple(item for item in nodes if isinstance(item, Scalar))
    for item in nodes:
        if not isinstance(item, Scalar):
            reading.report(item.place, "bad-value", f"{what} must be a text or a list of texts")
    return scalars


def read_columns(node: Node | None, reading: Reading) -> tuple[Column, ...]:
    """One column name or a list of them; an empty one is reported."""
    columns = []
    for scalar in read_scalars(node, "a column", reading):
        if scalar.is_null or not scalar.text.strip():
            reading.report(scalar.place, "bad-value", "a column name is missing", "write the header as the file has it")
        else:
            columns.append(Column(scalar.text.strip(), scalar.place))
    return tuple(columns)


def read_missing(node: Node | None, reading: Reading) -> Missing:
    """The cells that mean unknown: texts, and {like: pattern} with * for any text."""
    if node is None:
        return Missing()
    words, patterns = [], []
    for item in node.nodes if isinstance(node, Items) else (node,):
        match item:
            case Scalar(text=text):
                words.append("" if item.is_null else text.strip())
            case Mapping(entries=entries) if set(entries) == {"like"}:
                patterns.append(read_text(entries["like"], "'like'", reading))
            case _:
                reading.report(
                    item.place,
                    "bad-value",
                    "a missing cell is a text or {like: pattern}",
                    "for example {like: 'See *'}",
                )
    return Missing(tuple(words), tuple(pattern for pattern in patterns if pattern))


def read_word(node: Node | None, words: tuple[str, ...], what: str, reading: Reading) -> str:
    """One of `words`; '' when absent, or when it is another, which is reported."""
    text = read_text(node, what, reading)
    if node is not None and text and text not in words:
        reading.report(node.place, "bad-word", f"{what} cannot be '{text}'", did_you_mean(text, words))
        return ""
    return text
