"""The parts of a mail: which lines are new words, and which a subject, quoted, forwarded or a signature.

Chat messages are all body.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    SUBJECT = "subject"
    BODY = "body"
    QUOTED = "quoted"  # what somebody else wrote before
    FORWARDED = "forwarded"  # what the writer passes on
    SIGNATURE = "signature"  # signature, legal footer, "sent from my phone"


_SUBJECT = re.compile(
    r"(?:subject|betreff|objet|asunto|assunto|oggetto|onderwerp|emne|ämne|temat|件名)\s?[:\uff1a]", re.IGNORECASE
)
_FORWARD = re.compile(
    r"\s*(?:-{3,}|_{3,})?\s*(?:begin forwarded|forwarded message|weitergeleitete nachricht)", re.IGNORECASE
)
_FORWARD_SUBJECT = re.compile(r"^[^:\n]{1,12}:\s*(?:fwd?|wg|tr|rv|enc|i)\s?:", re.IGNORECASE)
_ORIGINAL = re.compile(
    r"\s*-{3,}\s?(?:original message|ursprüngliche nachricht|message d'origine|mensaje original)", re.IGNORECASE
)
_INTRODUCTION = (
    r"\s*(?:on|am|le|el|em|op|il|den)\b[^\n]{4,200}\b(?:wrote|schrieb|écrit|escribió|escreveu|schreef|scritto|skrev)"
    r"[^\n]{0,100}:\s*$"
)
_SIGN_OFF = (
    r"\s*(?:(?:with )?(?:kind|best|warm|many)[ \w]{0,12}(?:regards|wishes|thanks)|regards|cheers|sincerely|yours \w+"
    r"|best|thanks(?: again| a lot| so much)?|thank you|many thanks|to your \w+|mit freundlichen grüßen|viele grüße"
    r"|liebe grüße|freundliche grüße|(?:bien )?cordialement|salutations|amicalement|(?:un )?saludos?|atentamente"
    r"|abraços?|atenciosamente|obrigad[oa]|met vriendelijke groet(?:en)?|cordiali saluti|pozdrawiam)\s*[,!.]?\s*$"
)
_DEVICE = r"\s*(?:sent|gesendet|envoyé|enviado|verzonden|inviato|wysłane) (?:from|von|depuis|de|desde|vanaf|da|z) "
_FOOTER = r"\s*(?:this (?:e-?mail|message)|diese e-?mail|ce (?:message|courriel)) .{0,80}(?:confiden|vertraulich)"
_SPEAKER = r"\s*(?:representative|customer|agent|support|assistant|operator|user|client|admin\w*)\s?:\s"
_POSTSCRIPT = re.compile(r"\s*p\.?\s?(?:p\.?\s?)?s[.:]", re.IGNORECASE)
_QUOTED = re.compile(rf"\s*[>|]|{_INTRODUCTION}|{_SPEAKER}", re.IGNORECASE)
_SIGNED = re.compile(rf"--\s*$|{_SIGN_OFF}|{_DEVICE}|{_FOOTER}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Parts:
    starts: tuple[int, ...]
    kinds: tuple[Part, ...]

    def at(self, index: int) -> Part:
        return self.kinds[bisect_right(self.starts, index) - 1]


def parts(text: str) -> Parts:
    """Offsets are those of `text`."""
    starts: list[int] = [0]
    kinds: list[Part] = [Part.SUBJECT if _SUBJECT.match(text) else Part.BODY]
    if "\n" not in text:
        return Parts((0,), tuple(kinds))
    forwards = bool(_FORWARD_SUBJECT.match(text))
    current = Part.BODY
    for number, (offset, line) in enumerate(_lines(text)):
        kind, current = _kind(line, current, forwards=forwards)
        if number == 0 and kinds[0] is Part.SUBJECT:
            kind, current = Part.SUBJECT, Part.BODY
        if kind is not kinds[-1]:
            starts.append(offset)
            kinds.append(kind)
    return Parts(tuple(starts), tuple(kinds))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    offset = 0
    for line in text.split("\n"):
        yield offset, line[:400]
        offset += len(line) + 1


def _kind(line: str, current: Part, *, forwards: bool) -> tuple[Part, Part]:
    """The part a line is, and the part that the next line is unless it says otherwise."""
    if current is not Part.FORWARDED and _QUOTED.match(line):
        return Part.QUOTED, current
    return (following := _following(line, current, forwards=forwards)), following


def _following(line: str, current: Part, *, forwards: bool) -> Part:
    """The part that begins with a line, and goes on."""
    if current is Part.FORWARDED or _FORWARD.match(line):
        return Part.FORWARDED
    if _ORIGINAL.match(line):
        return Part.FORWARDED if forwards else Part.QUOTED
    if _POSTSCRIPT.match(line) and current is Part.SIGNATURE:
        return Part.BODY
    return Part.SIGNATURE if _SIGNED.match(line) else current
