"""Runs the network through onnxruntime, on one thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from agent.embedded.model.encoding import Row

Network = Callable[[Row], dict[str, NDArray[np.float32]]]
_OUTPUTS = ("told", "start", "end", "option", "line")


def opened(network: Path) -> Network:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # many conversations are evaluated side by side
    options.enable_cpu_mem_arena = False  # it never gives back what the longest row took
    session = ort.InferenceSession(str(network), options, providers=["CPUExecutionProvider"])

    def run(row: Row) -> dict[str, NDArray[np.float32]]:
        most = max((len(places) for places in row.options), default=0) or 1
        offered = np.zeros((len(row.options), most), np.int64)
        for number, places in enumerate(row.options):
            offered[number, : len(places)] = places
        given = {"ids": row.ids, "kinds": row.kinds, "fields": row.fields, "lines": row.lines}
        inputs = {name: np.array(value, np.int64) for name, value in given.items()}
        found = session.run(_OUTPUTS, {**inputs, "options": offered})
        return dict(zip(_OUTPUTS, found, strict=True))

    return run
