"""What the first words of an answer say to what was asked."""

from __future__ import annotations

import re
from enum import Enum


class Reply(Enum):
    YES = "yes"
    CONSENT = "consent"  # "ok", "sure": agreement to a question, a mere acknowledgement of anything else
    NO = "no"
    NEITHER = "neither"


_FEW_WORDS = 6
_OPENING = r"\A(?:\W|\b(?:oh|ah|um+|uh+|erm?|well|so|hm+|haha|sorry|hi|hello)\b)*"
_YES = re.compile(
    _OPENING + r"(?:(?:yes|yeah|yea|yep|yup|yas|correct|exactly|right|indeed|absolutely|of course|it is|it does|i do"
    r"|that'?s (?:it|right|correct|the one|him|her)|that one|ja|jawohl|jo|genau"
    r"|stimmt|richtig|oui|ouais|exact|exactement|c'est (?:ça|cela)|sí|si"
    r"|exacto|eso es|sim|isso|certo|sì|esatto|tak|klopt|jep)\b|はい|نعم)",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    _OPENING + r"(?:(?:ok|okay|k|sure|fine|alright|all right|claro|vale|d'accord|in ordnung|gerne?)\b|👍|✅|👌)",
    re.IGNORECASE,
)
_NO = re.compile(
    _OPENING + r"(?:(?:no+|nope|nah|nein|ne|nee|non|não|nie|not|neither|never)\b"
    r"(?!\s+(?:worr|problem|rush|hurry|stress|idea|clue|thank|need|doubt|matter|prob|biggie))|いいえ|لا\b|👎)",
    re.IGNORECASE,
)
_CLOSING_YES = re.compile(r"\b(?:yes|yeah|yep|correct|right|exactly)\W*\Z", re.IGNORECASE)
_HESITATION = re.compile(_OPENING + r"\w+\W+(?:no|but|nope|nah|nein|mais|aber|pero)\b", re.IGNORECASE)


def reply(text: str) -> Reply:
    head = text[:120]
    if _NO.match(head):
        return Reply.NO
    if _YES.match(head):
        return Reply.NEITHER if _HESITATION.match(head) else Reply.YES
    if _CONSENT.match(head):
        return Reply.NEITHER if _HESITATION.match(head) else Reply.CONSENT
    if len(head.split()) <= _FEW_WORDS and _CLOSING_YES.search(head):
        return Reply.YES
    return Reply.NEITHER
