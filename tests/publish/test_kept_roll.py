"""What is published, known from what is kept beside the mirror, is what the store holds, whatever happened between."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert, select

from kehu.features.catalogue import read_catalogue
from kehu.identity.resolve import uid_of_record
from kehu.model.problems import RefusedError
from kehu.pipeline.rolling_back import roll_back
from kehu.pipeline.transactions import reading, writing
from kehu.publish.history import published_roll
from kehu.publish.kept_roll import KeptRoll, state_of
from kehu.publish.kept_values import KeptValues
from kehu.publish.publish import Changes, publish
from kehu.publish.run_log import Found, begin_run, finish_run
from kehu.publish.standing import standing_as_of
from kehu.reader.features import all_served, values_of
from kehu.rules.book import RuleBook
from kehu.rules.evaluate import Evaluation, evaluate
from kehu.rules.rolls import Roll, everybody
from kehu.store.database import open_database, upgrade
from kehu.store.heirs import retire
from kehu.tables.facts import customers
from kehu.tables.overrides import overrides
from kehu.tables.runs import memberships, publication, runs, warnings
from kehu.tables.schema import metadata

BookOf = Callable[..., RuleBook]
Answers = set[tuple[object, ...]]
DAY = timedelta(days=1)
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
# Every memory that a rule set can have: keeping, grace, minimum stay, cooldown.
WRITTEN = Path(__file__).parent.parent / "written"
SIZE = (WRITTEN / "remembering_size.yaml").read_text(encoding="utf-8")
SIGNS = """
ruleset: signs
kind: warning
label: {en: Signs, zh: 征兆}
warnings:
  - warning: quiet
    label: {en: Quiet, zh: 沉默}
    when: n < 4
    cooldown: 2 days
    severity: high
    route: [sales]
    reason: "only {n}"
  - warning: odd
    label: {en: Odd, zh: 奇数}
    when: n % 2 == 1
    severity: low
    route: [sales]
    reason: "{n}"
examples:
  - {given: {n: 2}, expect: quiet}
  - {given: {n: 5}, expect: odd}
  - {given: {n: 6}, expect: []}
"""
RENAMED = SIZE.replace("level: middle", "level: medium").replace("expect: middle", "expect: medium")
# A rule set of the same name that is no tier any more.
FLAGS = """
ruleset: size
kind: flag
label: {en: Size, zh: 规模}
levels:
  - level: large
    label: {en: Large, zh: 大}
    when: n >= 6
  - level: middle
    label: {en: Middle, zh: 中}
    when: n >= 5
examples:
  - {given: {n: 6}, expect: [large, middle]}
  - {given: {n: 5}, expect: middle}
  - {given: {n: 4}, expect: []}
