"""Which certificates the hub keeps an eye on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edge.dialects import schemas
from edge.domain.site import Site
from edge.machine.certificates import Wanted
from edge.machine.making import certificates_of
from edge.settings import install_template, load_site

CA = Path("/etc/ssl/edge-hub/ca.crt")
Sites = Callable[[str], Site]


@pytest.fixture
def site_with(tmp_path: Path) -> Sites:
    """The template's site, its broker as `local.toml` says."""

    def load(words: str) -> Site:
        install_template(tmp_path)
        (tmp_path / "local.toml").write_text(words, "utf-8")
        return load_site(tmp_path, schemas())

    return load


@pytest.mark.parametrize("host", ["127.0.0.1", "broker"])
def test_a_broker_here_shows_the_field_a_certificate_though_the_hub_comes_in_clear(
    site_with: Sites, host: str
) -> None:
    site = site_with(f'[mqtt.broker]\nhost = "{host}"\n')
    assert certificates_of(site, Path("crt"), CA) == [
        Wanted("panel", file=Path("crt")),
        Wanted("broker", server=(host, 8883)),
        Wanted("ca", file=CA),
    ]


def test_a_broker_elsewhere_in_clear_shows_none(site_with: Sites) -> None:
    site = site_with('[mqtt.broker]\nhost = "192.0.2.7"\n')
    assert certificates_of(site, None, CA) == [Wanted("ca", file=CA)]
    assert certificates_of(site, None) == []
