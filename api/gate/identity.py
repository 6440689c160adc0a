"""Google identity: ID tokens (people, service accounts) and Identity-Aware Proxy's.

Sources: https://developers.google.com/identity/openid-connect/openid-connect and
https://cloud.google.com/iap/docs/signed-headers-howto. Signature, audience, issuer and time are
checked with google-auth; Google's certificates are fetched once an hour, or when a token names
one that is not known. Anybody on Google gets a token for any audience: an ID token opens only
to a caller that is listed, while the proxy has asked its own list before.
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

from api.errors import Forbidden, Unauthenticated, Unverifiable

KEPT_SECONDS, RETRY_SECONDS = 3600.0, 10.0
FETCH_SECONDS = 10
MOST_REMEMBERED = 1024
DOMAIN = "domain:"
SERVICE_ACCOUNTS = ".iam.gserviceaccount.com"  # what comes before is the project


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


@dataclass(frozen=True)
class Listed:
    """Whom ID tokens let in.

    Parameters
    ----------
    callers : tuple of str
        E-mail addresses, and `domain:` with a domain: of a Google Workspace, or of service
        accounts (`PROJECT.iam.gserviceaccount.com`). In lower case.
    """

    callers: tuple[str, ...]

    def check(self, claims: Mapping[str, Any]) -> None:
        """Let the owner of a good token in, or not.

        Raises
        ------
        Forbidden
            If the token's e-mail address is not verified, or not listed.
        """
        email = str(claims.get("email") or "").lower()
        if not email or claims.get("email_verified") is not True:
            raise Forbidden("The token has no verified e-mail address, by which callers are known.")
        if email not in self.callers and DOMAIN + _domain(email, claims) not in self.callers:
            raise Forbidden(f"'{email[:100]}' is not among those who may ask (GOOGLE_CALLERS).")


class Tokens:
    """Checks one issuer's tokens; what was found good is remembered until it ends.

    Parameters
    ----------
    issuer : Issuer
    audience : str
        Whom the tokens have to be for.
    listed : Listed or None
        Whom they let in; None is whomever the issuer does.
    """

    def __init__(self, issuer: Issuer, audience: str, listed: Listed | None) -> None:
        self._issuer, self._audience, self._listed = issuer, audience, listed
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
        Forbidden
            If it is good and its owner is not let in.
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
        if self._listed is not None:
            self._listed.check(claims)
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


def _domain(email: str, claims: Mapping[str, Any]) -> str:
    """Return the domain that answers for an address; an empty text if none does.

    A person's is the Workspace's, `hd`: whoever has an address elsewhere may open an account of
    Google's with it, and keep the account when the address is another's.
    """
    of_address = email.rpartition("@")[2]
    if of_address.endswith(SERVICE_ACCOUNTS):
        return of_address
    return str(claims.get("hd") or "").lower()
