"""Names and constants as Spark SQL reads them."""

from kehu.rules.values import INT64_MOST

# The type of whole numbers beyond 64 bits.
WIDE = "DECIMAL(38, 0)"


def name(column: str) -> str:
    """A column of a frame."""
    return f"`{column}`"


def literal(value: object) -> str:
    """A constant; whole numbers are of 64 bits where they fit."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return f"CAST({value} AS {'BIGINT' if abs(value) <= INT64_MOST else WIDE})"
        case float():
            return f"CAST('{value!r}' AS DOUBLE)"
        case str():
            return f"'{''.join(_character(each) for each in value)}'"
    raise TypeError(f"no constant of Spark: {value!r}")


def _character(each: str) -> str:
    """As it is where no parser could take it for anything else."""
    if each.isalnum() or each in " -_.,:;/()<>=+*%#@!?→":
        return each
    return f"\\u{ord(each):04X}" if ord(each) < 2**16 else each
