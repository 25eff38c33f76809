"""Whether the domain in From stands for a mail, as our own mail server found (RFC 8601)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Any

from authres import AuthenticationResultsHeader, AuthResError

from adapters.mail.reading.headers import Headers
from adapters.mail.reading.mail import Address, Standing, Verdict

_NAME = "authentication-results"
_AUTH_AS = "x-ms-exchange-organization-authas"
_LENGTH = 8_000
_RECEIVED_LENGTH = 1_000
_COMMENT_DEPTH = 3
# Microsoft 365 writes the field without saying who it is; whoever trusts it configures this name.
_NAMELESS = "protection.outlook.com"
# Its servers carry a mail between themselves under these names, too.
_MICROSOFT = frozenset({"outlook.com", "office365.com", "exchangelabs.com"})
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gob", "gov", "net", "ne", "nom", "or", "org"})
_METHODS = ("dkim", "spf")
_LOCAL = frozenset({"corp", "home", "internal", "intern", "intranet", "lan", "local", "localdomain", "private"})
_COMMENT = re.compile(r"\([^()]*\)")
_BY = re.compile(r"(?:^|\s)by\s+([^\s;]{1,255})", re.IGNORECASE)


def standing_of(headers: Headers, authserv_id: str | None, own_addresses: frozenset[str]) -> Standing:
    if not headers.sender_is_certain or headers.sender is None:
        return Standing(verdict=Verdict.NONE, why="From names no single valid address, so no domain stands for it.")
    if authserv_id is None:
        return Standing(verdict=Verdict.NONE, why="No server is configured whose Authentication-Results are believed.")
    values = list(_believed(headers, authserv_id.casefold()))
    domains = {each.rpartition("@")[2] for each in own_addresses}
    internal = (
        authserv_id.casefold() == _NAMELESS and headers.sender.domain in domains and _is_internal_to_microsoft(headers)
    )
    if not values and not internal:
        return Standing(
            verdict=Verdict.NONE, why=f"{authserv_id} left no Authentication-Results where only it could have."
        )
    results = [result for value in values for result in _results(value)]
    return _judged(headers.sender, results, internal=internal)


def _is_internal_to_microsoft(headers: Headers) -> bool:
    """Whether Exchange says that somebody of the mailbox's own organisation signed in to send it.

    Its header firewall takes these fields off mails that come from outside (Microsoft, "Header firewall": organisation
    X-headers). Mail inside of one tenant is not signed, and SPF says nothing of it.
    """
    said = [value.strip().casefold() for name, value in headers.fields if name == _AUTH_AS]
    return bool(said) and set(said) == {"internal"}


def _believed(headers: Headers, authserv_id: str) -> Iterator[str]:
    """Of the fields in the server's name, those that it surely wrote itself.

    A server puts its fields above those that come with the mail. So all are believed that stand above the first
    Received; else only the topmost, and only if the Received fields above it are of that server's own organisation.
    That leaves one forgery, which nobody can tell from where a field stands: in a mail that the server let pass
    without removing fields in its name (as RFC 8601, 5 demands) and without adding one. Such a server must not be
    configured.
    """
    received = 0
    ours = {_organisation(authserv_id)}
    first = True
    for name, value in headers.fields:
        if name == "received":
            host = _receiver(value)
            # The last server of all is the mailbox's own, whatever it is called.
            ours |= {_organisation(host)} if received == 0 else set()
            if not _is_local(host) and _organisation(host) not in ours:
                return
            received += 1
        elif name == _NAME and authserv_id_of(value) == authserv_id:
            if first or not received:
                yield value
            first = False


def _receiver(received: str) -> str:
    """The host that wrote a Received field; empty when it names none, as for a hand-over inside of a machine."""
    bare = received[:_RECEIVED_LENGTH]
    for _ in range(_COMMENT_DEPTH):
        bare = _COMMENT.sub(" ", bare)
    match = _BY.search(bare.split(";")[0])
    return match[1].strip("[].").casefold() if match else ""


def _is_local(host: str) -> bool:
    """Whether it is a name or address that only a network of one's own knows; Google's inner hosts write IPv6."""
    try:
        return ":" in host or ip_address(host).is_private
    except ValueError:
        return "." not in host or host.rpartition(".")[2] in _LOCAL


def _organisation(host: str) -> str:
    labels = host.split(".")
    domain = ".".join(labels[-3 if _is_public_suffix(".".join(labels[-2:])) else -2 :])
    return "outlook.com" if domain in _MICROSOFT else domain


def authserv_id_of(value: str) -> str:
    """The name under which a server wrote an Authentication-Results field, in lower case."""
    first = re.sub(r"\([^()]{0,200}\)", " ", value[:500]).split(";")[0].strip()
    if "=" in first:
        return _NAMELESS
    return first.split(" ")[0].strip('"').casefold()


def _results(value: str) -> list[Any]:
    value = value.rstrip("; \t\r\n")  # Microsoft ends with one, where authres expects another result
    named = f"{_NAMELESS}; {value}" if "=" in value.split(";", 1)[0] else value
    try:
        return list(AuthenticationResultsHeader.parse_value(named[:_LENGTH]).results)
    except (AuthResError, RecursionError, ValueError, IndexError, TypeError):
        return []


def _judged(sender: Address, results: Sequence[Any], *, internal: bool) -> Standing:
    domain = sender.domain
    dmarc = [result for result in results if _method(result) == "dmarc"]
    if any(_outcome(result) == "fail" for result in dmarc):
        return Standing(verdict=Verdict.FAILED, why=f"DMARC failed for {domain}.")
    if any(_outcome(result) == "pass" and _names(result, domain) for result in dmarc):
        return Standing(verdict=Verdict.PASSED, why=f"DMARC passed for {domain}.")
    if why := _why_signed_in(sender, results, internal=internal):
        return Standing(verdict=Verdict.PASSED, why=why)
    signed = [result for result in results if _method(result) in _METHODS]
    for result in signed:
        signer = _signer(result)
        if _outcome(result) == "pass" and signer is not None and aligned(signer, domain):
            why = f"{_method(result).upper()} passed for {signer}, which is aligned with {domain}."
            return Standing(verdict=Verdict.PASSED, why=why)
    failed = sorted({_method(result).upper() for result in signed if _outcome(result) in {"fail", "softfail"}})
    if failed:
        return Standing(verdict=Verdict.FAILED, why=f"{' and '.join(failed)} failed, and nothing passed for {domain}.")
    return Standing(verdict=Verdict.NONE, why=f"Nothing was found that passed for {domain}.")


def _why_signed_in(sender: Address, results: Sequence[Any], *, internal: bool) -> str | None:
    """RFC 8601, 2.7.4: `smtp.auth` is who signed in; the domain alone does not do, for others sign in there, too."""
    for result in results:
        names = [str(each.value or "") for each in _properties(result) if (each.type, each.name) == ("smtp", "auth")]
        named = [name.casefold() for name in names]
        if _method(result) == "auth" and _outcome(result) == "pass" and named == [sender.address]:
            return f"{sender.address} signed in to send it."
    return f"Exchange says that somebody of {sender.domain} signed in to send it." if internal else None


def _method(result: Any) -> str:
    return str(getattr(result, "method", "") or "").lower()


def _outcome(result: Any) -> str:
    return str(getattr(result, "result", "") or "").lower()


def _names(result: Any, domain: str) -> bool:
    """DMARC is about the domain in From; a result about another one isn't about this mail."""
    named = [str(each.value or "") for each in _properties(result) if (each.type, each.name) == ("header", "from")]
    return all(name.rpartition("@")[2].casefold() == domain for name in named)


def _signer(result: Any) -> str | None:
    """The domain whose word it is: of DKIM the signing one, and the signer's identity's where no other is told."""
    found = {(each.type, each.name): str(each.value) for each in _properties(result) if each.value}
    names = [("header", "d"), ("header", "i")] if _method(result) == "dkim" else [("smtp", "mailfrom")]
    told = next((found[name] for name in names if name in found), None)
    return None if told is None else told.rpartition("@")[2].casefold().rstrip(".")


def _properties(result: Any) -> list[Any]:
    return list(getattr(result, "properties", None) or [])


def aligned(signer: str, domain: str) -> bool:
    """Relaxed alignment (RFC 7489, 3.1), as far as it can be told without the list of public suffixes."""
    if signer == domain:
        return True
    short, long = sorted((signer, domain), key=len)
    return long.endswith(f".{short}") and not _is_public_suffix(short)


def _is_public_suffix(domain: str) -> bool:
    labels = domain.split(".")
    return len(labels) < 2 or (len(labels) == 2 and len(labels[1]) == 2 and labels[0] in _SECOND_LEVEL)  # noqa: PLR2004
