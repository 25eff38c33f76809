"""*Channels*, *Prediction* and *General*: what in the settings stands by itself, each input explained in a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from http import HTTPStatus

from aiohttp import web
from babel import Locale
from babel.core import get_global
from babel.numbers import get_territory_currencies
from phonenumbers import SUPPORTED_REGIONS

from agent.settings import PredictorChoice, Problem
from bot.access.rights import MANAGE_SETTINGS
from bot.access.routes import Route, Visit
from bot.console import inputs
from bot.console.filters import CHANNEL_LABELS
from bot.console.inputs import Input, Section, Sheet
from bot.console.rendering import Pages
from bot.console.reviewing import Json, Reviewing, as_document, latest
from store.engine import Database

_PREDICTORS: Mapping[str, str] = {
    PredictorChoice.EMBEDDED: "The embedded one: no network, no key",
    PredictorChoice.LLM: "A provider’s model, the embedded one where it gives no answer",
    PredictorChoice.BOTH: "The embedded one first, the model for what stays open",
}


@cache
def _sheets() -> Sequence[Sheet]:
    return (_channels(), _prediction(), _general())


def _channels() -> Sheet:
    people = {
        "teams": "Ids of users as the directory (Entra ID) gives them.",
        "slack": "Ids of users or user groups, such as U012AB3CD or S0614TZR7.",
        "email": "Addresses (bea@example.org), or domains (example.org): everybody there.",
        "webchat": "User ids as the web site gives them.",
        "voice": "Ids of the people who answer calls.",
    }
    return Sheet(
        path="/console/agent/channels",
        title="Channels",
        about="Where customers write, and who answers them there.",
        sections=tuple(
            Section(
                heading=label,
                about=_ABOUT_CHANNELS.get(name, ""),
                inputs=(
                    Input(path=f"channels.{name}.enabled", label=f"{label} is on", kind="check"),
                    Input(
                        path=f"channels.{name}.representatives",
                        label=f"Representatives on {label}",
                        hint=f"{people[name]} Everybody else is a customer.",
                        kind="lines",
                    ),
                    *_OF_CHANNELS.get(name, ()),
                ),
            )
            for name, label in CHANNEL_LABELS.items()
        ),
    )


_ABOUT_CHANNELS = {
    "voice": "Nothing brings calls in yet: what is set here counts once something does.",
    "email": "Which mailboxes there are, and their passwords, is configured where the process runs:"
    " CASEWRIGHT_MAILBOXES. Operations shows them; record-creation rules say which mails become cases.",
}
_OF_CHANNELS = {
    "teams": (
        Input(
            path="channels.teams.greeting",
            label="Greeting",
            hint="What each person, group and team is told once when the app joins; left empty, nothing.",
            kind="text",
            optional=True,
        ),
    ),
    "slack": (
        Input(
            path="channels.slack.watched",
            label="Watched channels",
            hint="Ids of channels in which every new thread is a conversation; * is every channel that the app is in."
            " Elsewhere one starts where somebody mentions the app.",
            kind="lines",
        ),
        Input(
            path="channels.slack.triage",
            label="The team’s own channel",
            hint="The id of a channel that mirrors each conversation, with the fields that customers don’t see.",
            optional=True,
        ),
        Input(
            path="channels.slack.reaction",
            label="Emoji that opens a case",
            hint="With which a representative reacts to a message: its name without the colons. Left empty, none does.",
            optional=True,
        ),
        Input(
            path="channels.slack.grouping_seconds",
            label="Seconds in which one person’s messages belong together",
            hint="What the same person writes in a channel within this time joins their conversation.",
            kind="number",
        ),
        Input(
            path="channels.slack.session_hours",
            label="Hours of quiet that end a direct message",
            hint="What comes later is a new conversation.",
            kind="number",
        ),
    ),
}


def _prediction() -> Sheet:
    return Sheet(
        path="/console/agent/prediction",
        title="Prediction",
        about="Who reads conversations, and what a model may be told and cost.",
        sections=(
            Section(
                heading="Predictor",
                about="Which model that is, and its key, is configured where the process runs:"
                " CASEWRIGHT_LLM_PROVIDER, _MODEL and _KEY.",
                inputs=(
                    Input(
                        path="prediction.predictor",
                        label="Who predicts",
                        hint="Where the model is out of reach or over budget, the embedded one answers.",
                        kind="choice",
                        options=_PREDICTORS,
                    ),
                    Input(
                        path="prediction.mask_personal",
                        label="Mask personal data",
                        hint="The model is sent stand-ins for addresses, telephone and card numbers.",
                        kind="check",
                    ),
                    Input(
                        path="prediction.seconds",
                        label="Seconds to wait for an answer",
                        hint="One correction included; then the embedded predictor answers.",
                        kind="number",
                    ),
                ),
            ),
            Section(
                heading="Budget",
                inputs=(
                    Input(
                        path="prediction.tokens_per_day",
                        label="Tokens a day",
                        hint="All conversations together; left empty, there is no limit.",
                        kind="whole",
                        optional=True,
                    ),
                    Input(
                        path="prediction.tokens_per_conversation",
                        label="Tokens a conversation",
                        hint="Left empty, there is no limit.",
                        kind="whole",
                        optional=True,
                    ),
                ),
            ),
            Section(
                heading="Prices",
                about="What the provider asks for a million tokens. All left empty, no cost is reckoned.",
                part="prediction.prices",
                inputs=(
                    Input(
                        path="prediction.prices.currency",
                        label="Currency of the prices",
                        hint="What the provider’s bill is in.",
                        kind="choice",
                        options={"": "—", **_currencies()},
                    ),
                    Input(path="prediction.prices.input", label="Input", hint="Of what it reads.", kind="number"),
                    Input(path="prediction.prices.output", label="Output", hint="Of what it writes.", kind="number"),
                    Input(
                        path="prediction.prices.cached",
                        label="Cached input",
                        hint="Of what it had read before; left empty, it costs what other input does.",
                        kind="number",
                        optional=True,
                    ),
                ),
            ),
        ),
    )


def _general() -> Sheet:
    return Sheet(
        path="/console/agent/general",
        title="General",
        about="Who the company is, where it is, and how long it keeps what customers write.",
        sections=(
            Section(
                heading="Company",
                inputs=(
                    Input(
                        path="company",
                        label="Name",
                        hint="As customers know it: mail addresses that carry it are taken for your own.",
                        optional=True,
                        empty="",
                    ),
                    Input(
                        path="timezone",
                        label="Time zone",
                        hint="Of the times that people are shown, and of what “yesterday” means.",
                        options={each: each for each in sorted(get_global("zone_territories")) if "/" in each},
                    ),
                    Input(
                        path="region",
                        label="Region",
                        hint="Of telephone numbers without a country code, and how dates and numbers are written.",
                        kind="choice",
                        options=_regions(),
                    ),
                    Input(
                        path="currency",
                        label="Currency",
                        hint="Of amounts that name none.",
                        kind="choice",
                        options=_currencies(),
                    ),
                ),
            ),
            Section(
                heading="Privacy",
                inputs=(
                    Input(
                        path="keep_case_reads",
                        label="Keep who read which case",
                        hint="With the time, and whether at the console or through the API.",
                        kind="check",
                    ),
                    Input(
                        path="forget_after_days",
                        label="Days until what is over is forgotten",
                        hint="Resolved cases, and conversations without an open one, in which nothing has moved for so"
                        " long; at least 30. Left empty, all is kept. People’s data shows what a run would forget.",
                        kind="whole",
                        optional=True,
                    ),
                ),
            ),
        ),
    )


def _regions() -> Mapping[str, str]:
    return _named(SUPPORTED_REGIONS, Locale("en").territories)


def _currencies() -> Mapping[str, str]:
    """Those that are in use somewhere."""
    used = {str(each) for region in SUPPORTED_REGIONS for each in get_territory_currencies(region)}
    return _named(used, Locale("en").currencies)


def _named(codes: Iterable[str], names: Mapping[str, str]) -> Mapping[str, str]:
    return dict(sorted(((each, f"{names.get(each, each)} ({each})") for each in codes), key=lambda each: each[1]))


class Sheets:
    def __init__(self, database: Database, pages: Pages, reviewing: Reviewing) -> None:
        self._database = database
        self._pages = pages
        self._reviewing = reviewing

    def routes(self) -> list[Route]:
        right = MANAGE_SETTINGS
        return [
            route
            for sheet in _sheets()
            for route in (
                Route(method="GET", path=sheet.path, right=right, handler=partial(self._look, sheet=sheet)),
                Route(method="POST", path=sheet.path, right=right, handler=partial(self._check, sheet=sheet)),
            )
        ]

    async def _look(self, visit: Visit, *, sheet: Sheet) -> web.StreamResponse:
        now = await self._database.read(latest)
        return self._page(visit, sheet, as_document(now.settings), now.version)

    def _page(
        self, visit: Visit, sheet: Sheet, document: Json, based_on: int, problems: Sequence[Problem] = ()
    ) -> web.Response:
        """`document`: what the form shows, as it was typed."""
        return self._pages.show(
            visit,
            "sheet.html",
            title=sheet.title,
            status=HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK,
            sheet=sheet,
            values=inputs.shown(sheet, document),
            based_on=based_on,
            errors=inputs.faults(sheet, problems),
        )

    async def _check(self, visit: Visit, *, sheet: Sheet) -> web.StreamResponse:
        form = await visit.request.post()
        base = await self._reviewing.base(form)
        document = inputs.typed(sheet, form, as_document(base.settings))
        if form.get("do") == "again":
            return self._page(visit, sheet, document, base.version)
        if problems := await self._reviewing.problems(document):
            return self._page(visit, sheet, document, base.version, problems)
        return await self._reviewing.propose(visit, document, based_on=base.version, back=sheet.path, form=form)
