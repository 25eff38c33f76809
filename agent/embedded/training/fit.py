"""Teaches the network, checkpointing; started again, it goes on from the last checkpoint."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as together
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from agent.embedded.model.encoding import LONGEST, Kind, Marks, Row, Tokenise, encode
from agent.embedded.training.network import LAYERS, Network
from agent.embedded.training.windows import Conversation, Cutter, Target

_TOKENS = 3_000  # of a batch, for each worker
_POOL = 2_000  # windows that are drawn and sorted by length at a time
_BODY_RATE, _HEAD_RATE = 1.5e-4, 8e-4
_WARM = 0.04
_SAVED_EVERY = 300.0  # seconds
_STATUS, _SPAN, _OPTION, _LINE = 2.0, 1.0, 1.0, 0.3
_NEVER = -1e4
CHECKPOINT = "checkpoint.pt"
_LOGGED_EVERY = 20.0
_SMOOTH = 0.98


@dataclass(frozen=True, slots=True)
class Sample:
    row: Row
    targets: tuple[Target, ...]


def start(words: dict[str, NDArray[np.float32]], kept: Sequence[int]) -> Network:
    """The base's weights in a network whose heads know nothing yet."""
    network = Network(len(kept))
    table = torch.from_numpy(words["embeddings.word_embeddings.weight"][list(kept)])
    scales = table.abs().amax(1, keepdim=True) / 127
    network.scales.copy_(scales)
    network.words.copy_((table / scales).round().to(torch.int8))
    state = network.state_dict()

    def put(name: str, *sources: str) -> None:
        state[name].copy_(torch.cat([torch.from_numpy(words[source]) for source in sources]))

    put("positions.weight", "embeddings.position_embeddings.weight")
    kinds = torch.from_numpy(words["embeddings.token_type_embeddings.weight"][:1])
    state["kinds.weight"].copy_(kinds + 0.02 * torch.randn(len(Kind), kinds.shape[1]))
    for part in ("weight", "bias"):
        put(f"entry.{part}", f"embeddings.LayerNorm.{part}")
        for number in range(LAYERS):
            ours, theirs = f"layers.{number}.", f"encoder.layer.{number}."
            put(f"{ours}qkv.{part}", *(f"{theirs}attention.self.{x}.{part}" for x in ("query", "key", "value")))
            put(f"{ours}out.{part}", f"{theirs}attention.output.dense.{part}")
            put(f"{ours}after_attention.{part}", f"{theirs}attention.output.LayerNorm.{part}")
            put(f"{ours}up.{part}", f"{theirs}intermediate.dense.{part}")
            put(f"{ours}down.{part}", f"{theirs}output.dense.{part}")
            put(f"{ours}after_inner.{part}", f"{theirs}output.LayerNorm.{part}")
    return network


# --- batches ----------------------------------------------------------------------------------------


def samples(
    sets: Sequence[tuple[Sequence[Conversation], Cutter, float]], tokenise: Tokenise, marks: Marks, seed: int
) -> Iterator[Sample]:
    """Endless: windows of the sets in the shares given."""
    draw = random.Random(seed)
    shares = [share for _, _, share in sets]
    while True:
        conversations, cutter, _ = draw.choices(sets, shares)[0]
        window = cutter.cut(draw.choice(conversations))
        if window is not None:
            row = encode(window.prompts, window.lines, tokenise, marks)
            if len(row.ids) <= LONGEST:
                yield Sample(row, window.targets)


def batches(drawn: Iterator[Sample], seed: int) -> Iterator[list[Sample]]:
    draw = random.Random(seed)
    while True:
        pool = sorted(islice(drawn, _POOL), key=lambda sample: len(sample.row.ids))
        made: list[list[Sample]] = [[]]
        for sample in pool:
            if (len(made[-1]) + 1) * len(sample.row.ids) > _TOKENS:
                made.append([])
            made[-1].append(sample)
        draw.shuffle(made)
        yield from made


def inputs(rows: Sequence[Row]) -> tuple[Tensor, ...]:
    tokens, fields = max(len(r.ids) for r in rows), max(len(r.fields) for r in rows)
    options, lines = max((len(o) for r in rows for o in r.options), default=1) or 1, max(len(r.lines) for r in rows)
    ids, kinds = np.zeros((len(rows), tokens), np.int64), np.full((len(rows), tokens), Kind.FRAME, np.int64)
    here = np.zeros((len(rows), tokens), np.bool_)
    asked = np.zeros((len(rows), fields), np.int64)
    offered = np.zeros((len(rows), fields, options), np.int64)
    said = np.zeros((len(rows), lines), np.int64)
    for at, row in enumerate(rows):
        ids[at, : len(row.ids)], kinds[at, : len(row.ids)], here[at, : len(row.ids)] = row.ids, row.kinds, True
        asked[at, : len(row.fields)], said[at, : len(row.lines)] = row.fields, row.lines
        for number, places in enumerate(row.options):
            offered[at, number, : len(places)] = places
    return tuple(map(torch.from_numpy, (ids, kinds, here, asked, offered, said)))


def masks(batch: Sequence[Sample], shape: tuple[int, int, int, int]) -> dict[str, Tensor]:
    """What may be chosen, and what is right to choose."""
    fields, tokens, options, lines = shape
    words = np.zeros((len(batch), 1, tokens), np.bool_)
    right = {
        "told": np.full((len(batch), fields), -1, np.int64),
        "start": np.zeros((len(batch), fields, tokens), np.bool_),
        "end": np.zeros((len(batch), fields, tokens), np.bool_),
        "option": np.zeros((len(batch), fields, options), np.bool_),
        "line": np.zeros((len(batch), fields, lines), np.bool_),
    }
    for at, sample in enumerate(batch):
        for place, _, _, _ in sample.row.words:
            words[at, 0, place] = True
        for number, wanted in enumerate(sample.targets):
            _mark(right, at, number, wanted, sample.row)
    found = {name: torch.from_numpy(value) for name, value in right.items()}
    return {**found, "words": torch.from_numpy(words)}


