"""A workspace's rule directory watched while people edit it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from kehu.model.money import minor_digits
from kehu.model.problems import RefusedError
from kehu.pipeline.rule_directory import read_rule_files
from kehu.rules.directory import RuleDirectory
from kehu.workspace.workspace import Workspace, rule_texts, shown_path

_PROOFS = "tests/"


class RuleWatch:
    """Keeps the last good rules; one thread looks, any may read `directory`."""

    def __init__(self, workspace: Workspace, now: datetime) -> None:
        self._workspace = workspace
        self._seen = ""
        self.directory = RuleDirectory(now)
        self.look(now)

    def look(self, now: datetime) -> None:
        """Check the files anew where any of them changed. What is wrong with them is kept, never raised."""
        try:
            found = rule_texts(self._workspace)
        except RefusedError as refused:
            self._seen = ""
            self.directory = replace(self.directory, checked_at=now, problems=refused.problems)
            return
        texts = {path: text for path, text in found.items() if not path.startswith(_PROOFS)}
        shown = {path: shown_path(self._workspace, path) for path in texts}
        # Contents and not times of change: editors, copies and mounted volumes keep times, or set them back.
        seen = _digest(texts, shown)
        if seen == self._seen:
            self.directory = replace(self.directory, checked_at=now)
            return
        self.directory = self._read(texts, shown, now)
        self._seen = seen

    def _read(self, texts: Mapping[str, str], shown: Mapping[str, str], now: datetime) -> RuleDirectory:
        catalogue, book, problems = read_rule_files(texts, shown, minor_digits(self._workspace.settings.currency))
        found = tuple(sorted(problems, key=lambda problem: (problem.place, problem.check)))
        read = RuleDirectory(now, now, book, catalogue.digest, found)
        return replace(self.directory, checked_at=now, problems=found) if read.is_broken else read


def _digest(texts: Mapping[str, str], shown: Mapping[str, str]) -> str:
    parts = (part for path, text in texts.items() for part in (shown[path], text))
    return sha256("".join(f"{len(part)} {part}" for part in parts).encode("utf-8", "surrogatepass")).hexdigest()
