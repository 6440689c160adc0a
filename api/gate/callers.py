"""Who asks: by API key or Google identity, or whoever is on this machine."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping
from functools import lru_cache

from api.errors import Closed, Unauthenticated
from api.gate.connection import Host
from api.gate.identity import GOOGLE, IAP, Issuer, Listed, Tokens
from api.gate.keys import Keys
from api.settings import Settings

KEY, BEARER, ASSERTION = b"x-api-key", b"authorization", b"x-goog-iap-jwt-assertion"
LOCAL, PLATFORM = "local", "platform"
HOW = "Send an API key as X-API-Key, or a Google ID token as Authorization: Bearer."


class Callers:
    """Finds out who asks.

    Parameters
    ----------
    settings : Settings
        Which ways are open. None are: then only this machine is answered, or what Vertex AI
        lets through, which has asked already.
    google, iap : Issuer
        Who signs tokens.

    Raises
    ------
    SettingsError
        If the keys cannot be read.
    """

    def __init__(self, settings: Settings, google: Issuer = GOOGLE, iap: Issuer = IAP) -> None:
        self._keys = Keys(settings.api_keys_file) if settings.api_keys_file else None
        self._tokens: dict[bytes, Tokens] = {}
        if settings.google_audience:
            listed = Listed(settings.google_callers)
            self._tokens[BEARER] = Tokens(google, settings.google_audience, listed)
        if settings.iap_audience:
            self._tokens[ASSERTION] = Tokens(iap, settings.iap_audience, None)
        self._is_open = self._keys is None and not self._tokens
        self._on_platform = settings.on_vertex

    def known(self, server: Host, headers: Mapping[bytes, bytes]) -> str | None:
        """Return who asks; None if `check` has to look at a token first.

        Raises
        ------
        Unauthenticated
            If nobody that is known does.
        Closed
            If nobody can be known, and this is not this machine alone.
        """
        if self._keys is not None and (key := headers.get(KEY)):
            owner = self._keys.owner(key)
            if owner is not None:
                return owner
            raise Unauthenticated(f"The API key is not known, or its time is over. {HOW}")
        if self._is_open:
            return self._unasked(server)
        for header, tokens in self._tokens.items():
            if token := _token(header, headers):
                return tokens.remembered(token)
        raise Unauthenticated(f"Nobody is named. {HOW}")

    async def check(self, headers: Mapping[bytes, bytes]) -> str:
        """Return whose token a request has; may ask Google for certificates.

        Raises
        ------
        Unauthenticated
            If it is not good.
        Forbidden
            If its owner is not let in.
        Unverifiable
            If Google's certificates cannot be had now.
        """
        header, token = next(
            (header, token) for header in self._tokens if (token := _token(header, headers))
        )
        return await asyncio.to_thread(self._tokens[header].check, token)

    def _unasked(self, server: Host) -> str:
        if self._on_platform:
            return PLATFORM
        if is_loopback(server):
            return LOCAL
        raise Closed(
            "No authentication is set up, so only this machine is answered. Set API_KEYS_FILE, "
            "GOOGLE_AUDIENCE or IAP_AUDIENCE."
        )


def is_loopback(server: Host) -> bool:
    """Tell whether a request came to an address that only this machine has."""
    if server is None or server[1] is None:  # a Unix socket
        return True
    return _is_loopback(server[0])


@lru_cache(maxsize=64)
def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _token(header: bytes, headers: Mapping[bytes, bytes]) -> bytes | None:
    value = headers.get(header)
    if value is None or header != BEARER:
        return value
    scheme, _, token = value.partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else None
