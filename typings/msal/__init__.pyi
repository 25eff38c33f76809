# msal 1.39 is typed here and there; this is what we call of it.
from typing import Any

class ConfidentialClientApplication:
    # Finds the authority's endpoints; raises what the client raises, ValueError, KeyError, MsalServiceError.
    def __init__(
        self, client_id: str, *, client_credential: str, authority: str, http_client: object, instance_discovery: bool
    ) -> None: ...
    def acquire_token_for_client(self, scopes: list[str]) -> dict[str, Any] | None: ...
