from collections.abc import Mapping

class ParserConfig:
    def __init__(
        self, css: Mapping[str, object] | None = None, display_images: bool = False, display_links: bool = False
    ) -> None: ...
