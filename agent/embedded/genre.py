"""Kinds of text that report nothing and ask nothing of us, and words that address a machine and not a person."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from agent.embedded.vocabulary import alternatives


class Genre(StrEnum):
    LETTER = "letter"  # somebody writes to us
    AUTOMATIC = "an automatic reply"
    BULK = "a newsletter"
    PITCH = "advertising"
    FRAUD = "an attempt at fraud"
    TEST = "a test"
    STRAY = "meant for somebody else"


class _Cues(NamedTuple):
    enough: str  # one of these decides
    several: str = ""  # so many different ones of these decide as well
    needed: int = 0


_CUES: dict[Genre, _Cues] = {
    Genre.AUTOMATIC: _Cues(
        r"""
        automatic reply|auto-?reply|autoreply|automatische antwort|abwesenheitsnotiz|réponse automatique
        respuesta automática|resposta automática|risposta automatica|automatisch antwoord|delivery status notification
        type your reply above this line
        your (?:request|ticket|message|enquiry|inquiry|case)\b.{0,20}has been (?:received|created|registered|logged)
        answers automatically|undeliverable|mailer-daemon|this is an automated|automatically generated
        """,
        r"""
        out of (?:the )?office|(?:limited|no|without) access to (?:my )?e-?mail|in urgent (?:cases|matters)
        will (?:not be forwarded|reply when)|nicht im büro|fuera de la oficina|absente? du bureau|afwezig
        """,
        needed=2,
    ),
    Genre.BULK: _Cues(
        r"""
        view (?:this (?:e-?mail|message) )?in (?:your )?browser
        you(?:'re| are)? receiv(?:e|ing) this (?:e-?mail|message|newsletter)|im browser (?:ansehen|anzeigen)
        voir dans (?:le|votre) navigateur|ver en el navegador
        """,
        r"""
        unsubscribe|newsletter|abbestellen|se désabonner|darse de baja|black friday|deals|this week|sponsored
        """,
        needed=2,
    ),
    Genre.PITCH: _Cues(
        r"""
        (?:teams|companies|brands?|businesses|shops?|stores?) (?:just )?like yours|book a (?:quick |free |short )?demo
        guest post|backlinks?|link building|reply \W?(?:yes|remove|stop)\b
        """,
        r"""
        we(?:'ve)? help(?:ed)?|we work with|quick (?:demo|call|chat)|free (?:audit|trial|consultation|quote)|seo
        keywords|rank(?:ing|ed)?|leads|your (?:website|product pages?|landing page)|conversions?|the right person
        who (?:owns|handles|decides)|budget|partner(?:ship|ing)|collaborat\w+|influencers?|promot(?:e|ing|ion)
        our (?:solution|platform|services|agency|team of)|months? (?:are|is) (?:free|on us)|boost|growth|roi
        increase your|outsourc\w+|wholesale|investors?|deflect|followers
        """,
        needed=2,
    ),
    Genre.FRAUD: _Cues(
        r"""
        you have won|inheritance|lottery winner
        """,
        r"""
        account will be (?:suspended|closed|deleted|blocked)|confirm your (?:card|account|password|bank|details)
        settle now|final notice|overdue|unpaid|verify your|within (?:24|48) hours|our lawyers|gift cards?|wire transfer
        bitcoin|crypto|dear (?:customer|user|sir)|https?://\S{0,80}(?:login|secure|pay|verify)|do not ignore
        click (?:here|below)
        """,
        needed=3,
    ),
    Genre.TEST: _Cues(
        r"""
        \A\W*(?:(?:this is )?(?:just )?(?:a )?test(?:ing)?(?: message| 1 2 3| 123)?)\W*\Z
        (?:please|pls) ignore(?: this)?(?=\W)|(?:only|just) (?:testing|checking) (?:the|our|if|whether)|test message
        you can delete (?:it|this)
        """,
    ),
    Genre.STRAY: _Cues(
        r"""
        wrong number|sat on my phone|pocket[ -]?dial\w*|butt[ -]?dial\w*
        (?:called|rang|dialled|dialed) (?:you )?by (?:accident|mistake)|wrong (?:chat|window|channel|thread)|verwählt
        faux numéro|número equivocado|meant for (?:somebody|someone) else
        """,
    ),
}


def _compiled(cues: _Cues) -> tuple[re.Pattern[str], re.Pattern[str] | None]:
    several = re.compile(rf"\b(?:{alternatives(cues.several)})\b", re.IGNORECASE) if cues.needed else None
    return re.compile(alternatives(cues.enough), re.IGNORECASE), several


_COMPILED = {genre: _compiled(cues) for genre, cues in _CUES.items()}

_INSTRUCTION = re.compile(
    r"ignore (?:all |any )?(?:of )?(?:the |your )?(?:previous|prior|above|earlier) (?:instructions?|prompts?|rules)"
    r"|system (?:prompt|override)|\b(?:admin|developer|god) mode\b|\byou are (?:now )?(?:the|an?"
    r"|in) (?:\w+ )?(?:bot|ai|assistant|admin|mode)\b"
    r"|</?(?:system|assistant|user|conversation|instructions?|tool)\b|^\W*(?:system|assistant|ai|bot)\s?:"
    r"|\bopen a case (?:now )?with\b|\b(?:set|change|mark) (?:\w+ ){0,3}(?:priority|category|status|owner"
    r"|field)\w* (?:to|as)\b"
    r"|\b[a-z]{2,30}_[a-z_]{2,30}\W{0,2}\s?[=:]|\"[a-z_]{2,30}\"\s?:",
    re.IGNORECASE,
)


def genre(text: str) -> Genre:
    return next((kind for kind, cues in _COMPILED.items() if _fits(text, *cues, _CUES[kind].needed)), Genre.LETTER)


def _fits(text: str, enough: re.Pattern[str], several: re.Pattern[str] | None, count: int) -> bool:
    if enough.search(text):
        return True
    return several is not None and len({match.group().casefold() for match in several.finditer(text)}) >= count


def is_instruction(sentence: str) -> bool:
    """Whether a sentence tells a machine what to write into a case: data like any other, and evidence of nothing."""
    return bool(_INSTRUCTION.search(sentence))
