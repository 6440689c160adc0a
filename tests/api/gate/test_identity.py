"""Google's tokens, signed by a stand-in for Google whose certificates are fetched over HTTP."""

import datetime
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from google.auth import crypt, jwt

from api.errors import Forbidden, Unauthenticated, Unverifiable
from api.gate import callers
from api.gate.identity import GOOGLE, IAP, Issuer, Listed, Tokens
from cloud import storage_client
from tests.api.conftest import V1
from tests.api.doors.asking import ALL, ask
from tests.api.doors.test_doors import words_of
from tests.api.publishing import TYPICAL, publish, version_files
from tests.api.serving import serving, wait_for

AUDIENCE = "https://api.example"
LISTED = ("ana@example.com", "domain:shop.example", "domain:shop-7.iam.gserviceaccount.com")
PEM, PLAIN = serialization.Encoding.PEM, serialization.NoEncryption()


def private(key):
    return key.private_bytes(PEM, serialization.PrivateFormat.TraditionalOpenSSL, PLAIN)


def certificate(key):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "google")])
    now = datetime.datetime.now(datetime.UTC)
    later = now + datetime.timedelta(days=1)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, later)
    return made.sign(key, hashes.SHA256()).public_bytes(PEM).decode()


@pytest.fixture(scope="module")
def google():
    """Sign tokens, and serve the certificates that prove it."""
    key, elliptic = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())
    public = elliptic.public_key().public_bytes(
        PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    pages = {
        "/certs": {"k1": certificate(key)},
        "/iap": {"k2": public.decode()},
        "/none": {},
    }
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            body = json.dumps(pages[self.path]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    signers = {
        "google": crypt.RSASigner.from_string(private(key), "k1"),
        "iap": crypt.ES256Signer.from_string(private(elliptic), "k2"),
    }
    yield address, signers, asked
    server.shutdown()
    server.server_close()


def claims(**changes):
    now = int(time.time())
    return {
        "iss": "https://accounts.google.com",
        "aud": AUDIENCE,
        "email": "ana@example.com",
        "email_verified": True,
        "iat": now - 5,
        "exp": now + 600,
    } | changes


def test_a_good_token_names_its_owner_and_is_checked_once(google):
    address, signers, asked = google
    tokens = Tokens(Issuer(GOOGLE.names, f"{address}/certs"), AUDIENCE, None)
    token = jwt.encode(signers["google"], claims())
    before = len(asked)

    assert tokens.remembered(token) is None
    assert tokens.check(token) == "ana@example.com"
    assert tokens.remembered(token) == "ana@example.com"
    tokens.check(jwt.encode(signers["google"], claims(email="bia@example.com")))
    assert len(asked) == before + 1


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.example"},
        {"iss": "https://evil.example"},
        {"exp": int(time.time()) - 60, "iat": int(time.time()) - 600},
        {"iat": int(time.time()) + 600},
        {"email": None, "sub": None},
    ],
    ids=["audience", "issuer", "over", "not yet", "nobody"],
)
def test_a_token_that_is_not_good_is_refused(google, changes):
    address, signers, _ = google
    tokens = Tokens(Issuer(GOOGLE.names, f"{address}/certs"), AUDIENCE, None)

    with pytest.raises(Unauthenticated, match="The token is not good"):
        tokens.check(jwt.encode(signers["google"], claims(**changes)))


def test_a_stranger_s_signature_no_token_and_no_algorithm_are_refused(google):
    address, signers, _ = google
    tokens = Tokens(Issuer(GOOGLE.names, f"{address}/certs"), AUDIENCE, None)
    stranger = private(rsa.generate_private_key(65537, 2048))
    forged = jwt.encode(crypt.RSASigner.from_string(stranger, "k1"), claims())
    good = jwt.encode(signers["google"], claims())
    unsigned = b"eyJhbGciOiJub25lIiwia2lkIjoiazEifQ." + good.split(b".")[1] + b"."

    for token in (forged, b"", b"a.b.c", b"\xff" * 100, unsigned, good[:-10]):
        with pytest.raises(Unauthenticated):
            tokens.check(token)


