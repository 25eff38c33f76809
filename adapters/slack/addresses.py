"""How a place in Slack is named as a conversation, and the way back.

`C1:1700000000.000100` is a thread by its first message; `D1:s1700000000.000100` a stretch of a direct message, which
has no thread; `C1:desk:U1` what a representative types outside any conversation.
"""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from store.model import Json

_SESSION = "s"
_DESK = "desk:"


def thread(channel: str, ts: str) -> str:
    return f"{channel}:{ts}"


def session(channel: str, ts: str) -> str:
    return f"{channel}:{_SESSION}{ts}"


def desk(channel: str, user: str) -> str:
    return f"{channel}:{_DESK}{user}"


def message(channel: str, ts: str) -> str:
    """A message's external id."""
    return f"{channel}:{ts}"


def channel_of(key: str) -> str:
    return key.partition(":")[0]


def root_of(key: str) -> str | None:
    """The ts of the message whose thread it is; None where it is none."""
    rest = key.partition(":")[2]
    return None if rest.startswith((_SESSION, _DESK)) else rest


def reply_address(key: str, enterprise_id: str | None = None) -> Json:
    """`enterprise` leads to the installation where the whole of an Enterprise Grid has one."""
    return {"channel": channel_of(key), "thread_ts": root_of(key), "enterprise": enterprise_id}


def link(account: str, key: str) -> str:
    """Opens a conversation in Slack's own clients."""
    where = {"team": account, "channel": channel_of(key), "message_ts": root_of(key)}
    return f"https://slack.com/app_redirect?{urlencode({name: at for name, at in where.items() if at})}"


def is_direct(channel: str) -> bool:
    return channel.startswith("D")


def moment(ts: str) -> datetime:
    """The time that a message's ts says. Raises ValueError."""
    return datetime.fromtimestamp(float(ts), UTC)


def earlier(ts: str, seconds: float) -> str:
    """The ts so many seconds before, or after where negative."""
    return f"{max(float(ts) - seconds, 0):017.6f}"
