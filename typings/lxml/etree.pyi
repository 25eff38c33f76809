from lxml.html import HtmlElement

class LxmlError(Exception): ...

def SubElement(_parent: HtmlElement, _tag: str) -> HtmlElement: ...  # noqa: N802 - its name
