"""Messages that speak to a machine instead of to people. A model is not shown them; the embedded predictor reads them.

This is one wall of several and the only one that guesses: what gets past it is still checked word by word.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from agent.settings import CaseField, FieldType
from agent.text import bare

_ORDERS = (
    r"(?:ignor\w*|disregard\w*|forget|override|overrule|bypass|overwrite|vergiss|vergessen sie|missachte\w*|oublie\w*"
    r"|olvid\w*|dimentica\w*|esque[cç]\w*|negeer\w*|zignoruj\w*|zapomnij|игнорируй\w*|забудь\w*|無視|忽略)"
)
_RULES = (
    r"(?:instruction\w*|instruktion\w*|instrucci\w*|instru[cç][oõ]es|istruzioni|instructies|instrukcj\w*|prompts?|rules"
    r"|guidelines|directives?|directions|guardrails|anweisung\w*|vorgaben|regeln|consignes|règles|reglas|regole|regels"
    r"|инструкци\w*|指示|指令|training|programming|system message)"
)
_MACHINE = (
    r"(?:assistant|language model|llm|chat ?bot|chatgpt|gpt(?:-\w+)?|claude|gemini|copilot"
    r"|ai(?: model| agent| system| assistant)?|the (?:model|parser|predictor|extractor|classifier|agent|bot|system)"
    r"|casewright)"
)
_MODE = r"(?:developer|debug|admin|god|maintenance|sudo|jailbreak|test\w*) mode"
_SPEAKER = r"(?:system|assistant|developer|tool|user|instruction|prompt|admin(?:istrator)?|root|operator)"
_NEW = r"(?:new|updated|revised|real|hidden|secret|following|additional|your|system|neue|nouvelles)"
_PART_OF_AN_ANSWER = (
    r"(?:field|value|quotes?|status|certainty|answers|confidence|reason|function|arguments|role|content)"
)
_SAID = (
    # Orders about orders.
    rf"{_ORDERS}.{{0,60}}{_RULES}",
    rf"{_NEW} {_RULES}\b",
    rf"{_RULES} (?:for|to|an|für|pour|para) (?:the |an? |die |l')?{_MACHINE}\b",
    # The frame in which conversations are shown to models.
    rf"^\W{{0,6}}{_SPEAKER}s?\W{{0,4}}(?:message|prompt|note|override|update|notice|instructions?)?\W{{0,3}}[:>\]](?!\w)",
    r"<\|.{1,30}\|>|\[/?INST\]|<</?SYS>>|</?(?:system|assistant|instructions?|data|prompt|tool_call|function)\b",
    r"\b(?:end|begin|start|close) of (?:the )?(?:data|conversation|transcript|message|input|context|prompt)s?\b",
    r"^\W{0,6}(?:END|DATA|BEGIN) [0-9a-f]{6,}",
    # Somebody is told that they are a machine.
    (
        rf"\byou(?: are|'re|r role is| will be| must act as)(?: now| no longer| actually)? (?:an? |the |in )?"
        rf"(?:\w+ ){{0,3}}(?:{_MACHINE}|{_MODE}|dan|administrator|root|unrestricted)\b"
    ),
    rf"\b{_MODE}\b|\bjailbr\w+|\bprompt injection\b|\bsudo\b",
    rf"\b(?:dear|hey|hi|hello|attention|note to|message to|for|to|if you are) (?:the |an? |any )?{_MACHINE}\s*[,:!]",
    rf"\bif you(?:'re| are) (?:an? |the )?{_MACHINE}\b|\bas an? {_MACHINE}\b",
    r"\b(?:act|behave|respond|pretend) (?:as|like) (?:if|an?|the|though)\b|\bpretend (?:to be|that|you)\b",
    # What it is to answer.
    rf"[\"']{_PART_OF_AN_ANSWER}[\"']\s*:",
    (
        r"\b(?:output|return|respond|reply|answer|print|emit|produce|extract) (?:\w+ ){0,4}(?:json|xml|yaml|verbatim"
        r"|exactly|the following|field|value)\b|\b(?:output|respond|reply|answer) only with\b"
    ),
    r"\bconfidence\b.{0,20}(?:\d|high|full|max|certain)|\bcertainty\b.{0,12}\bhigh\b",
    (
        r"\b(?:reveal|show|print|repeat|leak|dump|tell me) (?:me )?(?:your|the|all) (?:system )?(?:prompt|instructions"
        r"|settings|secrets?|keys?|field definitions)\b"
    ),
    # What only a representative may do.
    r"^\s*/(?:create|update|claim|resolve|reopen|assign|set|case|note|link|unlink|settings|admin)\b",
    r"\b(?:set|change|fill|mark|update|assign|overwrite|put)\b.{0,20}\bfields?\b",
    (
        r"\b(?:grant|give|make|promote)\b.{0,20}\b(?:me|this user|sender)\b.{0,20}\b(?:admin\w*|representative|owner"
        r"|access|permissions?)\b"
    ),
    # What no reader was to see.
    r"<!--|display\s*:\s*none|font-size\s*:\s*0|color\s*:\s*(?:white|#fff)",
)
_PATTERNS = tuple(re.compile(pattern, re.IGNORECASE | re.MULTILINE) for pattern in _SAID)
_IMPERATIVE = (
    r"\b(?:set|change|fill|mark|update|assign|overwrite|classify|flag|treat|force|setze|ändere|mets|mettez|pon|imposta"
    r"|zet|ustaw)\b"
)
_READ_OUT = frozenset({FieldType.CHOICE, FieldType.MULTI_CHOICE, FieldType.YES_NO})
"""Fields whose values are a reading of the words: an order is no reading. The others must stand in the words anyway."""
_SPACED = re.compile(r"(?:\b\w[ .*_-]){5,}\w\b")
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_INVISIBLE = re.compile("[\U000e0000-\U000e007f\u200b-\u200f\u2060-\u2064]{3,}")
_LEET = str.maketrans("013457@$", "oieastas")


def speaks_to_a_machine(text: str, fields: Sequence[CaseField]) -> bool:
    """Also where it is spelled in tricks: letters spaced or exchanged, invisible, turned or encoded."""
    return _speaks(text, tuple(_field_names(fields)))


@lru_cache(maxsize=512)
def _speaks(text: str, names: tuple[str, ...]) -> bool:
    patterns = (*_PATTERNS, _ordered(names)) if names else _PATTERNS
    hidden = _INVISIBLE.search(text) is not None
    return hidden or any(pattern.search(reading) for reading in _readings(text) for pattern in patterns)


def _field_names(fields: Sequence[CaseField]) -> Iterator[str]:
    for field in fields:
        if field.type in _READ_OUT:
            yield from (field.id, field.label, field.id.replace("_", " "))


@lru_cache(maxsize=8)
def _ordered(names: tuple[str, ...]) -> re.Pattern[str]:
    """An order about a field, by its name: "set priority to high"."""
    named = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    told = r"\b.{0,12}\b(?:to|as|is|equals?|auf|à|a|su)\b|\s*[=:]"
    return re.compile(rf"{_IMPERATIVE}.{{0,15}}\b(?:{named})(?:{told})", re.IGNORECASE)


def _readings(text: str) -> Iterator[str]:
    plain = bare(text)
    yield plain
    yield " ".join(plain.split())
    yield plain.casefold().translate(_LEET)
    yield _SPACED.sub(lambda match: re.sub(r"[ .*_-]", "", match.group()), plain)
    yield codecs.encode(plain, "rot13")
    yield plain[::-1]
    for match in _ENCODED.finditer(plain):
        yield _decoded(match.group())


def _decoded(blob: str) -> str:
    try:
        padded = blob.rstrip("=") + "=" * (-len(blob.rstrip("=")) % 4)
        return base64.b64decode(padded, altchars=b"-_").decode("utf-8", errors="ignore")
    except (binascii.Error, ValueError):
        return ""
