# msal 1.39 is typed here and there; this is what we call of it.
from typing import Any

class ConfidentialClientApplication:
    # Finds the authority's endpoints; raises what the client raises, ValueError, KeyError, MsalServiceError.
    def __init__(
        self,
        client_id: str,
        *,
        client_credential: object,
        authority: str,
        instance_discovery: bool,
        http_client: object,
    ) -> None: ...
    def acquire_token_for_client(self, scopes: list[str]) -> dict[str, Any] | None: ...
