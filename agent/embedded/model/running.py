"""Runs the network through onnxruntime, on one thread."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from agent.embedded.model.encoding import STATES, Row

_SCORES = ("told", "start", "end", "option", "line")
Numbers = NDArray[np.float32]


class Network:
    def __init__(self, path: Path) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # many conversations are evaluated side by side
        # A plan for every length of row takes memory, and rows are of all lengths. Their stubs don't know the option.
        options.enable_mem_pattern = False  # pyright: ignore[reportAttributeAccessIssue]
        self._session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        _give_back()

    def scores(self, row: Row) -> dict[str, Numbers]:
        return dict(zip(_SCORES, self._run(_SCORES, row), strict=True))

    def states(self, row: Row) -> Numbers:
        """What the network made of each token: [tokens, width]."""
        return self._run((STATES,), row)[0][0]

    def _run(self, wanted: Sequence[str], row: Row) -> Sequence[Any]:
        most = max((len(places) for places in row.options), default=0) or 1
        offered = np.zeros((len(row.options), most), np.int64)
        for number, places in enumerate(row.options):
            offered[number, : len(places)] = places
        given = {"ids": row.ids, "kinds": row.kinds, "fields": row.fields, "lines": row.lines}
        inputs = {name: np.array(value, np.int64) for name, value in given.items()}
        return self._session.run(list(wanted), {**inputs, "options": offered})


def _give_back() -> None:
    """Returns to the system what opening the network left behind, of which glibc keeps 8 to 14 MB."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:  # musl has none
        trim(0)
