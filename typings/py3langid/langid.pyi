# py3langid 0.4 carries no types; this is what we use.
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

MODEL_DIR: Path
MODEL_FILE: str

class LanguageIdentifier:
    def __init__(
        self,
        nb_ptc: NDArray[Any],
        nb_pc: NDArray[Any],
        nb_classes: list[str],
        tk_nextmove: Sequence[int] | memoryview[int],
        tk_output: Sequence[int] | memoryview[int],
        *,
        tk_row: Sequence[int] | memoryview[int],
    ) -> None: ...
    def rank(self, text: str | bytes) -> list[tuple[str, float]]: ...
