"""What a monitoring system asks every so often: runs and members, in Prometheus' text format."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from kehu.reader.run_figures import RunFigures, run_figures
from kehu_graphql.reads import ReadPool

# https://prometheus.io/docs/instrumenting/exposition_formats/
_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
Handler = Callable[[Request], Awaitable[Response]]
Sample = tuple[dict[str, str], float]


def metrics(pool: ReadPool) -> Handler:
    """200 with the figures; 503 while the database does not answer."""

    async def show(_request: Request) -> Response:
        try:
            figures = await pool.run(run_figures)
        except SQLAlchemyError:
            return PlainTextResponse("# the database does not answer\n", 503, media_type=_TYPE)
        return PlainTextResponse(exposition(figures), media_type=_TYPE)

    return show


def exposition(figures: RunFigures) -> str:
    """The figures as text. What is not known yet has no sample."""
    return "".join(f"{line}\n" for line in _lines(figures))


def _lines(figures: RunFigures) -> Iterator[str]:
    runs = [({"state": state}, float(count)) for state, count in figures.runs.items()]
    yield from _metric("kehu_runs", "Runs on record by state.", runs)
    last = [({"state": state}, _seconds(at)) for state, at in figures.ended_at.items()]
    yield from _metric("kehu_run_last_end_timestamp_seconds", "When a run last ended in the state.", last)
    number: list[Sample] = [] if figures.published is None else [({}, float(figures.published))]
    yield from _metric("kehu_published_run", "The number of the run that readers see.", number)
    as_of: list[Sample] = [] if figures.as_of is None else [({}, _seconds(figures.as_of))]
    yield from _metric("kehu_published_run_as_of_timestamp_seconds", "The instant it pretends to be at.", as_of)
    for name, meaning, key in (
        ("kehu_run_stage_seconds", "Wall time of each stage of the published run.", "seconds"),
        ("kehu_run_stage_cpu_seconds", "CPU time of each stage of the published run.", "cpu_seconds"),
        ("kehu_run_stage_peak_bytes", "The most memory the process had had by the stage's end.", "peak_bytes"),
    ):
        yield from _metric(name, meaning, [({"stage": each["stage"]}, float(each[key])) for each in figures.stages])
    members = [({"ruleset": ruleset, "level": level}, float(n)) for (ruleset, level), n in figures.members.items()]
    yield from _metric("kehu_level_members", "Customers in each level by the published run.", members)
    signs = [({"warning": warning}, float(count)) for warning, count in figures.warnings.items()]
    yield from _metric("kehu_warning_customers", "Customers each warning held for in the published run.", signs)


def _metric(name: str, meaning: str, samples: list[Sample]) -> Iterator[str]:
    if not samples:
        return
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} gauge"
    for labels, value in samples:
        written = ",".join(f'{label}="{text.translate(_ESCAPES)}"' for label, text in labels.items())
        yield f"{name}{{{written}}} {value!r}" if written else f"{name} {value!r}"


def _seconds(at: datetime) -> float:
    return at.timestamp()
