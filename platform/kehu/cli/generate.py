"""kehu generate: a carrier's departmental exports, made up but lifelike."""

from pathlib import Path
from typing import Annotated

import typer

from kehu.cli.output import progress, say
from kehu.generate import carrier


def generate(
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write.")],
    customers: Annotated[int, typer.Option("--customers", help="How many true customers.", min=1)] = 20_000,
    shipments: Annotated[int, typer.Option("--shipments", help="How many waybills.", min=0)] = 400_000,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same files.")] = 1,
) -> None:
    """Write what the departments of a mid-size Chinese carrier would export, and the truth beside it.

    Example: kehu generate --customers 20000 --shipments 400000 --seed 1 -o carrier
    """
    with progress(quiet=False) as tell:
        made = carrier.generate(
            out, customers=customers, shipments=shipments, seed=seed, progress=lambda what, done, _all: tell(what, done)
        )
    say(f"written to {out}: {made}")
