from __future__ import annotations

import base64
import re

from hypothesis import given
from hypothesis import strategies as st

from drivers.camera.credentials import answer

# RFC 2617 3.5 and RFC 7616 3.9.1, with the realms and nonces of their examples.
RFC_2069_STYLE = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'


def field(said: str, name: str) -> str:
    found = re.search(rf'{name}="?([^",]+)', said)
    assert found
    return found[1]


def test_digest_without_qop_is_the_one_that_cameras_speak() -> None:
    said = answer(RFC_2069_STYLE, "Mufasa", "CircleOfLife", "GET", "/dir/index.html")
    assert said is not None
    assert field(said, "response") == "1949323746fe6a43ef61f9606e7febea"  # as curl and others give it


def test_digest_goes_before_basic_and_sha_256_before_md5() -> None:
    offered = (
        'Basic realm="x", Digest realm="x", nonce="n", algorithm=MD5, qop="auth", '
        'Digest realm="x", nonce="n", algorithm=SHA-256, qop="auth,auth-int", opaque="o"'
    )
    said = answer(offered, "u", "p", "DESCRIBE", "rtsp://cam/live")
    assert said is not None
    assert said.startswith("Digest ")
    assert len(field(said, "response")) == 64
    assert (field(said, "qop"), field(said, "opaque"), field(said, "uri")) == ("auth", "o", "rtsp://cam/live")


def test_basic_where_nothing_else_is_offered() -> None:
    said = answer('Basic realm="camera"', "u", "pä", "GET", "/")
    assert said is not None
    assert base64.b64decode(said.removeprefix("Basic ")).decode() == "u:pä"


def test_what_nobody_knows_is_not_answered() -> None:
    assert answer('Bearer realm="x"', "u", "p", "GET", "/") is None
    assert answer('Digest realm="x", nonce="n", algorithm=ROT13', "u", "p", "GET", "/") is None


@given(st.text(max_size=200))
def test_any_challenge_is_answered_or_not(challenge: str) -> None:
    said = answer(challenge, "u", "p", "GET", "/")
    assert said is None or said.startswith(("Digest ", "Basic "))
