from collections.abc import Mapping
from typing import Any, Self

class Activity:
    def deserialize(self, data: Mapping[str, Any]) -> Self: ...
