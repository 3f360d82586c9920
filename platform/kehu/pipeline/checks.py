"""What can be found beside what rule files can have wrong: in files of cases, and by the published run."""

CASE_CHECKS: dict[str, str] = {
    "case-inputs": "a case gives features and events at once",
    "unknown-events": "there are no such events",
}

RUN_CHECKS: dict[str, str] = {
    "empty-level": "no customer is in the level by the published run (warning)",
}
