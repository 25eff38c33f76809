"""What a mail says, as text and as HTML, from the templates beside this file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from adapters.mail.sending import words
from adapters.mail.sending.tidying import one_line, tidy
from store.model import Card, Outbound


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    text: str
    html: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    label: str
    lines: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Table:
    heading: str
    title: str
    status: str
    status_heading: str
    status_label: str
    rows: list[_Row]


def render(outbound: Outbound, subject: str, *, automatic: bool) -> Rendered:
    """The words first, the case below them. What is internal in a card stays out of every mail."""
    language, translate = words.words_in(outbound.language)
    # The text of a post with a card is its fallback: beside the table, everything would stand there twice.
    said = outbound.text if outbound.card is None else translate(words.STANDS)
    shown = {
        "language": language,
        "subject": subject,
        "paragraphs": list(_paragraphs(said)),
        "case": _table(outbound.card, translate) if outbound.card else None,
        "footer": translate(words.AUTOMATIC) if automatic else None,
    }
    templates = _templates()
    return Rendered(
        text=templates.get_template("mail.txt.j2").render(shown).strip() + "\n",
        html=templates.get_template("mail.html.j2").render(shown),
    )


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader(__package__ or ""),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _paragraphs(text: str) -> Iterator[list[str]]:
    """Lines by paragraph; blank lines part those."""
    lines: list[str] = []
    for line in [*tidy(text).split("\n"), ""]:
        if line.strip():
            lines.append(line.rstrip())
        elif lines:
            yield lines
            lines = []


def _table(card: Card, translate: words.Translate) -> _Table:
    rows = [(translate("Handled by"), card.owner or "")]
    rows += [(field.label, field.value) for field in card.fields if not field.internal]
    rows += [(translate("Latest change"), translate(card.changed or ""))]
    return _Table(
        heading=f"{translate('Case')} {card.number}",
        title=one_line(card.title, 200),
        status=card.status,
        status_heading=translate("Status"),
        status_label=translate(card.status_label),
        rows=[_Row(label=one_line(label, 100), lines=tidy(value).split("\n")) for label, value in rows if value],
    )
