"""Worker processes beside another process, which they end with."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess

from registry.kernel.settings import Settings

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_STOP_SECONDS = 10
_WATCH_SECONDS = 0.2
_GENTLY = 10


def _work(settings: Settings, parent: int, once: bool, idle_exit: float | None) -> None:
    _run(settings, parent, once=once, idle_exit=idle_exit, level=logging.INFO)


def _work_gently(settings: Settings, parent: int) -> None:
    os.nice(_GENTLY)
    _run(settings, parent, once=False, idle_exit=None, level=logging.WARNING)


def _run(
    settings: Settings, parent: int, *, once: bool, idle_exit: float | None, level: int
) -> None:
    # Here, so that who is to step back steps back before the long import.
    from registry.background import work  # noqa: PLC0415

    fine = work(settings, once=once, idle_exit=idle_exit, level=level, parent=parent)
    sys.exit(0 if fine else 1)


@contextmanager
def quiet_worker(settings: Settings) -> Iterator[None]:
    """Run one worker beside this process, which comes first; it tells of faults only."""
    with _running([(_work_gently, (settings, os.getpid()))]):
        yield


def work_together(
    settings: Settings, count: int, *, once: bool = False, idle_exit: float | None = None
) -> bool:
    """Run ``count`` workers until a signal or their own end; return whether none failed."""
    asked: list[int] = []
    arguments = (settings, os.getpid(), once, idle_exit)
    with _hearing(asked.append), _running([(_work, arguments)] * count) as running:
        while not asked and any(process.is_alive() for process in running):
            time.sleep(_WATCH_SECONDS)
    return all(process.exitcode == 0 for process in running)


@contextmanager
def _running(
    targets: Sequence[tuple[Callable[..., None], tuple[object, ...]]],
) -> Iterator[Sequence[BaseProcess]]:
    context = multiprocessing.get_context("spawn")
    running = [context.Process(target=target, args=args) for target, args in targets]
    # Its start would let signals through again.
    resource_tracker.ensure_running()
    # A Ctrl-C is held back until the new process can hear it in its own way.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        for process in running:
            process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    try:
        yield running
    finally:
        _stop(running)


def _stop(running: Sequence[BaseProcess]) -> None:
    for process in running:
        if process.is_alive():
            process.terminate()
    deadline = time.monotonic() + _STOP_SECONDS
    for process in running:
        process.join(max(0, deadline - time.monotonic()))
        if process.is_alive():
            # Whatever it holds is taken up again when its lease ends.
            process.kill()
            process.join()


@contextmanager
def _hearing(tell: Callable[[int], None]) -> Iterator[None]:
    before = [signal.signal(number, lambda number, _: tell(number)) for number in _SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(number, handler)
