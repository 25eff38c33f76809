"""Payloads as Slack's reference shows them (docs.slack.dev, "Events API", "Interactivity")."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

from store.model import Json, utcnow
from tests.adapters.slack.fake import BOT_USER, TEAM, FakeSlack

_ids = count(1)


def envelope(event: Json, *, team: str = TEAM, enterprise: str | None = None, event_id: str | None = None) -> Json:
    authorization = {"team_id": team, "enterprise_id": enterprise, "user_id": BOT_USER, "is_bot": True}
    return {
        "type": "event_callback",
        "team_id": team,
        "enterprise_id": enterprise,
        "api_app_id": "A1",
        "event": event,
        "event_id": event_id or f"Ev{next(_ids)}",
        "event_time": int(utcnow().timestamp()),
        "authorizations": [authorization],
        "is_ext_shared_channel": False,
    }


def said(
    slack: FakeSlack,
    text: str,
    *,
    user: str,
    channel: str,
    thread_ts: str | None = None,
    ts: str | None = None,
    **more: Any,
) -> Json:
    """Somebody writes; the fake remembers it, so that threads show it."""
    message = {"type": "message", "user": user, "text": text, "ts": ts or slack.ts(), "team": TEAM, **more}
    if thread_ts is not None:
        message["thread_ts"] = thread_ts
    slack.messages.setdefault(channel, []).append(message)
    kind = "im" if channel.startswith("D") else "channel"
    return envelope({**message, "channel": channel, "channel_type": kind, "event_ts": message["ts"]})


def edited(original: Json, text: str, *, ts: str) -> Json:
    before: Json = original["event"]
    now = {**before, "text": text, "edited": {"user": before["user"], "ts": ts}}
    changed = {"type": "message", "subtype": "message_changed", "channel": before["channel"], "ts": ts}
    return envelope({**changed, "message": now, "previous_message": before, "event_ts": ts})


def deleted(original: Json, *, ts: str) -> Json:
    before: Json = original["event"]
    gone = {"type": "message", "subtype": "message_deleted", "channel": before["channel"], "ts": ts}
    return envelope({**gone, "deleted_ts": before["ts"], "previous_message": before, "event_ts": ts})


def reaction(user: str, name: str, *, channel: str, ts: str, event_ts: str = "1700009999.000100") -> Json:
    item = {"type": "message", "channel": channel, "ts": ts}
    return envelope({"type": "reaction_added", "user": user, "reaction": name, "item": item, "event_ts": event_ts})


def command(slack: FakeSlack, name: str, text: str, *, user: str, channel: str) -> Json:
    return {
        "command": name,
        "text": text,
        "user_id": user,
        "channel_id": channel,
        "team_id": TEAM,
        "trigger_id": slack.trigger(),
        "response_url": f"{slack.url}/response",
    }


def shortcut(slack: FakeSlack, callback: str, original: Json, *, user: str) -> Json:
    message: Json = {name: value for name, value in original["event"].items() if name != "channel"}
    return {
        "type": "message_action",
        "callback_id": callback,
        "trigger_id": slack.trigger(),
        "team": {"id": TEAM},
        "user": {"id": user, "team_id": TEAM},
        "channel": {"id": original["event"]["channel"]},
        "message": message,
    }


def pressed(slack: FakeSlack, action: Json, *, user: str, container: Json, view: Json | None = None) -> Json:
    payload: Json = {
        "type": "block_actions",
        "trigger_id": slack.trigger(),
        "team": {"id": TEAM},
        "user": {"id": user, "team_id": TEAM},
        "container": container,
        "actions": [{"type": "button", "block_id": "b", "action_ts": slack.ts(), **action}],
    }
    return {**payload, "view": view} if view is not None else payload


def submitted(view: Json, values: dict[str, list[str]], *, user: str) -> Json:
    """A person fills in the view: what they leave alone keeps its initial value."""
    state = {
        block["block_id"]: _state(block["element"], values) for block in view["blocks"] if block["type"] == "input"
    }
    return {
        "type": "view_submission",
        "team": {"id": TEAM},
        "user": {"id": user, "team_id": TEAM},
        "view": {**view, "team_id": TEAM, "state": {"values": state}},
    }


def _state(element: Json, values: dict[str, list[str]]) -> Json:
    kind, action = element["type"], element["action_id"]
    given = values.get(element.get("field", ""))
    return {action: _filled(kind, element, given)}


def _filled(kind: str, element: Json, given: list[str] | None) -> Json:
    if kind.startswith("multi_"):
        chosen = [{"value": each} for each in given] if given is not None else element.get("initial_options", [])
        return {"type": kind, "selected_options": chosen}
    if kind.endswith("_select"):
        option = element.get("initial_option") if given is None else ({"value": given[0]} if given else None)
        return {"type": kind, "selected_option": option}
    if kind == "datepicker":
        return {"type": kind, "selected_date": element.get("initial_date") if given is None else (given or [None])[0]}
    return {"type": kind, "value": element.get("initial_value") if given is None else (given or [None])[0]}


def filled(view: Json, values: dict[str, list[str]], *, user: str) -> Json:
    """As `submitted`, with values by field id."""
    blocks = [
        {**block, "element": {**block["element"], "field": block["block_id"].removeprefix("field:")}}
        if block["type"] == "input"
        else block
        for block in view["blocks"]
    ]
    return submitted({**view, "blocks": blocks}, values, user=user)


def button(verb: str, value: Json) -> Json:
    return {"action_id": f"casewright:{verb}", "value": json.dumps(value)}
