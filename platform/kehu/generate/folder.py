"""The folder a carrier is generated into: refused when in use, complete only with its manifest."""

import json
import shutil
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from kehu.generate.calendar import FIRST_END, LAST_END
from kehu.model.problems import Place, Problem, RefusedError

MANIFEST = "carrier.json"
FORMAT = 1  # raise it whenever the same arguments give other files
MOST_CUSTOMERS = 10_000_000
MOST_SHIPMENTS = 1_000_000_000
_STAGING = ".kehu-partial"
_PARTS = ("crm", "tms", "callcentre", "finance", "visits", "truth")


@dataclass(frozen=True, slots=True)
class Request:
    """What to generate. `end` is the last day of the history, included."""

    customers: int
    shipments: int
    seed: int
    end: date

    def problems(self) -> list[Problem]:
        """What cannot be generated, all at once."""
        limits = (
            ("customers", self.customers, 1, MOST_CUSTOMERS),
            ("shipments", self.shipments, 1, MOST_SHIPMENTS),
            ("seed", self.seed, 0, 2**63 - 1),
        )
        found = [
            Problem(Place(name), "generate-argument", f"{name} is '{value}'", f"choose from {least} to {most}")
            for name, value, least, most in limits
            if not least <= value <= most
        ]
        if not FIRST_END <= self.end <= LAST_END:
            remedy = f"choose a last day from {FIRST_END} to {LAST_END}, for which the holidays are known"
            found.append(Problem(Place("end"), "generate-argument", f"end is '{self.end}'", remedy))
        return found

    def as_json(self) -> dict[str, object]:
        """The request as it stands in the manifest."""
        return {"format": FORMAT, **asdict(self), "end": self.end.isoformat()}


@dataclass(frozen=True, slots=True)
class GeneratedFile:
    """One file, or one table of a database: its path below the carrier's folder, rows, and malformed rows therein."""

    path: str
    rows: int
    malformed: int = 0
    table: str = ""


def finished(out: Path, request: Request) -> tuple[GeneratedFile, ...] | None:
    """The files of an earlier, complete run of the same request; None when `out` is new, empty or left unfinished.

    Raises RefusedError when `out` holds anything else.
    """
    if not out.exists():
        return None
    if not out.is_dir():
        raise RefusedError([_in_use(out, f"'{out}' is not a folder", "choose another folder")])
    manifest = out / MANIFEST
    if manifest.is_file() and not (out / _STAGING).exists():
        return _recorded(manifest, request)
    if (out / _STAGING).exists() or not any(out.iterdir()):
        return None
    raise RefusedError([_in_use(out, f"'{out}' is not empty", "choose an empty folder, or one that does not exist")])


def stage(out: Path) -> Path:
    """A fresh folder to write into; what an interrupted run left is removed."""
    staging = out / _STAGING
    if staging.exists():
        for name in (_STAGING, *_PARTS):
            shutil.rmtree(out / name, ignore_errors=True)
        (out / MANIFEST).unlink(missing_ok=True)
    for name in _PARTS:
        (staging / name).mkdir(parents=True)
    return staging


def complete(out: Path, request: Request, files: tuple[GeneratedFile, ...]) -> None:
    """Move what was written into place, the manifest last; until then the folder counts as unfinished."""
    staging = out / _STAGING
    text = json.dumps({**request.as_json(), "files": [asdict(file) for file in files]}, indent=1, ensure_ascii=False)
    for name in _PARTS:
        (staging / name).rename(out / name)
    written = staging / MANIFEST
    written.write_text(text + "\n", encoding="utf-8")
    written.rename(out / MANIFEST)
    staging.rmdir()


def _recorded(manifest: Path, request: Request) -> tuple[GeneratedFile, ...]:
    found = json.loads(manifest.read_text(encoding="utf-8"))
    files = found.pop("files")
    if found != request.as_json():
        told = ", ".join(f"{name} {value}" for name, value in found.items())
        message = f"'{manifest.parent}' holds another carrier ({told})"
        raise RefusedError([_in_use(manifest, message, "choose another folder, or delete that one")])
    return tuple(GeneratedFile(**file) for file in files)


def _in_use(path: Path, message: str, remedy: str) -> Problem:
    return Problem(Place(str(path)), "generate-folder", message, remedy)
