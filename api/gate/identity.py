"""Google identity: ID tokens (Cloud Run, service accounts) and Identity-Aware Proxy's.

Sources: https://cloud.google.com/run/docs/authenticating/service-to-service and
https://cloud.google.com/iap/docs/signed-headers-howto. Signature, audience, issuer and time are
checked with google-auth; Google's certificates are fetched once an hour, or when a token names
one that is not known.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from google.auth import jwt
from google.auth.exceptions import GoogleAuthError

from api.errors import Unauthenticated, Unverifiable

KEPT_SECONDS, RETRY_SECONDS = 3600.0, 10.0
FETCH_SECONDS = 10
MOST_REMEMBERED = 1024


@dataclass(frozen=True)
class Issuer:
    """Who signs tokens, and where its certificates are."""

    names: tuple[str, ...]
    certificates: str


GOOGLE = Issuer(
    ("https://accounts.google.com", "accounts.google.com"),
    "https://www.googleapis.com/oauth2/v1/certs",
)
IAP = Issuer(
    ("https://cloud.google.com/iap",),
    "https://www.gstatic.com/iap/verify/public_key",
)


class Tokens:
    """Checks one issuer's tokens; what was found good is remembered until it ends.

    Parameters
    ----------
    issuer : Issuer
    audience : str
        Whom the tokens have to be for.
    """

    def __init__(self, issuer: Issuer, audience: str) -> None:
        self._issuer, self._audience = issuer, audience
        self._certificates: Mapping[str, str] = {}
        self._fetched = self._tried = float("-inf")
        self._known: OrderedDict[bytes, tuple[str, float]] = OrderedDict()
        self._lock = threading.Lock()

    def remembered(self, token: bytes) -> str | None:
        """Return whose token this is if it was checked before; costs next to nothing."""
        found = self._known.get(hashlib.sha256(token).digest())
        return found[0] if found is not None and time.time() < found[1] else None

    def check(self, token: bytes) -> str:
        """Return whose token this is; may ask Google for certificates.

        Raises
        ------
        Unauthenticated
            If it is not good.
        Unverifiable
            If Google's certificates cannot be had now.
        """
        try:
            header = jwt.decode_header(token)
            certificates = self._certificates_with(str(header.get("kid", "")))
            claims: dict[str, Any] = jwt.decode(
                token, certs=certificates, audience=self._audience, clock_skew_in_seconds=10
            )
        except (GoogleAuthError, ValueError, KeyError, TypeError) as error:
            raise Unauthenticated(f"The token is not good: {str(error)[:200]}") from None
        if claims.get("iss") not in self._issuer.names:
            raise Unauthenticated("The token is not good: another issuer.")
        owner = str(claims.get("email") or claims.get("sub") or "")
        if not owner:
            raise Unauthenticated("The token is not good: it names nobody.")
        with self._lock:
            self._known[hashlib.sha256(token).digest()] = (owner, float(claims["exp"]))
            while len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)
        return owner

    def _certificates_with(self, name: str) -> Mapping[str, str]:
        with self._lock:
            now = time.monotonic()
            old = now - self._fetched > KEPT_SECONDS
            if (old or name not in self._certificates) and now - self._tried > RETRY_SECONDS:
                self._tried = now
                self._fetch()
            if not self._certificates:
                raise Unverifiable("Google's certificates cannot be had now; try again.")
            return self._certificates

    def _fetch(self) -> None:
        try:
            answer = requests.get(self._issuer.certificates, timeout=FETCH_SECONDS)
            answer.raise_for_status()
            found = json.loads(answer.content)
        except (requests.RequestException, ValueError):
            return
        if isinstance(found, dict) and found:
            self._certificates, self._fetched = found, time.monotonic()
