"""What can be found wrong in a file of cases beside what rule files can have wrong, by check id."""

CASE_CHECKS: dict[str, str] = {
    "case-inputs": "a case gives features and events at once",
    "unknown-events": "there are no such events",
}
