"""How much a sentence says of what is wrong or wanted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from agent.embedded.concepts import split_description
from agent.embedded.cues import telling
from agent.embedded.lexicon import Concept
from agent.embedded.parts import Part
from agent.embedded.turn import Sentence, Turn
from agent.embedded.vocabulary import vocabulary
from agent.settings import CaseField

SUBSTANTIAL = 2.0
"""A sentence of this weight is worth a case; half as much again is beyond doubt."""

_REPORTS = 2.5
_FEW, _MANY = 2, 5  # words that say something

_WEIGHTS = {
    Concept.FAULT: 3.0,
    Concept.ACCESS: 3.0,
    Concept.DELIVERY: 2.5,
    Concept.CHARGE: 2.5,
    Concept.REFUND: 2.5,
    Concept.SEND_BACK: 2.5,
    Concept.COMPLAINT: 2.5,
    Concept.TROUBLE: 2.0,
    Concept.DANGER: 2.0,
    Concept.QUESTION: 1.0,
    Concept.REQUEST: 2.0,
    Concept.ONSET: 1.0,
}
_NEGATION = re.compile(
    r"\b(?:wo|does|did|ca|could|would|do|is|are|was|were|has|have|had)n'?t\b|\b(?:can)?not\b(?! (?:the|an?|my"
    r"|that|this|it|me|sure|only|yet)\b)|\bno (?!\w+[,.!]?\Z)\w+"
    r"|\b(?:never|nothing|nobody|neither|without|only)\b"
    r"|\b(?:nicht|kein\w*|nie|nichts|pas|plus|jamais|aucune?|nunca|ningun\w*|tampoco|não|nem|nenhum\w*|non|mai"
    r"|nessun\w*|niet|geen|nooit|niets|nie|żad\w*|inte|ikke|ej|не|нет)\b"
    r"|ません|ない|なくな|\bلم\b|\b\u0644\u0627\b|\bليس\b|\bلن\b|\bولم\b",
    re.IGNORECASE,
)
_NO_NEGATION = re.compile(
    r"\bno,? (?:worries|problem|prob|idea|clue|rush|hurry|stress|thanks|thank|need|doubt|matter|wonder|kidding"
    r"|way|more questions|it'?s|i'?m|i am|we)\b"
    r"|\b(?:wo|does|did|do|ca|could|would|is|has|have)n'?t\s+(?:mind|matter|know|want|need|wait|believe|say"
    r"|complain|thank|remember|think|care|hurt|it\b|you\b|that\b|worry|see a|have (?:to|been|a|the|my|it|any))",
    re.IGNORECASE,
)
_SOCIAL = re.compile(
    r"\b(?:how (?:are|r) (?:you|u|things)|how'?s (?:it going|everything)|how do you do|are you (?:there|well"
    r"|around)|(?:any|some)(?:one|body) (?:there|here|around|home)"
    r"|(?:can|could|may|would|will) (?:you|i|someone|somebody|anybody|anyone)(?: please)? (?:help|assist|ask"
    r"|speak|talk)(?: (?:me|us|to \w+))?(?: \w+){0,3}\W*\Z"
    r"|who(?:'s| is) this|is (?:that|this) (?:it|right|ok|okay|enough)|you there|(?:got|have) a (?:minute|second"
    r"|moment|sec)|(?:one|a) (?:minute|second|moment|sec)\b|hang on|hold on"
    r"|your (?:weekend|holidays?|day|evening|week)|nice (?:weekend|day|evening)|good (?:weekend|day)|happy (?:new"
    r"|birthday|holidays?)|merry|cheers|see you|talk (?:later|soon)|bye)\b",
    re.IGNORECASE,
)
_WELL = re.compile(
    r"\b(?:all (?:good|sorted|fine)|works (?:again|now|fine|perfectly|like|great)|working (?:again|now|fine)"
    r"|solved|sorted|fixed (?:it|now)|thank(?:s| you) (?:so|very|for)"
    r"|just wanted to say|love (?:it|my|the|your)|best \w+ ever|well done|great (?:job|work|service))\b",
    re.IGNORECASE,
)
_REPORT = re.compile(
    r"\b(?:(?:i'?m|i am|we'?re|we are) (?:calling|ringing|writing|phoning|contacting you"
    r"|getting in touch) (?:about|because|regarding|concerning|with)|(?:this|it)(?: i|')s (?:about|regarding)"
    r"|ich (?:schreibe|rufe an)|je vous (?:écris|appelle|contacte)|(?:les )?(?:escribo|llamo)|estou (?:escrevendo"
    r"|ligando))\b",
    re.IGNORECASE,
)
_CALL = re.compile(r"\b(?:i|we) (?:got|was|were) cut off\b", re.IGNORECASE)
_CONTACT = re.compile(
    r"@|\b(?:call|ring|phone|text|e-?mail|mail|write|reply|answer|respond|contact|reach) (?:\w+ ){0,2}(?:me|us"
    r"|back|in|on|at|by)\b"
    r"|\b(?:antworten|rufen sie|schreiben sie|contést\w+|répond\w+|responda\w*)\b",
    re.IGNORECASE,
)
_VAGUE = vocabulary(
    """
    issue problem troubl trouble thing help question matter hello morning afternoon even evening please sorry today
    just really urgent asap answer reply respond soon possibl possible wait contact someone somebody anyone talk
    speak agent human person support service team look later tell ask know sure confirm ahead
    """
)


@lru_cache(maxsize=64)
def domain(fields: tuple[CaseField, ...]) -> frozenset[str]:
    """Stems of the words of all catalogues: whoever uses one speaks of what the team works on."""
    return frozenset(stem for field in fields for stem in _catalogue_words(field))


def _catalogue_words(field: CaseField) -> Iterable[str]:
    for entry in field.catalogue:
        use, _ = split_description(entry.description)
        yield from telling(f"{entry.value} {' '.join(entry.synonyms)} {use} {entry.parent or ''}") - _VAGUE


def reports(turn: Turn, sentence: Sentence) -> bool:
    """Whether the sentence speaks of what cases are about, and does not merely ask for something."""
    return any(_WEIGHTS.get(concept, 0.0) >= _REPORTS for concept in _concepts(turn, sentence))


def _concepts(turn: Turn, sentence: Sentence) -> set[Concept]:
    """What the sentence speaks of. Who was cut off speaks of an earlier call, and not of a thing that cuts out."""
    call = _CALL.search(sentence.text)
    within = range(sentence.start + call.start(), sentence.start + call.end()) if call else range(0)
    return {hit.concept for hit in turn.hits_in(sentence) if not hit.denied and hit.start not in within}


@lru_cache(maxsize=8192)
def substance(turn: Turn, sentence: Sentence, domain: frozenset[str] = frozenset()) -> float:
    """0 for greetings, thanks and small talk; from `SUBSTANTIAL` on the sentence reports or asks something."""
    text, said = sentence.text, telling(sentence.text) - _VAGUE
    if sentence.is_instruction or sentence.part in {Part.QUOTED, Part.SIGNATURE} or not said:
        return 0.0
    weights = sorted((_WEIGHTS.get(concept, 0.0) for concept in _concepts(turn, sentence)), reverse=True)
    weight = sum(weights[:2])
    if len(said) >= _FEW and _NEGATION.search(text) and not _NO_NEGATION.search(text):
        weight += 1.0
    if said & domain:
        weight += 1.0
    if len(said) >= _MANY and _REPORT.search(text):
        weight += 2.0
    if sentence.is_question:
        weight += 2.0 if len(said) >= _FEW else 0.5
    if weights and weights[0] <= _WEIGHTS[Concept.REQUEST] and _CONTACT.search(text):
        weight -= 2.0  # how to be answered, not what about
    if _SOCIAL.search(text) or _WELL.search(text):
        weight -= 2.0
    strong = max(weights, default=0.0) >= (2.5 if sentence.is_question else 3.0)
    return max(weight, 0.0) if len(said) >= _FEW or strong else 0.0