def _mark(right: dict[str, NDArray[Any]], at: int, number: int, wanted: Target, row: Row) -> None:
    if wanted.known is not None:
        right["told"][at, number] = int(wanted.known)
    if wanted.known is False:
        return
    if wanted.option is not None:
        right["option"][at, number, wanted.option] = True
    if wanted.line is not None:
        right["line"][at, number, wanted.line] = True
    for line, start, end in wanted.spans if not row.options[number] else ():
        inside = [place for place, said, s, e in row.words if said == line and s < end and e > start]
        if inside:
            right["start"][at, number, inside[0]] = True
            right["end"][at, number, inside[-1]] = True


# --- learning ---------------------------------------------------------------------------------------


def _among(scores: Tensor, allowed: Tensor, right: Tensor) -> Tensor:
    """Cross-entropy where any of several answers is right; rows without one count nothing."""
    counted = right.any(-1)
    if not counted.any():
        return scores.sum() * 0.0
    scores = scores.masked_fill(~allowed, _NEVER)[counted]
    wanted = scores.masked_fill(~right[counted], _NEVER)
    return (torch.logsumexp(scores, -1) - torch.logsumexp(wanted, -1)).mean()


def loss(network: Network, batch: Sequence[Sample]) -> Tensor:
    given = inputs([sample.row for sample in batch])
    with torch.autocast("cpu", torch.bfloat16):
        told, start, end, option, line = (part.float() for part in network(*given))
    right = masks(batch, (start.shape[1], start.shape[2], option.shape[2], line.shape[2]))
    words = right["words"].expand_as(start)
    known = right["told"] >= 0
    status = functional.cross_entropy(told[known], right["told"][known]) if known.any() else told.sum() * 0.0
    span = _among(start, words, right["start"]) + _among(end, words, right["end"])
    return (
        _STATUS * status
        + _SPAN * span / 2
        + _OPTION * _among(option, given[4] > 0, right["option"])
        + _LINE * _among(line, (given[5] > 0).unsqueeze(1).expand_as(line), right["line"])
    )


class Run:
    """The network with what is needed to go on teaching it."""

    def __init__(self, network: Network, folder: Path) -> None:
        heads = [p for name, p in network.named_parameters() if name.split(".")[0] in _HEADS]
        body = [p for name, p in network.named_parameters() if name.split(".")[0] not in _HEADS]
        rates = [{"params": body, "rate": _BODY_RATE}, {"params": heads, "rate": _HEAD_RATE}]
        self.network = network
        self.optimiser = torch.optim.AdamW(rates, lr=0.0, betas=(0.9, 0.98), weight_decay=0.01)
        self.windows = 0  # read by all workers together
        self._checkpoint = folder / CHECKPOINT
        if self._checkpoint.exists():
            saved = torch.load(self._checkpoint)
            network.load_state_dict(saved["network"])
            self.optimiser.load_state_dict(saved["optimiser"])
            self.windows = saved["windows"]

    def step(self, batch: Sequence[Sample], done: float) -> float:
        """`done`: the part of all learning that lies behind; the rate falls to nothing at its end."""
        falling = 0.5 * (1 + math.cos(math.pi * max(0.0, done - _WARM) / (1 - _WARM)))
        for group in self.optimiser.param_groups:
            group["lr"] = group["rate"] * (min(done / _WARM, falling) + 1e-3)
        self.optimiser.zero_grad()
        value = loss(self.network, batch)
        value.backward()
        self.windows += _shared(self.network, len(batch))
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        return value.item()

    def save(self) -> None:
        """Whole or not at all: a run may be ended at any moment."""
        fresh = self._checkpoint.with_suffix(".new")
        state = {"network": self.network.state_dict(), "optimiser": self.optimiser.state_dict()}
        torch.save({**state, "windows": self.windows}, fresh)
        fresh.replace(self._checkpoint)


def fit(run: Run, drawn: Iterator[list[Sample]], windows: int, log: Path) -> None:
    """Until so many windows are read. The first worker tells and saves."""
    saved_at = logged_at = time.monotonic()
    mean = 0.0
    run.network.train()
    while run.windows < windows:
        value = run.step(next(drawn), run.windows / windows)
        mean = _SMOOTH * mean + (1 - _SMOOTH) * value if mean else value
        now = time.monotonic()
        if together.get_rank() == 0 and now - logged_at > _LOGGED_EVERY:
            logged_at = now
            with log.open("a") as file:
                file.write(json.dumps({"windows": run.windows, "loss": round(mean, 4)}) + "\n")
        if together.get_rank() == 0 and now - saved_at > _SAVED_EVERY:
            saved_at = now
            run.save()
    if together.get_rank() == 0:
        run.save()


def _shared(network: Network, windows: int) -> int:
    """Every worker goes on with the mean of all gradients; returned is how many windows these are from."""
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    flat = torch.cat([*(gradient.flatten() for gradient in gradients), torch.tensor([float(windows)])])
    together.all_reduce(flat)
    mean = flat[:-1] / together.get_world_size()
    for gradient, part in zip(gradients, mean.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(part.view_as(gradient))
    return int(flat[-1].item())


_HEADS = frozenset({"told", "start", "end", "option", "line"})


def restored(folder: Path, words: int) -> tuple[Network, int]:
    """The network of the last checkpoint, and how many windows it has read."""
    saved = torch.load(folder / CHECKPOINT)
    network = Network(words)
    network.load_state_dict(saved["network"])
    return network, saved["windows"]
