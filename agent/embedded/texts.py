"""Short text fields: what follows the field's own name, or answers a question that names it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from agent.embedded.cues import stem, words
from agent.embedded.field_reader import FieldReader, mention
from agent.embedded.mention import Mention
from agent.embedded.reply import Reply
from agent.embedded.settle import settle
from agent.embedded.talk import Line, Said, Talk
from agent.embedded.turn import Turn
from agent.predictor import Abstention, Prediction

_NAMED = re.compile(
    r"(?<![^\W\d_])(?P<name>(?:[^\W\d_]{1,40}\s){0,3}[^\W\d_]{1,40})(?:\s(?:is|was|would be|ist|est|es|é|is het)\s"
    r"|\s?[:=]\s?)(?P<value>[^\n,;.!?]{1,60})",
    re.IGNORECASE,
)
_PREAMBLE = re.compile(
    r"\A(?:it'?s|it is|that'?s|this is|i'm|i am|my \w+ is|yes|yeah|sure|um|uh|well|so|the)\b[\s,]*", re.IGNORECASE
)
_JOINED = re.compile(
    r"\s(?:and|but|so|because|my|the|i|it|und|aber|et|mais|y|pero)\s|\s(?=\w+\s(?:is|are|number|no)\b)", re.IGNORECASE
)
_SENTENCE = re.compile(
    r"\A(?:try|make|book|look|looking|find|search|for|i|it|leaving|coming|going|will|would|should|can|could|is"
    r"|are|that|please|in|on|at|not|what|how|ok|okay|nice|fine|good|wrong|correct|right|great|little|too|very)\b",
    re.IGNORECASE,
)
_MOST_WORDS = 4


class TextReader(FieldReader):
    def find(self, turn: Turn) -> Iterable[Mention]:
        for match in _NAMED.finditer(turn.plain.text):
            named = {stem(word) for word in match["name"].split()}
            if self.cues.label <= named and not _SENTENCE.match(match["value"].strip()):
                start = match.start("value")
                value = _JOINED.split(match["value"])[0].strip()
                start += len(match["value"]) - len(match["value"].lstrip())
                if value:
                    yield mention(turn, value, turn.plain.place(start, start + len(value)), 0.7)

    def answer(self, talk: Talk) -> Prediction | Abstention:
        said = [*talk.heard(self), *filter(None, (self._reply(line, talk) for line in talk.customer_lines))]
        said.sort(key=lambda item: item.line.index)
        return settle(self.field, said, lambda item: self.confidence(item, talk))

    def _reply(self, line: Line, talk: Talk) -> Said | None:
        """A short answer to a single question that names the field."""
        question = talk.question(line)
        text = line.turn.plain.text
        if question is None or line.turn.noise or line.turn.reply is not Reply.NEITHER or line.turn.asks:
            return None
        asked = [sentence for sentence in question.turn.sentences if sentence.is_question]
        if len(asked) != 1 or not self.cues.label <= {stem(word) for word in words(asked[0].text)}:
            return None
        opening = _PREAMBLE.match(text)
        start, end = opening.end() if opening else 0, len(text.rstrip(" .!\n"))
        if not 0 < len(text[start:end].split()) <= _MOST_WORDS or _SENTENCE.match(text[start:end]):
            return None
        span = line.turn.plain.place(start, end)
        return Said(mention(line.turn, text[start:end], span, 0.65), line, line.turn, (line.evidence(*span),))
