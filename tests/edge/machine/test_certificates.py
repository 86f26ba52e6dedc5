"""Until when certificates are good."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from edge.machine.certificates import CertificateError, Wanted, days_left, ends

NOW = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) * 1_000_000


def pem(year: int, month: int = 6, day: int = 1) -> str:
    return pair(datetime(year, month, day, tzinfo=UTC))[0]


def pair(end: datetime) -> tuple[str, str]:
    """(certificate, its key)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hub")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM
    private = key.private_bytes(form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(form).decode(), private.decode()


@pytest.mark.parametrize(("year", "days"), [(2027, 365.0), (2026, 0.0), (2025, -365.0), (2056, 10958.0)])
def test_days_left_also_below_zero_and_beyond_2050(tmp_path: Path, year: int, days: float) -> None:
    (tmp_path / "crt").write_text(pem(year))
    assert days_left([Wanted("panel", file=tmp_path / "crt")], NOW) == {"panel": days}


def test_of_a_chain_the_first_end_counts_and_of_several_brokers_too(tmp_path: Path) -> None:
    (tmp_path / "chain").write_text(f"Some words\n{pem(2030)}\n{pem(2026, 6, 11)}")
    (tmp_path / "other").write_text(pem(2040))
    wanted = [Wanted("ca", file=tmp_path / "other"), Wanted("ca", file=tmp_path / "chain")]
    assert days_left(wanted, NOW) == {"ca": 10.0}


@pytest.mark.parametrize(
    "text", [b"", b"\xff\x00", b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----"]
)
def test_what_is_no_certificate_is_left_out_and_says_why(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "crt").write_bytes(text)
    wanted = Wanted("panel", file=tmp_path / "crt")
    assert days_left([wanted, Wanted("ca", file=tmp_path / "none")], NOW) == {}
    with pytest.raises(CertificateError):
        ends(wanted)


def test_a_line_that_is_missing_never_stops_the_look(tmp_path: Path) -> None:
    body = pem(2030).splitlines()
    for cut in range(1, len(body) - 1):
        (tmp_path / "crt").write_text("\n".join([*body[:cut], *body[cut + 1 :]]))
        assert days_left([Wanted("panel", file=tmp_path / "crt")], NOW).keys() <= {"panel"}


def test_a_server_that_is_not_there(unused_tcp_port: int) -> None:
    with pytest.raises(CertificateError):
        ends(Wanted("broker", server=("127.0.0.1", unused_tcp_port)))


@pytest.mark.parametrize("year", [2021, 2040])
async def test_what_a_server_shows_is_read_also_when_it_has_expired(tmp_path: Path, year: int) -> None:
    for name, text in zip(("crt", "key"), pair(datetime(year, 6, 1, tzinfo=UTC)), strict=True):
        (tmp_path / name).write_text(text)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "crt", tmp_path / "key")
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        wanted = Wanted("broker", server=server.sockets[0].getsockname())
        end = await asyncio.to_thread(ends, wanted)
    assert datetime.fromtimestamp(end / 1e6, UTC).year == year
