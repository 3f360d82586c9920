"""The rule directory as a server knows it: the last rules that were right, and what is wrong with the files."""

from dataclasses import dataclass
from datetime import datetime

from kehu.model.problems import Problem
from kehu.rules.book import RuleBook


@dataclass(frozen=True, slots=True)
class RuleDirectory:
    """What was found when the files were last looked at.

    `book` and `feature_digest` are of the files as they last were without an error, read at `read_at`; None and ''
    before there were any. `problems` are of the files as they stand.
    """

    checked_at: datetime
    read_at: datetime | None = None
    book: RuleBook | None = None
    feature_digest: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def is_broken(self) -> bool:
        """Whether the files have an error, so that they are not what `book` holds."""
        return any(problem.severity == "error" for problem in self.problems)
