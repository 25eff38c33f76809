"""Choice fields: which option the customer's words speak for.

By name, by what its description speaks of, and by the rarer of its words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import log

from agent.embedded.concepts import split_description, spoken_of
from agent.embedded.cues import telling, words
from agent.embedded.field_reader import FieldReader
from agent.embedded.language_names import is_language_field, names_of, options_by_code
from agent.embedded.lexicon import Concept
from agent.embedded.mention import Mention, Stance, stance
from agent.embedded.settle import Candidate, abstain, predict
from agent.embedded.substance import SUBSTANTIAL, substance
from agent.embedded.talk import Said, Talk
from agent.embedded.turn import Sentence, Turn
from agent.embedded.vocabulary import vocabulary
from agent.predictor import Abstention, Prediction
from agent.settings import CaseField, FieldType, Option, Settings
from store.model import FieldId

_ORDINARY = vocabulary(
    """
    other others general misc miscellaneous none normal low high medium standard minor major yes no new open unknown
    any all urgent pressing small large basic
    """
)
"""Option names that mean something only beside the field's own name: "priority: high"."""
_SUBJECTS = frozenset(
    {
        Concept.FAULT,
        Concept.CHARGE,
        Concept.REFUND,
        Concept.DELIVERY,
        Concept.ACCESS,
        Concept.QUESTION,
        Concept.SEND_BACK,
        Concept.COMPLAINT,
    }
)
_HARMS = frozenset(
    {
        Concept.PATIENCE,
        Concept.MAKESHIFT,
        Concept.DEADLINE,
        Concept.LOSS,
        Concept.DANGER,
        Concept.STANDSTILL,
        Concept.URGENT,
    }
)
_NAMED, _WORD = 1.0, 0.3
_MOST_WORDS = 0.6  # however many words of a description are said
_QUESTION = 0.5  # almost everything can be put as a question
_STRENGTH = {Concept.QUESTION: _QUESTION, Concept.PATIENCE: 1.4}  # "no hurry" says more than that one manages for now
_STANDS_FOR = {Concept.TROUBLE: Concept.FAULT}
_UNSPECIFIC = 0.6
_ENOUGH, _MARGIN = 0.5, 0.35
_SECOND_PERSON = 0.4
_ASIDE = 0.35  # said in passing, not where the customer reports or asks
_SPACED = 0x590  # scripts from here on join words, or join particles to them
_REACH = 40  # characters between a request and what is requested
_HOW_IT_IS = re.compile(r"(?:is|are|was|were|does|did) (?:it|that|the|there|this|they|you)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Profile:
    option: Option
    names: frozenset[tuple[str, ...]]
    wanted: frozenset[Concept]
    unwanted: frozenset[Concept]
    telling: frozenset[str]


def _profile(option: Option, scope: frozenset[Concept]) -> _Profile:
    names = (option.value, *option.synonyms)
    use, _ = split_description(option.description)
    wanted, unwanted = spoken_of(f"{_called(option)}. {option.description}")
    called = frozenset(tuple(words(name)) for name in names)
    return _Profile(option, called, wanted & scope, unwanted & scope, frozenset(telling(f"{' '.join(names)} {use}")))


def _called(option: Option) -> str:
    return ". ".join((option.value, *option.synonyms))


def _without_others(profile: _Profile, profiles: Sequence[_Profile]) -> _Profile:
    """What another option is called after belongs to that option: "a refund that has not come" makes no delivery."""
    own = spoken_of(_called(profile.option))[0]
    others = {concept for other in profiles if other is not profile for concept in spoken_of(_called(other.option))[0]}
    return replace(profile, wanted=profile.wanted - (others - own))


def _scope(field: CaseField) -> frozenset[Concept]:
    """Whether the options tell apart what a case is about, or what waiting does: the same words serve both badly."""
    spoken = [spoken_of(f"{_called(option)}. {option.description}")[0] for option in field.choices]
    harms = sum(bool(concepts & _HARMS) for concepts in spoken)
    return _HARMS if harms > len(spoken) / 2 else _SUBJECTS


class ChoiceReader(FieldReader):
    def __init__(self, field: CaseField, settings: Settings) -> None:
        super().__init__(field, settings)
        scope = _scope(field)
        self._profiles = [_profile(option, scope) for option in field.choices]
        self._names = [(name, profile.option.value) for profile in self._profiles for name in profile.names if name]
        self._names += [(tuple(words(name)), value) for name, value in _language_names(field)]
        self._unspaced = {name[0]: value for name, value in self._names if len(name) == 1 and ord(name[0][0]) > _SPACED}
        self._by_first: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for name, value in self._names:
            self._by_first.setdefault(name[0], []).append((name, value))
        self._profiles = [_without_others(profile, self._profiles) for profile in self._profiles]
        shared = Counter(concept for profile in self._profiles for concept in profile.wanted)
        self._shares = {concept: 1 / count for concept, count in shared.items()}
        frequency = Counter(word for profile in self._profiles for word in profile.telling)
        self._rarity = {word: log((1 + len(self._profiles)) / count) for word, count in frequency.items()}
        self._words = frozenset(word for profile in self._profiles if not profile.wanted for word in profile.telling)
        self._is_subject = any(profile.wanted & _SUBJECTS for profile in self._profiles)
        self._wanted = {profile.option.value: profile.wanted for profile in self._profiles}
        self._ruled_out = _ruled_out(field.description)

    # --- one message ---

    def find(self, turn: Turn) -> Iterable[Mention]:
        yield from self._named(turn)
        for sentence in () if self.cues.on_request else turn.sentences:
            salience = self._salience(turn, sentence)
            if turn.hits_in(sentence) or sentence.is_question or self._words:
                yield from self._spoken_of(turn, sentence, salience)
                yield from self._described(turn, sentence, salience)

    def _salience(self, turn: Turn, sentence: Sentence) -> float:
        """What a case is about is said where the customer reports; what waiting does may be said anywhere."""
        return 1.0 if not self._is_subject or substance(turn, sentence) >= SUBSTANTIAL else _ASIDE

    def _named(self, turn: Turn) -> Iterator[Mention]:
        for name, value, start, end in self._names_in(turn):
            sentence = turn.sentence_of(start)
            weighed = spoken_of(" ".join(name))[0] and self._wanted[value]  # with all that speaks of the same
            if sentence and not weighed and self._counts(turn, sentence, name, start, end):
                yield self._mention(turn, value, sentence, (start, end), _NAMED)

    def _names_in(self, turn: Turn) -> Iterator[tuple[tuple[str, ...], str, int, int]]:
        for index, (word, start, _) in enumerate(turn.words):
            for name, value in self._by_first.get(word, ()):
                part = turn.words[index : index + len(name)]
                if tuple(folded for folded, _, _ in part) == name:
                    yield name, value, start, part[-1][2]
        for name, value in self._unspaced.items():
            place = turn.plain.text.find(name)
            if place >= 0:
                yield (name,), value, place, place + len(name)

    def _counts(self, turn: Turn, sentence: Sentence, name: tuple[str, ...], start: int, end: int) -> bool:
        ordinary = len(name) == 1 and (name[0] in _ORDINARY or name[0].isdigit())
        if ordinary and not self.cues.names & telling(sentence.text):
            return False
        return not self.cues.on_request or _is_requested(turn, sentence, start, end)

    def _spoken_of(self, turn: Turn, sentence: Sentence, salience: float) -> Iterator[Mention]:
        hits = [hit for hit in turn.hits_in(sentence) if not hit.denied or hit.concept is Concept.PATIENCE]
        spoken = {hit.concept for hit in hits}
        if not spoken & _SUBJECTS:
            hits = [replace(hit, concept=_STANDS_FOR.get(hit.concept, hit.concept)) for hit in hits]
        for profile in self._profiles:
            for hit in hits:
                if hit.concept in profile.wanted - self._ruled_out:
                    weight = (
                        _STRENGTH.get(hit.concept, 1.0)
                        * self._shares[hit.concept]
                        * (1.0 if hit.concept in spoken else _UNSPECIFIC)
                    )
                    against = 0.5 if spoken & profile.unwanted else 1.0
                    yield self._mention(
                        turn, profile.option.value, sentence, (hit.start, hit.end), weight * salience * against
                    )
            if sentence.is_question and Concept.QUESTION in profile.wanted and salience == 1.0:
                yield self._mention(turn, profile.option.value, sentence, sentence.span, _QUESTION)

    def _described(self, turn: Turn, sentence: Sentence, salience: float) -> Iterator[Mention]:
        """By the words of descriptions, where they speak of nothing that we know more words for."""
        said = telling(sentence.text)
        for profile in self._profiles:
            if profile.wanted:
                continue
            weight = sum(_WORD * self._rarity[word] for word in said & profile.telling)
            if weight >= _WORD and len(said & profile.telling) > 1:
                yield self._mention(
                    turn, profile.option.value, sentence, sentence.span, min(weight, _MOST_WORDS) * salience
                )

    def _mention(self, turn: Turn, value: str, sentence: Sentence, span: tuple[int, int], weight: float) -> Mention:
        """The quote is the clause: a single word explains nothing to a person."""
        place = turn.plain.place(*sentence.clause(*span))
        position = stance(turn, *turn.plain.place(*span)) if weight == _NAMED else Stance.CLAIMED
        return Mention(value, *place, weight, position)

    # --- the whole conversation ---

    def confidence(self, said: Said, talk: Talk) -> float:
        if self._is_subject and not said.line.is_opener:
            return said.mention.confidence * _SECOND_PERSON
        if not said.confirmed and self._only_asks(said):
            return said.mention.confidence * _ASIDE
        if self.cues.on_request or said.mention.confidence < _NAMED:
            return said.mention.confidence
        return said.mention.confidence + (0.2 if self.is_answer(said, talk) else 0)

    def _only_asks(self, said: Said) -> bool:
        """Whether an option is named in a question how things are: "is it a direct flight?" wants nothing."""
        sentence = said.source.sentence(said.mention.start)
        named = said.mention.confidence >= _NAMED and not self._is_subject
        return named and sentence is not None and sentence.is_question and bool(_HOW_IT_IS.match(sentence.text))

    def answer(self, talk: Talk) -> Prediction | Abstention:
        said = [item for item in talk.heard(self) if not item.confirmed or item.mention.confidence >= _NAMED]
        candidates = sorted(self._candidates(said, talk), key=lambda candidate: candidate.confidence, reverse=True)
        if self.field.type is FieldType.MULTI_CHOICE:
            return self._several(candidates)
        if not candidates or candidates[0].confidence < _ENOUGH:
            return abstain(self.field, f"Nothing that was said speaks clearly for one {self.field.label}.")
        best = candidates[0]
        margin = best.confidence - (candidates[1].confidence if len(candidates) > 1 else 0.0)
        if margin < _MARGIN:
            names = f"{best.value} and {candidates[1].value}"
            return abstain(self.field, f"The words speak for {names} alike.")
        return predict(self.field, best, _calibrated(best.confidence, margin))

    def _candidates(self, said: Sequence[Said], talk: Talk) -> Iterator[Candidate]:
        """By option; what is said once more in other words adds a little."""
        denied = {
            repr(item.mention.value) for item in said if item.mention.stance is Stance.DENIED and not item.confirmed
        }
        by_value: dict[str, list[Said]] = {}
        for item in said:
            if item.mention.stance is Stance.CLAIMED and str(item.mention.value) not in denied:
                by_value.setdefault(str(item.mention.value), []).append(item)
        for value, items in by_value.items():
            weights = sorted((self.confidence(item, talk) for item in items), reverse=True)
            strength = weights[0] + 0.25 * sum(weights[1:4])
            strongest = max(reversed(items), key=lambda item: self.confidence(item, talk))
            yield Candidate(value, strength, (strongest,))

    def _several(self, candidates: Sequence[Candidate]) -> Prediction | Abstention:
        chosen = [candidate for candidate in candidates if candidate.confidence >= _NAMED]
        if not chosen:
            return abstain(self.field, f"No {self.field.label} is named.")
        values = {str(candidate.value) for candidate in chosen}
        return Prediction(
            field=FieldId(self.field.id),
            value=[option.value for option in self.field.options if option.value in values],
            confidence=0.7,
            evidence=tuple(dict.fromkeys(place for candidate in chosen for place in candidate.last.evidence)),
        )


def _calibrated(strength: float, margin: float) -> float:
    return min(0.45 + 0.25 * min(margin, 1.2) + 0.05 * min(strength, 2.0), 0.9)


def _language_names(field: CaseField) -> Iterator[tuple[str, str]]:
    if is_language_field(field):
        yield from ((name, value) for code, value in options_by_code(field).items() for name in names_of(code))


def _ruled_out(description: str) -> frozenset[Concept]:
    """What a field's description says must not decide: "not by words such as 'urgent' alone"."""
    return spoken_of_negatively(description)


def spoken_of_negatively(description: str) -> frozenset[Concept]:
    found: set[Concept] = set()
    for clause in re.findall(
        r"\b(?:not by|not for|nor by|and not|none of|nothing)\b[^.;]*", description, re.IGNORECASE
    ):
        found |= spoken_of(re.sub(r"\b(?:not|none|nothing)\b", "", clause))[0]
    return frozenset(found)


def _is_requested(turn: Turn, sentence: Sentence, start: int, end: int) -> bool:
    """Whether the words start:end are what a request in the same clause is for."""
    text = turn.plain.text
    for hit in turn.hits_in(sentence):
        if hit.concept is Concept.REQUEST:
            between = text[hit.end : start] if hit.end <= start else text[end : hit.start]
            if len(between) <= _REACH and not re.search(r"[:;,.()]|\b(?:but|only|aber|mais|pero)\b", between):
                return True
    return False
