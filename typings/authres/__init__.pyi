from collections.abc import Sequence

class AuthResError(Exception): ...

class AuthenticationResultProperty:
    type: str
    name: str
    value: str | None

class AuthenticationResult:
    method: str
    result: str
    properties: Sequence[AuthenticationResultProperty]

class AuthenticationResultsHeader:
    authserv_id: str
    # Without a result it holds one object that has none of the three.
    results: Sequence[object]
    @classmethod
    def parse_value(cls, string: str) -> AuthenticationResultsHeader: ...
