"""The files of the network that ship with the package, opened on first use."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from agent.embedded.model.calibration import Calibration
from agent.embedded.model.encoding import CLS, LONGEST, MARK, SEP, Marks, Prompt, Utterance, encode
from agent.embedded.model.wordpiece import WordPiece

if TYPE_CHECKING:  # numpy comes with the extra
    import numpy as np
    from numpy.typing import NDArray

    from agent.embedded.model.decoding import Guess

FOLDER = Path(__file__).parent
CARD, NETWORK, WORDS = "card.json", "network.onnx", "words.txt"
_NEEDED = ("numpy", "onnxruntime")
_REMEMBERED = 4096
_SENSES = 1024
_SENSED = LONGEST - 4  # tokens, beside those of the frame


class Unavailable(Exception):
    """The network can't be used; the message is a sentence for people."""


class Artefact:
    """The network with its vocabulary. Rows that were read before are remembered."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Raises Unavailable."""
        card = checked(folder)
        from agent.embedded.model import decoding, running  # noqa: PLC0415 -- they need the extra

        self.calibration: Mapping[str, Calibration] = {
            kind: Calibration(**{name: [(x, y) for x, y in curve] for name, curve in curves.items()})
            for kind, curves in card["calibration"].items()
        }
        self._decoding = decoding
        self._network = running.Network(folder / NETWORK)
        words = WordPiece((folder / WORDS).read_text(encoding="utf-8").splitlines())
        self._marks = Marks(*(words.ids[word] for word in (CLS, SEP, MARK)))
        self._words = words
        self.tokenise = lru_cache(maxsize=8192)(words)
        self.read = lru_cache(maxsize=_REMEMBERED)(self._read)
        self.sense = lru_cache(maxsize=_SENSES)(self._sense)

    def _read(self, prompts: tuple[Prompt, ...], lines: tuple[Utterance, ...]) -> Sequence[Guess]:
        """What these messages say of each field; nothing of any where they don't fit in one row."""
        row = encode(prompts, lines, self.tokenise, self._marks)
        if len(row.ids) > LONGEST:
            return [self._decoding.Guess(0.0)] * len(prompts)
        return self._decoding.guesses(row, lines, self._network.scores(row))

    def _sense(self, text: str) -> NDArray[np.float32]:
        """What a customer's words mean, as the sum over their tokens: [width]. Not more than LONGEST tokens of them."""
        row = encode((), (Utterance(text),), lambda said: self._words(said)[:_SENSED], self._marks)
        # The network is built to be asked for a field: what it says of the row's beginning is not looked at.
        states = self._network.states(replace(row, fields=[0], options=[[]]))
        return states[[place for place, *_ in row.words]].sum(0)


@lru_cache(maxsize=1)
def named() -> str:
    """Which network this installation ships, without opening it or asking whether it is whole."""
    card: dict[str, Any] = json.loads((FOLDER / CARD).read_text(encoding="utf-8"))
    return card["sha256"][NETWORK]


def missing() -> str | None:
    """Why the network can't be used, without opening it; None where it can."""
    try:
        checked(FOLDER)
    except Unavailable as error:
        return str(error)
    return None


def checked(folder: Path) -> dict[str, Any]:
    """The card, once all is there and is what was built. Raises Unavailable."""
    if absent := [name for name in _NEEDED if find_spec(name) is None]:
        raise Unavailable(f"{', '.join(absent)} not installed: install casewright[embedded].")
    try:
        card: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
        for name, expected in card["sha256"].items():
            with (folder / name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != expected:
                    raise Unavailable(
                        f"{name} is not the one that was built (its sha256 differs): install Casewright anew."
                    )
    except FileNotFoundError as error:
        raise Unavailable(f"{Path(error.filename).name} is not there: install Casewright anew.") from error
    return card


_opening = Lock()


@lru_cache(maxsize=1)
def _opened() -> Artefact | Unavailable:
    try:
        return Artefact()
    except Unavailable as error:
        return error


def shipped() -> Artefact | None:
    """The network of this installation; None where it can't be used, which `casewright doctor` explains."""
    with _opening:
        found = _opened()
    return found if isinstance(found, Artefact) else None
