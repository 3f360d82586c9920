"""How many values a request's variables may hold."""

MAX_VARIABLE_VALUES = 10_000


def holds_too_many(variables: object) -> bool:
    """Whether there are more than MAX_VARIABLE_VALUES, which would take a second to compare with the schema."""
    found, waiting = 0, [variables]
    while waiting and found <= MAX_VARIABLE_VALUES:
        value = waiting.pop()
        found += 1
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return found > MAX_VARIABLE_VALUES
