"""A value found in one message, and the stance that the words around it take towards it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from agent.embedded.concepts import is_denied
from agent.embedded.turn import Turn
from agent.embedded.vocabulary import vocabulary
from store.model import Value


class Stance(Enum):
    CLAIMED = "claimed"  # it is so
    DENIED = "denied"  # "not the Duo"
    OTHERS = "others"  # another person's: "my sister has a ..."
    ASIDE = "aside"  # an example, a comparison, something that works


@dataclass(frozen=True, slots=True)
class Mention:
    """The characters start:end of the message's text say `value`."""

    value: Value
    start: int
    end: int
    confidence: float
    stance: Stance = Stance.CLAIMED


_KIN = vocabulary(
    """
    sister brother mother father mum mom dad husband wife partner daughter son child children kid kids boy girl
    niece nephew aunt uncle cousin grandmother grandfather grandson granddaughter friend girlfriend boyfriend
    flatmate roommate neighbor neighbour colleague coworker boss assistant secretary landlord tenant teacher parents
    gran nan schwester bruder mutter vater mann frau tochter sohn freund freundin nachbar nachbarin kollege kollegin
    kollegen chef chefin sœur frère mère père mari femme fille fils ami amie voisin voisine collègue hermana hermano
    madre padre marido mujer hija hijo amiga amigo vecina vecino irmã irmão mãe pai filha filho vizinha vizinho zus
    broer moeder vader dochter zoon vriend vriendin buurman buurvrouw collega
    """
)
_THIRD_PERSON = vocabulary(
    """
    he she they his her hers their theirs sein seine seinen seinem seiner leur su sus
    """
)
_RELATIONS = "|".join(sorted(_KIN, key=len, reverse=True))
_PEOPLE = frozenset(word.removesuffix("s") for word in _KIN | _THIRD_PERSON | {"not"})
_WORDS = re.compile(r"[^\W\d_]+")
_MY = r"(?:my|our|the|a|your|mein(?:e|er|em|en)?|unser\w*|mon|ma|mes|notre|mi|nuestr[oa]|meu|minha|mijn|onze)"
_NOT_DONE_TO = r"(?<!\bgave )(?<!\bgive )(?<!\bgives )(?<!\bhurt )(?<!\bburned )(?<!\bburnt )"
_OWNER_BEFORE = re.compile(
    rf"\b(?:he|she|they)\s(?:wanted|wants|has|had|owns?|uses?|got|bought|have|speaks?)\b(?:\s+\w+){{0,2}}\W*\Z"
    rf"|\b(?:his|her|hers|their|theirs|sein\w*|leur|sus?)\b(?:\W{{1,2}}\w+){{0,2}}\W*\Z"
    rf"|{_NOT_DONE_TO}\b{_MY}\s(?:\w+\s){{0,2}}(?:{_RELATIONS})s?(?:-in-law)?\b(?:'s?|s)?(?:\s+\w+){{0,2}}?\s*(?:has|have|had"
    rf"|owns?|uses?|got|is|was|speaks?|bought|hat|hatte|a|tiene|tem|heeft|'s)?"
    rf"(?:\s+\w+){{0,2}}\W*\Z",
    re.IGNORECASE,
)
_OWNER_AFTER = re.compile(
    rf"\A\W*(?:\w+\s+){{0,4}}?(?:(?:of|de|von|du|da|van|(?:belongs|belonging) to|(?:lives?|is|are) with|is|hat"
    rf"|has)\s+{_MY}\s(?:\w+\s)?(?:{_RELATIONS})\b"
    rf"|(?:is|are|was)\s+(?:hers|his|theirs|not mine)\b)",
    re.IGNORECASE,
)
_EXAMPLE = re.compile(
    r"\b(?:such as|e\.g\.?|for example|for instance|looks? like|something like|zum beispiel|z\.b\.|wie etwa"
    r"|par exemple|por ejemplo|comme)\W*(?:\w+\W+)?\Z",
    re.IGNORECASE,
)
_COMPARED = re.compile(
    r"\b(?:unlike|than|compared (?:to|with)|instead of|rather than|as opposed to"
    r"|(?<!would )(?<!'d )(?<!you )(?<!we )(?<!i )like (?:the|a|my)|hesitat\w+"
    r"|hésit\w+|considered|thought about|statt|anstatt|als (?:der|die|das)"
    r"|(?:my|our|his|her|the|mein\w*|mon|mi) (?:old|previous|other|former|first|alte\w*|vieux|viejo)|\b(?:the|de"
    r"|die|der|das) (?:working|other|old|previous|good|broken) (?:one|unit|device|half|number)(?:'s| is| was)"
    r"|au lieu d\w+|plutôt que|en vez del?|vs\.?|versus)\W*(?:\w+\W+){0,2}\Z",
    re.IGNORECASE,
)
_DISOWNED_BEFORE = re.compile(r"\bnot (?:me|mine|my|on|at|to|under)\b(?:\s+\w+){0,2}\W*\Z", re.IGNORECASE)
_DISOWNED_AFTER = re.compile(
    r"\A\W*(?:is|was|'s|are|were)?\s*(?:n't|not|never|no longer)\s+(?:mine|it|right|correct|valid|ours|the one|what)\b"
    r"|\A\W*(?:is|was|'s|,)?\s*(?:wrong|incorrect|the (?:old|wrong) one|my old one|old|outdated|out of date)\b"
    r"|\A\W{1,3}(?:no|sorry)\b[^.;]{0,20}\b(?:old|wrong|not)\b",
    re.IGNORECASE,
)
_RESTART = re.compile(
    r"[;:)]|\b(?:no|wait|hang on|sorry|actually|instead|use|mine|but|nein|sondern|non|mais|pero|sino|while"
    r"|whereas)\b|,(?! *(?:who|which|den|die|das|qui|que))",
    re.IGNORECASE,
)


def stance(turn: Turn, start: int, end: int) -> Stance:
    """What the sentence says of the words start:end of the message."""
    before, after = turn.around(start, end)
    before, after = before[-120:], after[:80]
    if _DISOWNED_BEFORE.search(before) or _DISOWNED_AFTER.match(after) or is_denied(before, len(before)):
        return Stance.DENIED
    clause = before[_last_restart(before) :]
    if _is_anothers(clause, after):
        return Stance.OTHERS
    if _EXAMPLE.search(before) or _COMPARED.search(before):
        return Stance.ASIDE
    return Stance.CLAIMED


def _is_anothers(clause: str, after: str) -> bool:
    people = {
        word.removesuffix("s") for word in _WORDS.findall(f"{clause} {after}")
    }  # a cheap look before the costly one
    if not people & _PEOPLE:
        return False
    return bool(_OWNER_BEFORE.search(clause) or _OWNER_AFTER.match(after))


def _last_restart(text: str) -> int:
    """Where the clause begins that the end of the text belongs to."""
    return max((match.end() for match in _RESTART.finditer(text)), default=0)
