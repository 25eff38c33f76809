"""Builds the network of the embedded predictor; the Makefile's `model` runs `fit`, then `ship`."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Annotated

import torch
import torch.distributed as together
import typer

from agent.embedded.model.artefact import CARD, FOLDER, NETWORK, WORDS
from agent.embedded.model.encoding import CLS, MARK, SEP, Marks
from agent.embedded.model.wordpiece import WordPiece
from agent.embedded.training import base
from agent.embedded.training.export import export
from agent.embedded.training.fit import Run, batches, fit, restored, samples, start
from agent.embedded.training.windows import Cutter, read

ROOT = Path(__file__).parents[3]
SEED = 7
_SHARES = {"schema_guided_train": 0.72, "multidogo_train": 0.28}

app = typer.Typer(add_completion=False)


@app.command(name="fit")
def teach(folder: Path, windows: Annotated[int, typer.Option()] = 120_000) -> None:
    """Learns from so many windows in all, from the last checkpoint on if there is one. Started by torchrun."""
    together.init_process_group("gloo")
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    folder.mkdir(parents=True, exist_ok=True)
    weights, words, kept = _base()
    tokenise = WordPiece([words[at] for at in kept])
    marks = Marks(*(tokenise.ids[word] for word in (CLS, SEP, MARK)))
    data = Path(os.environ.get("CASEWRIGHT_DATA") or ROOT.parent / "shared" / "data") / "conversations"
    paraphrases = json.loads((data / "schema_guided_paraphrases.json").read_text(encoding="utf-8"))
    run = Run(start(base.tensors(weights), kept), folder)
    seed = SEED + together.get_rank() + run.windows  # each worker draws its own, and others after a pause
    sets = {name: read(data / f"{name}.jsonl.gz") for name in _SHARES}
    cutter = Cutter([conversation for each in sets.values() for conversation in each], paraphrases, seed)
    drawn = samples([(sets[name], cutter, share) for name, share in _SHARES.items()], tokenise, marks, seed)
    fit(run, batches(drawn, seed), windows, folder / "log.jsonl")


@app.command()
def ship(folder: Path, into: Path = FOLDER) -> None:
    """Exports the last checkpoint, with fewer words, and writes the card; `tests.calibrate` completes it."""
    _, words, taught = _base()
    kept = base.kept(words, base.SHIPPED)
    network, windows = restored(folder, len(taught))
    network.keep_words([taught.index(at) for at in kept])
    export(network, into / NETWORK)
    (into / WORDS).write_text("".join(f"{words[at]}\n" for at in kept), encoding="utf-8")
    card = {
        "sha256": {name: _sha256(into / name) for name in (NETWORK, WORDS)},
        "base": {"package": base.PACKAGE, "sha256": base.SHA256, "licence": "Apache-2.0"},
        "data": {
            "schema_guided_train": "Schema-Guided Dialogue with SGD-X paraphrases, CC BY-SA 4.0",
            "multidogo_train": "MultiDoGO, CDLA-Permissive-1.0",
        },
        "training": {"seed": SEED, "shares": _SHARES, "windows": windows},
        "calibration": {},
    }
    (into / CARD).write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def _base() -> tuple[Path, list[str], list[int]]:
    weights, vocabulary = base.base_files()
    words = vocabulary.read_text(encoding="utf-8").splitlines()
    return weights, words, base.kept(words, base.TAUGHT)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    app()
