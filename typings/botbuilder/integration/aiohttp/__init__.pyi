from collections.abc import Awaitable, Callable
from typing import Any

from botbuilder.core import TurnContext
from botbuilder.schema import Activity
from botframework.connector.auth import AuthenticateRequestResult, BotFrameworkAuthentication

class CloudAdapter:
    def __init__(self, bot_framework_authentication: BotFrameworkAuthentication | None = None) -> None: ...
    async def process_activity(
        self,
        auth_header_or_authenticate_request_result: AuthenticateRequestResult,
        activity: Activity,
        logic: Callable[[TurnContext], Awaitable[None]],
    ) -> Any: ...

class ConfigurationBotFrameworkAuthentication(BotFrameworkAuthentication):
    def __init__(self, configuration: Any) -> None: ...
