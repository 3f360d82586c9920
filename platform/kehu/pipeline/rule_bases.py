"""The rule files that a difference is taken from: the published run's, a folder's, a git revision's or the shipped."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from sqlalchemy import Engine

from kehu.model.problems import Place, Problem, RefusedError
from kehu.pipeline.transactions import reading
from kehu.reader.definitions import RuleSet as PublishedRuleSet
from kehu.reader.definitions import published_run_id, rule_sets_of
from kehu.rules.book import RuleBook, RuleSet
from kehu.rules.differences import Change
from kehu.rules.effective import Effective
from kehu.workspace.revisions import rule_texts_at
from kehu.workspace.texts import read_texts
from kehu.workspace.workspace import RULES, Workspace, rule_texts, shipped_texts, shown_path

PUBLISHED, SHIPPED = "published", "shipped"


@dataclass(frozen=True, slots=True)
class RuleFiles:
    """A rule directory's texts by path inside it, how messages name each, and what to know about them."""

    name: str
    texts: Mapping[str, str]
    shown: Mapping[str, str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file of the rule directory that differs; a file that is new or gone counts all its lines."""

    path: str
    change: Change
    lines_added: int
    lines_removed: int


def files_as_they_stand(workspace: Workspace) -> RuleFiles:
    """The workspace's own rule directory."""
    texts = rule_texts(workspace)
    return RuleFiles("the workspace", texts, {path: shown_path(workspace, path) for path in texts})


def find_base(workspace: Workspace, engine: Engine, base: str | None, now: tuple[RuleFiles, RuleBook]) -> RuleFiles:
    """What `base` names: 'published', 'shipped', a folder or a git revision, tried in this order.

    None is the published run's rule sets or, before the first run, the shipped files. `now` is the directory as it
    stands. Raises RefusedError when there is no such base.
    """
    if base in {None, PUBLISHED}:
        found = _published(engine, *now)
        if found is not None:
            return found
        if base == PUBLISHED:
            remedy = "run 'kehu resegment', or give a folder or a git revision"
            raise RefusedError([Problem(Place("--base"), "nothing-published", "no run is published yet", remedy)])
    if base in {None, SHIPPED}:
        texts = shipped_texts()
        return RuleFiles("the shipped rules", texts, {path: _shipped(path) for path in texts})
    if Path(str(base)).is_dir():
        return _layered(workspace, str(base), str(base), _folder_texts(Path(str(base))))
    return _layered(workspace, f"git {base}", f"{base}:{RULES}", rule_texts_at(workspace, str(base)))


def changed_files(before: RuleFiles, after: RuleFiles) -> tuple[FileChange, ...]:
    """The files whose text differs, by path."""
    paths = sorted(before.texts.keys() | after.texts.keys())
    return tuple(
        _file_change(path, before.texts.get(path), after.texts.get(path))
        for path in paths
        if before.texts.get(path) != after.texts.get(path)
    )


def _published(engine: Engine, files: RuleFiles, book: RuleBook) -> RuleFiles | None:
    """The published run's rule sets beside the feature files as they stand, which runs do not keep."""
    with reading(engine) as connection:
        run_id = published_run_id(connection)
        rulesets = {} if run_id is None else rule_sets_of(connection, run_id)
    if run_id is None:
        return None
    paths = {files.shown[path]: path for path in files.texts}
    rule_files = {paths[item.path] for item in book.rulesets}
    texts = {path: text for path, text in files.texts.items() if path not in rule_files}
    parts: dict[str, list[str]] = {}
    for item in rulesets.values():
        home = _home(item, book)
        parts.setdefault(paths.get(home, Path(home).name), []).append(item.source)
    for version in book.rulesets:
        # A version that was not in force took no part in the run; it is as it stands.
        if version.code in rulesets and not _overlap(version, rulesets[version.code]):
            parts.setdefault(paths[version.path], []).append(version.source)
    sources = {path: _one_text(found, files.texts.get(path)) for path, found in parts.items()}
    shown = {path: files.shown[path] for path in texts} | {path: f"run {run_id}:{path}" for path in sources}
    note = "runs keep no feature files: both sides use those of the workspace"
    return RuleFiles(f"run {run_id}", texts | sources, shown, (note,))


def _home(published: PublishedRuleSet, book: RuleBook) -> str:
    """The file that holds it now: the same text, else the rule set in the same file, else in any."""
    versions = [item for item in book.rulesets if item.code == published.code]
    versions.sort(key=lambda item: (item.digest != published.digest, item.path != published.path))
    return versions[0].path if versions else published.path


def _overlap(version: RuleSet, published: PublishedRuleSet) -> bool:
    return version.effective.overlaps(Effective(published.effective_from, published.effective_until))


def _one_text(sources: list[str], as_it_stands: str | None) -> str:
    """The documents of a file in the order they have in it now, where they are the same."""
    if as_it_stands is not None and all(source in as_it_stands for source in sources):
        sources = sorted(sources, key=as_it_stands.index)
    return "---\n".join(source if source.endswith("\n") else f"{source}\n" for source in sources)


def _layered(workspace: Workspace, name: str, prefix: str, own: Mapping[str, str]) -> RuleFiles:
    """The files over the shipped ones, where the workspace lays its own over them."""
    shipped = shipped_texts() if workspace.settings.rules == "default" else {}
    shown = {path: _shipped(path) for path in shipped} | {path: f"{prefix}/{path}" for path in own}
    return RuleFiles(name, {**shipped, **own}, shown)


def _shipped(path: str) -> str:
    return f"kehu/default_rules/{path}"


def _folder_texts(folder: Path) -> dict[str, str]:
    """A rule directory, or the one of the workspace in that folder."""
    rules = folder / RULES if (folder / "kehu.toml").is_file() else folder
    files = {str(path.relative_to(rules)): path for path in sorted(rules.rglob("*.y*ml")) if path.is_file()}
    if not files:
        raise RefusedError(
            [Problem(Place(str(rules)), "no-rules", "there are no rule files here", "give their folder")]
        )
    return read_texts(files)


def _file_change(path: str, before: str | None, after: str | None) -> FileChange:
    was, now = (before or "").splitlines(), (after or "").splitlines()
    added = removed = 0
    for kind, was_from, was_to, now_from, now_to in SequenceMatcher(None, was, now).get_opcodes():
        if kind != "equal":
            added, removed = added + now_to - now_from, removed + was_to - was_from
    change: Change = "added" if before is None else "removed" if after is None else "changed"
    return FileChange(path, change, added, removed)
