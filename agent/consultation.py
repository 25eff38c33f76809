"""Who is asked in one evaluation: the embedded predictor, a provider's model, or both; and what it came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agent.evidence import vouched
from agent.fields import same
from agent.llm.question import Trouble, Unanswered
from agent.llm.reader import Llm, Reader
from agent.predictor import Abstention, Prediction, PredictionRequest, Predictor
from agent.settings import CaseField, FieldType, PredictorChoice
from store.model import FieldId


class Consultation:
    """Implements `agent.predictor.Predictor` for one evaluation. A model that gives no answer stops nothing."""

    name, version = "consultation", "1"

    def __init__(self, embedded: Predictor, llm: Llm | None, reader: Reader | None) -> None:
        self._embedded = embedded
        self._llm = llm
        self.reader = reader
        self.unanswered: Unanswered | None = None
        self._read = self._both = False

    @property
    def provider(self) -> str:
        return self._llm.provider.name if self._llm else ""

    @property
    def said_by(self) -> str:
        """Who answered, for the audit: "embedded 2, as openai:gpt did not: its budget for today is used up"."""
        embedded = f"{self._embedded.name} {self._embedded.version}"
        if self.unanswered is not None:
            return f"{embedded}, in place of {self.provider or 'the llm'}: {self.unanswered}"
        if not self._read or self._llm is None:
            return embedded
        return f"{embedded} and {self._llm.name}" if self._both else self._llm.name

    async def predict(self, request: PredictionRequest) -> Sequence[Prediction | Abstention]:
        match request.settings.prediction.predictor:
            case PredictorChoice.EMBEDDED:
                return await self._embedded.predict(request)
            case PredictorChoice.LLM:
                return await self._predict_by_model(request)
            case PredictorChoice.BOTH:
                return await self._predict_with_both(request)

    async def _predict_by_model(self, request: PredictionRequest) -> Sequence[Prediction | Abstention]:
        read = await self._ask(request)
        if read is not None and self.reader is not None and not self.reader.withheld:
            return read
        first = await self._embedded.predict(request)
        return first if read is None else combined(first, read, request.fields)

    async def _predict_with_both(self, request: PredictionRequest) -> Sequence[Prediction | Abstention]:
        self._both = True
        first = await self._embedded.predict(request)
        if not self._leaves_open(first, request):
            return first
        read = await self._ask(request)
        return first if read is None else combined(first, read, request.fields)

    async def _ask(self, request: PredictionRequest) -> Sequence[Prediction | Abstention] | None:
        """None: there is no answer of a model, in all of this evaluation."""
        if self.unanswered is None:
            try:
                if self.reader is None:
                    raise Unanswered(Trouble.UNCONFIGURED, "no provider is configured")  # noqa: TRY301 -- as all that keeps it from answering
                read = await self.reader.read(request)
            except Unanswered as unanswered:
                self.unanswered = unanswered
            else:
                self._read = True
                return read
        return None

    def _leaves_open(self, first: Sequence[Prediction | Abstention], request: PredictionRequest) -> bool:
        """Whether a field has no value yet, or another one than a model once read."""
        fields = {FieldId(field.id): field for field in request.fields}
        read = self.reader.resumed(request).known() if self.reader else {}
        for answer in first:
            field = fields.get(answer.field)
            if field is None or vouched(field, request.sender) is not None:
                continue
            if not _is_sure(answer, field):
                if answer.field not in request.current:
                    return True
            elif answer.field in read and not _agree(field, answer, read[answer.field]):
                return True
        return False


def combined(
    first: Sequence[Prediction | Abstention], read: Sequence[Prediction | Abstention], fields: Sequence[CaseField]
) -> list[Prediction | Abstention]:
    """The embedded predictor's answers, with the model's where they stay open or the two disagree."""
    by_model = {answer.field: answer for answer in read}
    defined = {FieldId(field.id): field for field in fields}
    return [_settled(answer, by_model.get(answer.field), defined[answer.field]) for answer in first]


def _settled(
    answer: Prediction | Abstention, model: Prediction | Abstention | None, field: CaseField
) -> Prediction | Abstention:
    if model is None or (isinstance(answer, Prediction) and not answer.evidence):  # the channel's word for who wrote
        return answer
    if isinstance(model, Abstention):
        return model if isinstance(answer, Abstention) else answer
    if isinstance(answer, Prediction) and _agree(field, answer, model):
        return replace(answer, confidence=max(answer.confidence, model.confidence))
    return model


def _is_sure(answer: Prediction | Abstention, field: CaseField) -> bool:
    return isinstance(answer, Prediction) and answer.confidence >= field.threshold


def _agree(field: CaseField, answer: Prediction | Abstention, model: Prediction) -> bool:
    """Two choices of words for the same problem are no disagreement."""
    if field.type is FieldType.MULTILINE:
        return True
    return isinstance(answer, Prediction) and same(field, answer.value, model.value)
