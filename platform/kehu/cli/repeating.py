"""A command's work done again and again by a schedule, until the process is told to end."""

import logging
import sys
from collections.abc import Callable
from datetime import datetime
from time import sleep

import typer
from sqlalchemy.exc import DBAPIError

from kehu.cli.options import now
from kehu.cli.output import show_problems
from kehu.model.problems import RefusedError
from kehu.pipeline.progress import Clock
from kehu.pipeline.schedule import Schedule

logger = logging.getLogger(__name__)
# A machine that sleeps or whose clock is set must notice that the time has come.
_LONGEST_NAP_SECONDS = 30.0


def repeat(
    schedule: Schedule, work: Callable[[], None], *, clock: Clock = now, nap: Callable[[float], None] = sleep
) -> None:
    """Work whenever the schedule has it due; what fails is told, and the next time tried again.

    Times that pass during work or sleep are left out, not made up for. Ends only by KeyboardInterrupt or SystemExit.
    """
    due = schedule.first(clock())
    while True:
        _tell(f"next run at {due.astimezone(schedule.zone):%Y-%m-%d %H:%M %Z}")
        _wait(due, clock, nap)
        _try(work)
        due = schedule.next(due, clock())


def _wait(due: datetime, clock: Clock, nap: Callable[[float], None]) -> None:
    while (left := (due - clock()).total_seconds()) > 0:
        nap(min(left, _LONGEST_NAP_SECONDS))


def _try(work: Callable[[], None]) -> None:
    try:
        work()
    except typer.Exit:
        _tell("the run is held, the next one comes as planned")
    except RefusedError as error:
        show_problems(error.problems)
        _tell("the run failed, the next one comes as planned")
    except DBAPIError as error:
        _tell(f"the run failed, the next one comes as planned; the database refused: {str(error.orig).strip()}")
    except OSError as error:
        _tell(f"the run failed, the next one comes as planned; the system refused: {error}")
    except Exception:  # a mistake of ours must not keep tomorrow's run from being tried
        logger.exception("the run failed, the next one comes as planned")


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