"""


# What each book's catalogue serves of the number that every customer has, by several names.
NAMED = {"plain": ("m", "n"), "renamed": ("n", "o"), "flags": ("o",), "fewer": ()}
SAID = "  unit: u\n  label: {en: e, zh: 中}\n  meaning: m\n"
SERVED = {
    book: read_catalogue({"f": "".join(f"{name}:\n  count: visits\n  served: true\n{SAID}" for name in names)}, 2)[0]
    for book, names in NAMED.items()
}


@dataclass(frozen=True)
class Run:
    """A run `days` after the one before, over those of the customers that there are, by one of the books."""

    numbers: Mapping[int, int]
    days: int = 1
    book: str = "plain"
    backwards: bool = False


@dataclass(frozen=True)
class Merge:
    """A customer goes into another, which has been there or, as 100 and more, is new."""

    gone: int
    heir: int


@dataclass(frozen=True)
class Back:
    """A rollback by so many publications."""

    runs: int


@dataclass(frozen=True)
class Decide:
    """A person puts a customer into a level."""

    customer: int
    level: str


Step = Run | Merge | Back | Decide


@dataclass
class Story:
    """A database that lives through steps; with a folder, runs use what is kept there."""

    engine: Engine
    books: Mapping[str, RuleBook]
    folder: Path | None
    as_of: datetime = FIRST
    said: list[str] = field(default_factory=list)
    moved: dict[int, int] = field(default_factory=dict)

    @property
    def values(self) -> KeptValues:
        return KeptValues(self.folder, lambda text, _: self.said.append(text))

    @property
    def kept(self) -> KeptRoll:
        return KeptRoll(self.folder, lambda text, _: self.said.append(text))

    def play(self, step: Step) -> None:
        match step:
            case Run():
                self.run(step)
            case Merge():
                self.merge(step.gone, step.heir)
            case Back():
                self.back(step.runs)
            case Decide():
                self.decide(step.customer, step.level)

    def run(self, step: Run) -> None:
        self.as_of += -DAY if step.backwards else step.days * DAY
        book = self.books[step.book]
        there = self.there()
        numbers = {key: n for key, n in step.numbers.items() if key in there}
        columns = {"customer": list(numbers), "n": list(numbers.values()), "spent": [None] * len(numbers)}
        frame = pl.DataFrame(columns, schema={"customer": pl.Int64(), "n": pl.Int64(), "spent": pl.Int64()})
        frame = frame.with_columns(m="n", o="n")
        with writing(self.engine) as connection:
            before, cooling = open_rows(self.engine), self.cooling(book)
            digests = {"rule_digest": book.digest, "feature_digest": "f"}
            run_id = begin_run(connection, as_of=self.as_of, now=self.as_of, engine="polars", **digests)
            evaluation = evaluate(book, frame, self.as_of, standing_as_of(connection, [book], self.as_of))
            changes = publish(connection, run_id, book, evaluation, self.kept.roll(connection))
            values = self.values.write(connection, run_id, self.as_of, SERVED[step.book], evaluation.features)
            finish_run(connection, run_id, Found(len(frame), {}, []), now=self.as_of)
            self.kept.forget()
            self.values.forget()
            state = state_of(connection)
        self.kept.keep(state, changes.roll)
        self.values.keep(state, values)
        named = NAMED[step.book]
        assert known_values(self.engine) == {key: dict.fromkeys(named, n) for key, n in numbers.items() if named}
        self.check(before, cooling, evaluation, changes)

    def check(self, before: tuple[Answers, Answers], cooling: Answers, found: Evaluation, changes: Changes) -> None:
        """Against sets of rows, the oracle."""
        members, firing = set(found.memberships.rows()), {row[:3] for row in found.warnings.rows()}
        fired = firing - before[1] - cooling
        assert set(changes.entered.frame().rows()) == members - before[0]
        assert set(changes.left.frame().rows()) == before[0] - members
        assert set(changes.fired.frame().rows()) == fired
        assert set(changes.cleared.frame().rows()) == before[1] - firing
        assert open_rows(self.engine) == (members, firing & before[1] | fired)
        with reading(self.engine) as connection:
            assert answers(changes.roll) == answers(published_roll(connection)) == open_rows(self.engine)

    def cooling(self, book: RuleBook) -> Answers:
        """Who was told lately, by runs that were not taken back."""
        columns = (warnings.c.customer_id, warnings.c.ruleset, warnings.c.warning, warnings.c.fired_at)
        with self.engine.connect() as connection:
            gone: set[int] = set()
            for number, restored in connection.execute(
                select(runs.c.id, runs.c.restores_run_id).where(runs.c.restores_run_id.is_not(None)).order_by(runs.c.id)
            ):
                gone |= set(range(restored + 1, number + 1))
            told = connection.execute(select(*columns).where(warnings.c.fired_run_id.not_in(gone))).all()
        spans = {(item.code, rule.code): rule.cooldown for item in book.rulesets for rule in item.warnings}
        none = timedelta(0)
        return {tuple(row[:3]) for row in told if self.as_of - spans.get((row[1], row[2]), none) < row[3] <= self.as_of}

    def merge(self, gone: int, heir: int) -> None:
        there = self.there()
        if gone not in there or gone == heir or (heir < 100 and heir not in there):
            return
        known = pl.DataFrame([(uid(key), key) for key in there], schema=["uid", "customer_id"], orient="row")
        if heir not in there:
            self.add(heir)
        schema = {"system": pl.String(), "key": pl.String(), "customer_id": pl.Int64(), "now": pl.Int64()}
        # Those of whom it was made, too.
        records = [gone, *(record for record, owner in self.moved.items() if owner == gone)]
        self.moved |= dict.fromkeys(records, heir)
        rows = [("crm", str(record), gone, heir) for record in records]
        moved = pl.DataFrame(rows, schema=schema, orient="row")
        with writing(self.engine) as connection:
            retire(connection, known.filter(customer_id=gone), moved)

    def back(self, count: int) -> None:
        query = select(runs.c.id).where(runs.c.state == "published").order_by(runs.c.id.desc()).offset(count).limit(1)
        with self.engine.connect() as connection:
            target = connection.execute(query).scalar()
        if target is not None:
            with suppress(RefusedError):
                roll_back(self.engine, target, author="Li Na", clock=lambda: self.as_of)

    def decide(self, customer: int, level: str) -> None:
        if customer not in self.there():
            return
        with writing(self.engine) as connection:
            number = len(connection.execute(select(overrides.c.id)).all()) + 1
            said = {"effect": "include", "reason": "contract", "author": "Li Na", "created_at": self.as_of}
            row = {"id": number, "customer_id": customer, "ruleset": "size", "code": level, **said}
            connection.execute(insert(overrides).values(**row))

    def add(self, customer: int) -> None:
        row = {"id": customer, "uid": uid(customer), "kind": "company", "name": str(customer), "name_search": ""}
        with writing(self.engine) as connection:
            connection.execute(insert(customers).values(**row))

    def there(self) -> list[int]:
        with self.engine.connect() as connection:
            return list(connection.execute(select(customers.c.id).order_by(customers.c.id)).scalars())


def known_values(engine: Engine) -> dict[int, dict[str, object]]:
    """What readers are told of everybody, by feature; where nothing is served nobody has a row."""
    with engine.connect() as connection:
        served = all_served(connection)
        everyone = connection.execute(select(customers.c.id)).scalars().all()
        found = values_of(connection, everyone, tuple(served.values()))
    return {key: dict(zip(served, values, strict=True)) for key, values in found.items()}


def uid(customer: int) -> str:
    return uid_of_record(f"crm\x1f{customer}")


def open_rows(engine: Engine) -> tuple[Answers, Answers]:
    """What is published of whom, by rows of the store."""
    found = []
    for history, code, until in ((memberships, "level", "until_run_id"), (warnings, "warning", "cleared_run_id")):
        query = select(history.c.customer_id, history.c.ruleset, history.c[code]).where(history.c[until].is_(None))
        with engine.connect() as connection:
            found.append([tuple(row) for row in connection.execute(query)])
    assert all(len(rows) == len(set(rows)) for rows in found)
    return set(found[0]), set(found[1])


def answers(roll: Roll) -> tuple[Answers, Answers]:
    members = everybody(roll.customers, roll.members, "level").frame()
    return set(members.rows()), set(everybody(roll.customers, roll.firing, "warning").frame().rows())


@pytest.fixture(scope="session")
def books(book_of: BookOf) -> Mapping[str, RuleBook]:
    """The same questions asked in several ways."""
    plain = {"size": SIZE, "signs": SIGNS}
    return {
        "plain": book_of(**plain),
        "renamed": book_of(**plain | {"size": RENAMED}),
        "flags": book_of(**plain | {"size": FLAGS}),
        "fewer": book_of(size=SIZE, signs=None, marks=None),
    }


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Callable[[], list[Engine]]]:
    """Two databases with the customers 1 to 6 and nothing else."""
    engines = [open_database(f"sqlite:///{tmp_path}/{name}.sqlite3") for name in ("kept", "plain")]
    for engine in engines:
        upgrade(engine)

    def emptied() -> list[Engine]:
        for engine in engines:
            empty(engine)
        return engines

    yield emptied
    for engine in engines:
        engine.dispose()


def empty(engine: Engine) -> None:
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            if table.name != "event_changes":
                connection.execute(delete(table))
    story = Story(engine, {}, None)
    for customer in range(1, 7):
        story.add(customer)


NUMBERS = st.dictionaries(st.integers(1, 6) | st.integers(100, 102), st.integers(0, 12), max_size=8)
BOOKS = st.sampled_from(["plain", "plain", "plain", "renamed", "flags", "fewer"])
STEPS = st.one_of(
    st.builds(Run, NUMBERS, st.integers(0, 3), BOOKS),
    st.builds(Run, NUMBERS, st.integers(0, 3), BOOKS),
    st.builds(Run, NUMBERS, st.just(0), st.just("plain"), st.just(value=True)),
    st.builds(Merge, st.integers(1, 6) | st.integers(100, 102), st.integers(1, 6) | st.integers(100, 102)),
    st.builds(Back, st.integers(1, 3)),
    st.builds(Decide, st.integers(1, 6), st.sampled_from(["large", "middle", "small"])),
)


@settings(max_examples=32, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=2, max_size=9))
def test_runs_by_what_is_kept_write_what_runs_by_the_store_write(
    two: Callable[[], list[Engine]],
    books: Mapping[str, RuleBook],
    tmp_path: Path,
    content: Callable[[Engine], dict[str, object]],
    steps: list[Step],
) -> None:
    folder = tmp_path / "mirror"
    shutil.rmtree(folder, ignore_errors=True)
    kept, plain = (Story(engine, books, place) for engine, place in zip(two(), (folder, None), strict=True))
    for step in steps:
        kept.play(step)
        plain.play(step)
        found, wanted = (
            {name: rows for name, rows in content(each.engine).items() if name != "event_changes"}
            for each in (kept, plain)
        )
        assert found == wanted
    taken_back = any(isinstance(step, Back) for step in steps)
    assert kept.said == [] or taken_back


def test_a_story_told_on_each_kind_of_database(database: Engine, books: Mapping[str, RuleBook], tmp_path: Path) -> None:
    story = Story(database, books, tmp_path / "mirror")
    empty(database)
    numbers = {1: 12, 2: 1, 3: 7, 4: 3, 5: 5, 6: 0}
    steps: list[Step] = [
        Run(numbers),
        Run(numbers | {1: 7, 2: 6}),
        Merge(1, 2),
        Merge(4, 100),
        Run(numbers | {2: 9, 100: 3}),
        Decide(5, "large"),
        Run(numbers | {2: 9, 100: 3}, book="flags"),
        Back(1),
        Run(numbers | {100: 11}),
    ]
    for step in steps:
        story.play(step)
    assert [text.split(":")[0] for text in story.said] == [
        "reading what is published from the database itself",
        "reading values of features from the database itself",
    ]


def _first_run(story: Story) -> None:
    story.run(Run({1: 12, 2: 1, 3: 7}))


def _published(folder: Path) -> Path:
    return folder / "published"


def _other_run(story: Story) -> None:
    Story(story.engine, story.books, None, story.as_of).run(Run({1: 3, 2: 1}))


def _cut(story: Story) -> None:
    (file,) = _published(_folder(story)).glob("*.arrow")
    file.write_bytes(file.read_bytes()[:-10])


def _altered(story: Story) -> None:
    (file,) = _published(_folder(story)).glob("*.arrow")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def _gone(story: Story) -> None:
    (file,) = _published(_folder(story)).glob("*.arrow")
    file.unlink()


def _scrawled(story: Story) -> None:
    (_published(_folder(story)) / "published.json").write_text("{}", encoding="utf-8")


def _other_log(story: Story) -> None:
    with story.engine.begin() as connection:
        connection.execute(delete(metadata.tables["event_changes"]))


def _other_moment(story: Story) -> None:
    with story.engine.begin() as connection:
        connection.execute(publication.update().values(published_at=FIRST))


def _nothing(_story: Story) -> None:
    return


def _forgotten(story: Story) -> None:
    story.kept.forget()


def _folder(story: Story) -> Path:
    assert story.folder is not None
    return story.folder


@pytest.mark.parametrize(
    ("_case", "harm", "why"),
    [
        ("nothing happened", _nothing, None),
        ("nothing is kept, as after a process died before it kept it", _forgotten, None),
        ("another run was published by who kept nothing", _other_run, "is of run 1 in another state of the database"),
        ("a backup of a moment before was brought back", _other_moment, "is of run 1 in another state of the database"),
        ("the log is another", _other_log, "is of run 1 in another state of the database"),
        ("the file is cut off", _cut, "bytes instead of"),
        ("a bit of the file is another", _altered, "does not hold what was written"),
        ("the file is gone", _gone, "is missing"),
        ("the contents are not ours", _scrawled, "'published.json' is damaged"),
    ],
)
def test_what_is_kept_is_used_only_while_it_is_true(
    _case: str,
    harm: Callable[[Story], None],
    why: str | None,
    sqlite_database: Engine,
    books: Mapping[str, RuleBook],
    tmp_path: Path,
) -> None:
    story = Story(sqlite_database, books, tmp_path / "mirror")
    empty(sqlite_database)
    _first_run(story)
    harm(story)
    with reading(sqlite_database) as connection:
        assert answers(story.kept.roll(connection)) == answers(published_roll(connection))
    assert len(story.said) == (why is not None)
    assert (why or "") in "".join(story.said)
    story.run(Run({1: 3, 2: 1, 3: 12}))


def test_customers_that_merged_are_known_without_reading_the_others(
    sqlite_database: Engine, books: Mapping[str, RuleBook], tmp_path: Path
) -> None:
    story = Story(sqlite_database, books, tmp_path / "mirror")
    empty(sqlite_database)
    _first_run(story)
    story.merge(1, 2)
    story.merge(3, 100)
    with reading(sqlite_database) as connection:
        found = story.kept.roll(connection)
    assert answers(found)[0] == {(2, "size", "small"), (100, "size", "middle")}
    assert story.said == []


def test_a_folder_that_cannot_be_written_stops_no_run(
    sqlite_database: Engine, books: Mapping[str, RuleBook], tmp_path: Path
) -> None:
    folder = tmp_path / "mirror"
    folder.write_text("a file where the folder should be", encoding="utf-8")
    story = Story(sqlite_database, books, folder)
    empty(sqlite_database)
    with reading(sqlite_database) as connection:
        roll = story.kept.roll(connection)
        story.kept.keep(state_of(connection), roll)
    assert [text.split(":")[0] for text in story.said] == [
        "reading what is published from the database itself",
        "what is published could not be kept beside the mirror",
    ]
