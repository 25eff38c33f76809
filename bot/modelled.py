"""What a model contributed to an evaluation, for its record and for the metrics: tokens, cost, time, or why nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from decimal import Decimal

from agent.consultation import Consultation
from agent.llm.question import Trouble, Usage
from agent.settings import Prices
from store.model import Json, MessageId

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, kw_only=True, slots=True)
class Modelled:
    provider: str = ""  # "": no model had a say
    usage: Usage = field(default_factory=Usage)
    milliseconds: float = 0
    cost: Decimal | None = None  # None: nobody told us the prices
    currency: str = ""
    trouble: Trouble | None = None
    cited: frozenset[MessageId] = frozenset()  # what it found rests on these messages
    detail: Json = field(default_factory=dict[str, object])


def modelled(consultation: Consultation, prices: Prices | None) -> Modelled:
    reader, unanswered = consultation.reader, consultation.unanswered
    if reader is None:
        return Modelled(trouble=unanswered.trouble if unanswered else None, detail=_reason(consultation))
    usage = reader.usage
    cost = None if prices is None else cost_of(usage, prices)
    currency = prices.currency if prices else ""
    detail: Json = {} if reader.kept is None else {"reading": reader.kept}
    if usage.requests or unanswered:
        asked = {"provider": consultation.provider, **asdict(usage), "milliseconds": round(reader.milliseconds)}
        priced = {} if cost is None else {"cost": f"{cost} {currency}"}
        withheld = [message.id for message in reader.withheld]
        detail["llm"] = asked | priced | ({"withheld": withheld} if withheld else {})
    return Modelled(
        provider=consultation.provider,
        usage=usage,
        milliseconds=reader.milliseconds,
        cost=cost,
        currency=currency,
        trouble=unanswered.trouble if unanswered else None,
        cited=reader.cited,
        detail=detail | _reason(consultation),
    )


def _reason(consultation: Consultation) -> Json:
    return {"fallback": str(consultation.unanswered)} if consultation.unanswered else {}


def cost_of(usage: Usage, prices: Prices) -> Decimal:
    cached = prices.input if prices.cached is None else prices.cached
    parts = ((usage.input - usage.cached, prices.input), (usage.cached, cached), (usage.output, prices.output))
    return sum((Decimal(tokens) * Decimal(str(price)) for tokens, price in parts), Decimal()) / _MILLION
