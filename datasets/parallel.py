"""Reads the rows of a large file in several processes, in the order of the file.

What must look at more than one row, such as a number that two rows share, is done here.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from queue import SimpleQueue

from datasets.formats import Row
from datasets.readers import Packed, Reader, read_row, unpacked
from datasets.specs import SPECS
from datasets.specs.base import Entry, Spec, unique

# What a reader takes to start is what one process reads in the time of this many rows.
_ALONE = 10_000
_CHUNK = 1000


def entries(spec: Spec, rows: Iterable[Row], *, processes: int | None = None) -> Generator[Entry]:
    """Yield what a specification makes of ``rows``, as ``spec.read`` does, line by line.

    A file of more than some thousands of rows, in which each row is an entry, is read by as many
    ``processes`` as there are processors, or as told; their documents come as `Rendered`. They
    end with this iterator, so close it where you leave before its end. Raises ReaderFailed.
    """
    wanted = _processors() if processes is None else processes
    if spec.row is None or wanted < 2 or SPECS.get(spec.name) is not spec:  # noqa: PLR2004
        yield from spec.read(rows)
        return
    readers = _in_order(spec, iter(rows), wanted)
    try:
        yield from unique(readers)
    finally:
        readers.close()


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def _in_order(spec: Spec, rows: Iterator[Row], processes: int) -> Generator[Entry]:
    yield from (read_row(spec, row) for row in islice(rows, _ALONE))
    chunk = list(islice(rows, _CHUNK))
    if not chunk:
        return
    readers: SimpleQueue[Reader] = SimpleQueue()
    started = [Reader(spec.name) for _ in range(processes)]
    for each in started:
        readers.put(each)
    threads = ThreadPoolExecutor(processes)

    def ask(rows: Sequence[Row]) -> list[Packed]:
        reader = readers.get()
        try:
            return reader.ask(rows)
        finally:
            readers.put(reader)

    waiting: deque[Future[list[Packed]]] = deque()
    try:
        while chunk or waiting:
            if chunk:
                waiting.append(threads.submit(ask, chunk))
                chunk = list(islice(rows, _CHUNK))
            # One more than can be read at once, so that none waits for what happens here.
            if not chunk or len(waiting) > processes:
                yield from map(unpacked, waiting.popleft().result())
    finally:
        for each in started:
            each.stop()
        threads.shutdown(cancel_futures=True)