def test_without_certificates_nothing_can_be_checked(google):
    address, signers, _ = google
    token = jwt.encode(signers["google"], claims())

    for page in ("/none", "/nowhere"):
        with pytest.raises(Unverifiable):
            Tokens(Issuer(GOOGLE.names, f"{address}{page}"), AUDIENCE, None).check(token)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"email": "Ana@Example.com"},
        {"email": "bia@shop.example", "hd": "shop.example"},
        {"email": "bia@other.example", "hd": "Shop.Example"},
        {"email": "robot@shop-7.iam.gserviceaccount.com"},
    ],
    ids=["address", "in capitals", "domain", "its other domain", "service account"],
)
def test_whoever_is_listed_is_let_in(google, changes):
    address, signers, _ = google
    tokens = Tokens(Issuer(GOOGLE.names, f"{address}/certs"), AUDIENCE, Listed(LISTED))
    token = jwt.encode(signers["google"], claims(**changes))

    assert tokens.check(token) == tokens.remembered(token) == claims(**changes)["email"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": "eve@evil.example"}, "'eve@evil.example' is not among those"),
        ({"email": "eve@shop.example"}, "is not among those who may ask"),
        ({"email": "eve@shop.example", "hd": "evil.example"}, "is not among those"),
        ({"email": "robot@shop-8.iam.gserviceaccount.com"}, "is not among those"),
        ({"email": "x@domain:shop.example"}, "is not among those"),
        ({"email_verified": False}, "no verified e-mail address"),
        ({"email_verified": None}, "no verified e-mail address"),
        ({"email": None, "sub": "117", "hd": "shop.example"}, "no verified e-mail address"),
    ],
    ids=[
        "stranger",
        "account opened with an address of the domain",
        "another domain's account",
        "another project's",
        "strange address",
        "unverified",
        "not said to be verified",
        "no address",
    ],
)
def test_a_good_token_of_who_is_not_listed_is_refused(google, changes, words):
    address, signers, _ = google
    tokens = Tokens(Issuer(GOOGLE.names, f"{address}/certs"), AUDIENCE, Listed(LISTED))
    token = jwt.encode(signers["google"], claims(**changes))

    with pytest.raises(Forbidden, match=words):
        tokens.check(token)
    assert tokens.remembered(token) is None


@pytest.fixture(scope="module")
def for_listed(google, make_settings, key):
    """A client of an API that takes the tokens of who is listed."""
    address, _, _ = google
    settings = make_settings(google_audience=AUDIENCE, google_callers=LISTED, default_model="price")
    bucket = storage_client(settings.cloud).bucket(settings.cloud.bucket)
    publish(bucket, "price", V1, version_files("price", V1, key))
    given = (Issuer(GOOGLE.names, f"{address}/certs"), IAP)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(callers.Callers.__init__, "__defaults__", given)
        with serving(settings) as client:
            wait_for(client, price=V1)
            yield client


@pytest.mark.parametrize("way", ALL)
def test_a_stranger_with_a_good_token_is_a_403_at_every_door(google, for_listed, way):
    _, signers, _ = google

    def asked_by(email):
        token = jwt.encode(signers["google"], claims(email=email)).decode()
        for_listed.headers["Authorization"] = f"Bearer {token}"
        return ask(for_listed, way, [TYPICAL])

    refused = asked_by("eve@evil.example")

    assert refused.status_code == 403
    assert "'eve@evil.example' is not among those who may ask" in words_of(way, refused)
    if way.startswith("mlflow"):
        assert refused.json()["error_code"] == "PERMISSION_DENIED"
    assert asked_by("ana@example.com").status_code == 200


def test_requests_are_let_in_by_token_and_by_what_the_proxy_adds(
    google, make_settings, monkeypatch
):
    address, signers, _ = google
    given = (Issuer(GOOGLE.names, f"{address}/certs"), Issuer(IAP.names, f"{address}/iap"))
    monkeypatch.setattr(callers.Callers.__init__, "__defaults__", given)
    settings = make_settings(
        google_audience=AUDIENCE, google_callers=LISTED, iap_audience="/projects/1/x"
    )
    token = jwt.encode(signers["google"], claims()).decode()
    added = claims(iss="https://cloud.google.com/iap", aud="/projects/1/x")
    assertion = jwt.encode(signers["iap"], added).decode()
    with serving(settings) as client:

        def status(**headers):
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return client.get("/models", headers=named).status_code

        assert status(Authorization=f"Bearer {token}") == 200
        assert status(X_Goog_IAP_JWT_Assertion=assertion) == 200
        assert status(Authorization=f"Bearer {assertion}") == 401
        assert status(X_Goog_IAP_JWT_Assertion=token) == 401
        assert status(Authorization="Basic YTpi") == 401
        assert status() == 401
