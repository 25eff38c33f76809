"""E-mail addresses, typed or spoken, and whose they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from agent.embedded.cues import words
from agent.embedded.field_reader import FieldReader, mention
from agent.embedded.mention import Mention
from agent.embedded.talk import Said, Talk
from agent.embedded.turn import Turn
from agent.embedded.vocabulary import vocabulary
from agent.fields import normalise

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # addresses don't depend on the day
_TYPED = re.compile(r"(?<![\w.+%@-])[\w+%-][\w.+%'-]{0,63}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}(?![\w@])")
_SPOKEN_DOMAIN = re.compile(r"\s(?:at|@)\s+((?:[\w-]{1,40}\s+(?:dot|\.|point)\s+){1,4}[\w-]{2,20})\b", re.IGNORECASE)
_SIGNS = {"dot": ".", "point": ".", "underscore": "_", "dash": "-", "hyphen": "-", "minus": "-", "plus": "+"}
_FILLERS = vocabulary(
    """
    all one word then figures number numbers letters lower case small
    """
)
_FOREIGN = vocabulary(
    """
    it is it's its that's my the a email e-mail mail address yes yeah yep sure um uh er erm so well no oh hi hello
    just use try to me at on under sorry be would i i'm can you reach write send take that this with and or an
    please okay ok right good by for our sign me
    """
)
_TOKEN = re.compile(r"[\w'-]+")
_MOST_SPOKEN = 160  # characters of the part before "at"
_TELLING = 4  # letters of a company's name that can't be there by chance
_ALONE = 40  # characters around an address that is the whole message
_MISSPELT = 2
_OTHERS = re.compile(
    r"\b(?:(?:was|were|been|got) (?:\w+ )?(?:sent|mailed|addressed|forwarded) (?:\w+ )?to|cc|copied|from"
    r"|instead of|contact|reply(?:ing)? to|wrote to|writing to"
    r"|mailed|emailed|e-mailed|signed up|(?:ask|asked|speak to|talk to|spoke to|try) \w+)\W*(?:\w+\W+){0,2}\Z",
    re.IGNORECASE,
)
_INVITES = re.compile(
    r"\b(?:please|you (?:can|may|could)|just|simply|feel free|write|send|contact|try)\b", re.IGNORECASE
)
_OWN = re.compile(
    r"\b(?:my|mine|me|i'm|i am|our|use|under|reach|reply|answer|send|write|meine?|mir|mich|mon|moi|mi|meu"
    r"|minha)\b(?:\W+\w+){0,6}\W*\Z",
    re.IGNORECASE,
)
_ASKS_FOR_ADDRESS = re.compile(
    r"\be-?mail|\bmail\b|\baddress|\badresse|\bcorreo|\bcourriel|\bendereço|\bindirizzo", re.IGNORECASE
)
_COMPANY_FORMS = vocabulary(
    """
    the and inc ltd llc gmbh corp company group co support team home audio shop store service services online
    """
)


class AddressReader(FieldReader):
    def find(self, turn: Turn) -> Iterable[Mention]:
        reading = turn.spoken
        for match in _TYPED.finditer(reading.text):
            word = match.group().rstrip(".'-_")
            yield from self._mention(turn, word, match.start(), match.start() + len(word), 0.85)
        for start, end, address, confidence in _spoken(reading.text):
            yield from self._mention(turn, address, start, end, confidence)

    def _mention(self, turn: Turn, address: str, start: int, end: int, confidence: float) -> Iterator[Mention]:
        value = normalise(self.field, address, self.settings, _EPOCH)
        if isinstance(value, str) and not self._is_ours(value):
            span = turn.spoken.place(start, end)
            if not _OTHERS.search(turn.around(*span)[0][-60:]):
                yield mention(turn, value, span, confidence)

    def _is_ours(self, address: str) -> bool:
        """At a domain that bears our company's name."""
        domain = address.rpartition("@")[2].casefold()
        names = [word for word in words(self.settings.company) if len(word) >= _TELLING and word not in _COMPANY_FORMS]
        return any(name in domain for name in names)

    def confidence(self, said: Said, talk: Talk) -> float:
        if not said.line.is_opener:
            return 0
        before, _ = said.source.around(said.mention.start, said.mention.end)
        if said.confirmed and _INVITES.search(before):
            return 0
        question = talk.question(said.line)
        if said.confirmed or said.amends or (question and _ASKS_FOR_ADDRESS.search(question.turn.plain.text)):
            return said.mention.confidence + 0.05
        if _OWN.search(before) or _ASKS_FOR_ADDRESS.search(before):
            return said.mention.confidence
        alone = len(said.line.message.text) - len(said.evidence[0].quote) < _ALONE
        return said.mention.confidence - (0.15 if alone else 0.25)


def _spoken(text: str) -> Iterator[tuple[int, int, str, float]]:
    """Addresses such as "m dot okafor at mailbox dot example": start, end, as typed, confidence."""
    previous = 0
    for match in _SPOKEN_DOMAIN.finditer(text):
        domain = re.sub(r"\s+", "", re.sub(r"\s(?:dot|point)\s", ".", match.group(1)))
        tokens = _local_tokens(text, max(previous, match.start() - _MOST_SPOKEN), match.start())
        previous = match.end()
        local, certain = _local([token.group() for token in tokens])
        if local:
            yield tokens[0].start(), match.end(), f"{local}@{domain}", 0.85 if certain else 0.65


def _local_tokens(text: str, start: int, end: int) -> list[re.Match[str]]:
    """The words before "at" that spell the part before the @: back to the first that can't be meant."""
    tokens: list[re.Match[str]] = []
    for token in reversed(list(_TOKEN.finditer(text, start, end))):
        word = token.group().lower()
        spells = bool(tokens) and tokens[-1].group().isupper() and word == "that's"
        following = tokens[-1].group().lower() if tokens else ""
        if word in _FOREIGN and not spells and (word, following) not in {("and", "then"), ("the", "figures")}:
            break
        tokens.append(token)
    while tokens and tokens[-1].group().lower() in _FILLERS | set(_SIGNS):
        tokens.pop()
    return tokens[::-1]


def _local(tokens: list[str]) -> tuple[str, bool]:
    """The part before the @, and whether it was said without two words that may or may not belong together."""
    local, previous, joined = "", "", True
    certain = True
    for token in tokens:
        word = token.lower()
        if word in _FILLERS or word in {"and", "the", "that's"}:
            continue
        if word in _SIGNS:
            local, joined = local + _SIGNS[word], True
            continue
        if token.isupper() and len(token) > 1 and previous and _spells(token, previous):
            local = local.removesuffix(previous) + word
        elif word == previous:
            continue
        else:
            certain &= joined or word.isdigit() or "word" in tokens
            local += word
        previous, joined = word, False
    return local, certain


def _spells(letters: str, word: str) -> bool:
    return letters[0].lower() == word[0] and abs(len(letters) - len(word)) <= _MISSPELT
