"""The rule directory looked at again and again beside a server."""

import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Thread, current_thread, main_thread

from kehu.cli.options import now
from kehu.pipeline.rule_watch import RuleWatch
from kehu.rules.directory import RuleDirectory
from kehu.workspace.workspace import Workspace

logger = logging.getLogger(__name__)


@contextmanager
def watching(workspace: Workspace) -> Iterator[Callable[[], RuleDirectory]]:
    """Asks for what is known of the workspace's rule directory, which a thread looks at while the block lasts.

    It looks every `rules_reload_seconds`, at 0 only at the beginning; and at once on SIGHUP, unless the server has a
    terminal, whose closing sends the same signal and must end it.
    """
    watch = RuleWatch(workspace, now())
    # Unlike an Event, a SimpleQueue may be used by a signal handler that interrupts itself.
    wishes: SimpleQueue[bool] = SimpleQueue()
    seconds = workspace.settings.reload_seconds
    thread = Thread(target=_look_on, args=(watch, wishes, seconds or None), name="rule watch", daemon=True)
    thread.start()
    if hasattr(signal, "SIGHUP") and not _has_terminal() and current_thread() is main_thread():
        signal.signal(signal.SIGHUP, lambda _number, _frame: wishes.put(True))
    try:
        yield lambda: watch.directory
    finally:
        wishes.put(False)
        thread.join()


def _look_on(watch: RuleWatch, wishes: "SimpleQueue[bool]", seconds: float | None) -> None:
    while True:
        try:
            if not wishes.get(timeout=seconds):
                return
        except Empty:
            pass
        try:
            watch.look(now())
        except Exception:  # what it knew stays, and its `checked_at` tells how old that is
            logger.exception("the rule directory could not be looked at")


def _has_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()
