from collections.abc import Mapping

class ClaimsIdentity:
    def __init__(self, claims: Mapping[str, str], is_authenticated: bool) -> None: ...

class ConnectorFactory: ...

class AuthenticateRequestResult:
    claims_identity: ClaimsIdentity
    connector_factory: ConnectorFactory

class BotFrameworkAuthentication: ...
