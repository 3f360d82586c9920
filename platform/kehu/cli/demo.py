"""kehu demo: sample workspaces loaded, segmented and served."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from kehu.cli.init import copy_tree
from kehu.cli.options import database_of, now, workspace_at
from kehu.cli.output import progress, say, show_table
from kehu.cli.queries import demo_queries, telling_account
from kehu.cli.serve import DEFAULT_PORT, PortOption, serve_workspace
from kehu.generate.carrier import generate
from kehu.model.problems import Place, Problem, RefusedError
from kehu.pipeline import loading, resegmenting
from kehu.pipeline.loading import LoadReport
from kehu.pipeline.progress import Progress
from kehu.pipeline.run_report import RunReport
from kehu.workspace.workspace import RULES, Workspace, default_rules

CARRIER = "carrier"
# The carrier is served on the port given, the others on the ports after it.
SAMPLES = (CARRIER, "scms", "online_retail", "northwind")
_MARK = ".kehu-demo"
_SEED = 1


@dataclass(frozen=True, slots=True)
class Shown:
    """One sample workspace and what became of it."""

    workspace: Workspace
    loaded: LoadReport
    run: RunReport
    seconds: float


def demo(
    port: PortOption = DEFAULT_PORT,
    folder: Annotated[Path, typer.Option("--dir", "-d", help="Where the workspaces are made, anew each time.")] = Path(
        "kehu-demo"
    ),
    customers: Annotated[int, typer.Option("--customers", help="Of the generated carrier.", min=1)] = 20_000,
    shipments: Annotated[int, typer.Option("--shipments", help="Of the generated carrier.", min=1)] = 400_000,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve GraphQL until interrupted.")] = True,
) -> None:
    """Make four sample workspaces, load them, segment their customers, show what was done, and serve them.

    A generated carrier of about 20,000 customers, and three real data sets: SCMS shipments, Online Retail
    invoices, Northwind.

    Example: kehu demo --port 8000
    """
    _make_folder(folder)
    begun = perf_counter()
    with progress(quiet=False) as tell:
        tell(f"generating a carrier of {customers:,} customers and {shipments:,} waybills", 0)
        generate(folder / CARRIER / "data", customers=customers, shipments=shipments, seed=_SEED)
        shown = [_run(folder, name, tell) for name in SAMPLES]
    _show(shown, perf_counter() - begun)
    if serve:
        _serve(shown, port)


def _make_folder(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).exists():
        remedy = "give the name of a new folder with --dir"
        message = "this folder holds something that is not an earlier demo"
        raise RefusedError([Problem(Place(str(folder)), "not-a-demo", message, remedy)])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / _MARK).touch()
    for name in SAMPLES:
        copy_tree(default_rules(), folder / name / RULES)
        copy_tree(_samples() / name, folder / name)


def _samples() -> Traversable:
    """The sample workspaces: inside the wheel, or the checkout's own `examples/`."""
    inside = resources.files("kehu") / "examples"
    return inside if inside.is_dir() else Path(str(resources.files("kehu"))).parent.parent / "examples"


def _run(folder: Path, name: str, tell: Progress) -> Shown:
    begun = perf_counter()
    workspace = workspace_at(folder / name)
    engine = database_of(workspace)
    loaded = loading.load(workspace, engine, [], clock=now, progress=lambda what, rows: tell(f"{name}: {what}", rows))
    run = resegmenting.resegment(
        workspace, engine, None, clock=now, progress=lambda what, rows: tell(f"{name}: {what}", rows)
    )
    engine.dispose()
    return Shown(workspace, loaded, run, perf_counter() - begun)


def _show(shown: list[Shown], seconds: float) -> None:
    columns = (
        "workspace",
        "rows read",
        "loaded",
        "quarantined",
        "customers",
        "as of",
        "in a level",
        "warnings",
        "seconds",
    )
    rows = [
        (
            item.workspace.root.name,
            sum(file.read for file in item.loaded.files),
            sum(file.loaded for file in item.loaded.files),
            item.loaded.quarantined,
            item.run.customers,
            f"{item.run.as_of:%Y-%m-%d}",
            sum(count for levels in item.run.levels.values() for count in levels.values()),
            sum(item.run.warnings.values()),
            round(item.seconds, 1),
        )
        for item in shown
    ]
    show_table("What was done", columns, rows)
    names = [item.workspace.root.name for item in shown]
    show_table("Members per level", ("rule set", "level", *names), _level_rows(shown))
    warnings = {name: None for item in shown for name in item.run.warnings}
    counts = [(name, *(item.run.warnings.get(name) for item in shown)) for name in warnings]
    show_table("Customers per warning", ("warning", *names), counts)
    say(f"done in {seconds:.1f} s\n")


def _level_rows(shown: list[Shown]) -> list[tuple[object, ...]]:
    levels = {
        (ruleset, level): None for item in shown for ruleset, counted in item.run.levels.items() for level in counted
    }
    ordered = sorted(levels, key=lambda pair: [ruleset for ruleset, _ in levels].index(pair[0]))
    return [
        (ruleset, level, *(item.run.levels.get(ruleset, {}).get(level) for item in shown)) for ruleset, level in ordered
    ]


def _serve(shown: list[Shown], port: int) -> None:
    with ExitStack() as stack:
        for number, item in enumerate(shown):
            url = f"http://127.0.0.1:{port + number}/graphql"
            say(f"{url}  {item.workspace.settings.name}")
            if number:
                stack.enter_context(_beside(item.workspace, port + number))
        say("\nOpen the first in a browser and paste one of these (Ctrl-C ends the demo):\n")
        for title, query in _queries(shown[0].workspace):
            say(f"# {title}\n{query}\n")
        serve_workspace(shown[0].workspace, "127.0.0.1", port)


def _queries(workspace: Workspace) -> tuple[tuple[str, str], ...]:
    engine = database_of(workspace)
    with engine.connect() as connection:
        account = telling_account(connection, "service_tier")
    engine.dispose()
    return demo_queries(account)


@contextmanager
def _beside(workspace: Workspace, port: int) -> Iterator[None]:
    """Serve a workspace in a process of its own for as long as the block lasts."""
    command = [sys.executable, "-m", "kehu.cli", "serve", "-w", str(workspace.root), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603  # our own command
        try:
            yield
        finally:
            process.terminate()
