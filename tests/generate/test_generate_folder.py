from datetime import date
from pathlib import Path

import pytest

from kehu.generate.carrier import GeneratedCarrier, generate
from kehu.generate.folder import MANIFEST, Request
from kehu.generate.office import Progress
from kehu.model.problems import RefusedError


def small(folder: Path, *, seed: int = 1, progress: Progress | None = None) -> GeneratedCarrier:
    return generate(folder, customers=20, shipments=50, seed=seed, progress=progress)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    ("_case", "request_", "checks"),
    [
        ("all fine", Request(1, 1, 0, date(2027, 12, 31)), []),
        ("no customers", Request(0, 1, 0, date(2026, 5, 31)), ["customers is '0'"]),
        ("no waybills", Request(1, 0, 0, date(2026, 5, 31)), ["shipments is '0'"]),
        ("a negative seed", Request(1, 1, -1, date(2026, 5, 31)), ["seed is '-1'"]),
        ("too early, and too many", Request(10**9, 1, 0, date(2021, 12, 29)), ["customers is", "end is '2021-12-29'"]),
        ("the festivals are not known yet", Request(1, 1, 0, date(2028, 1, 1)), ["end is '2028-01-01'"]),
    ],
)
def test_every_bad_argument_is_named_at_once(_case: str, request_: Request, checks: list[str]) -> None:
    found = [problem.message for problem in request_.problems()]
    assert len(found) == len(checks)
    assert all(message.startswith(check) for message, check in zip(found, checks, strict=True))


def test_a_refused_request_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="customers is '0'"):
        generate(tmp_path / "x", customers=0, shipments=5, seed=1)
    assert not (tmp_path / "x").exists()


def test_a_folder_in_use_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(RefusedError, match="is not empty"):
        small(tmp_path)
    assert contents(tmp_path) == {"mine.txt": b"mine"}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("mine", encoding="utf-8")
    with pytest.raises(RefusedError, match="is not a folder"):
        small(tmp_path / "x")


def test_the_same_carrier_is_found_finished(tmp_path: Path) -> None:
    made = small(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    found = small(tmp_path)
    assert (made.is_new, found.is_new) == (True, False)
    assert found.files == made.files
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_another_carrier_does_not_replace_the_first(tmp_path: Path) -> None:
    small(tmp_path)
    before = contents(tmp_path)
    with pytest.raises(RefusedError, match=r"holds another carrier .*seed 1"):
        small(tmp_path, seed=2)
    assert contents(tmp_path) == before


def test_an_interrupted_run_looks_unfinished_and_is_begun_anew(tmp_path: Path) -> None:
    def stop(stage: str, _done: int, _total: int) -> None:
        if stage == "callcentre":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        small(tmp_path / "x", progress=stop)
    assert not (tmp_path / "x" / MANIFEST).exists()
    assert not (tmp_path / "x" / "tms").exists()
    small(tmp_path / "x")
    small(tmp_path / "y")
    assert contents(tmp_path / "x") == contents(tmp_path / "y")


def test_a_run_killed_while_moving_is_begun_anew(tmp_path: Path) -> None:
    small(tmp_path / "x")
    whole = contents(tmp_path / "x")
    (tmp_path / "x" / ".kehu-partial").mkdir()
    (tmp_path / "x" / "truth" / "churn.csv").unlink()
    assert small(tmp_path / "x").is_new
    assert contents(tmp_path / "x") == whole
