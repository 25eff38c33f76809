"""The web chat channel and the page at `/`; see `channel.WebChat`."""

from adapters.webchat.channel import WebChat
from adapters.webchat.demo import REPRESENTATIVE, CommandHint

__all__ = ["REPRESENTATIVE", "CommandHint", "WebChat"]
