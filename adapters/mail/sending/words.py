"""The fixed words of a mail, in the language of the conversation; as they stand here where there is no translation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Translate = Callable[[str], str]
SOURCE = "en"

STANDS = "Here is how your case stands."
AUTOMATIC = "This message was sent automatically. Just reply to it: your answer becomes part of the conversation."

# The keys are what the templates and `bot.words` say in English.
CATALOGUE: Mapping[str, Mapping[str, str]] = {
    "de": {
        "Case": "Fall",
        "Status": "Status",
        "Handled by": "Zuständig",
        "Latest change": "Letzte Änderung",
        "New": "Neu",
        "In progress": "In Bearbeitung",
        "Resolved": "Gelöst",
        "Case opened": "Fall eröffnet",
        STANDS: "So steht es um Ihren Fall.",
        AUTOMATIC: "Diese Nachricht wurde automatisch verschickt. Antworten Sie einfach darauf: Ihre Antwort gehört "
        "dann zum selben Gespräch.",
    },
    "fr": {
        "Case": "Dossier",
        "Status": "État",
        "Handled by": "Suivi par",
        "Latest change": "Dernière modification",
        "New": "Nouveau",
        "In progress": "En cours",
        "Resolved": "Résolu",
        "Case opened": "Dossier ouvert",
        STANDS: "Voici où en est votre dossier.",
        AUTOMATIC: "Ce message a été envoyé automatiquement. Il suffit d’y répondre : votre réponse fera partie de la "
        "conversation.",
    },
    "es": {
        "Case": "Caso",
        "Status": "Estado",
        "Handled by": "Atendido por",
        "Latest change": "Último cambio",
        "New": "Nuevo",
        "In progress": "En curso",
        "Resolved": "Resuelto",
        "Case opened": "Caso abierto",
        STANDS: "Este es el estado de su caso.",
        AUTOMATIC: "Este mensaje se envió automáticamente. Basta con responder: su respuesta pasará a formar parte de "
        "la conversación.",
    },
}


def words_in(language: str | None) -> tuple[str, Translate]:
    """The language that is really spoken, and how: codes such as "de" and "de-AT" are understood."""
    code = (language or SOURCE).lower().replace("_", "-").partition("-")[0]
    known = CATALOGUE.get(code)
    if known is None:
        return SOURCE, str
    return code, lambda text: known.get(text, text)
