"""How the tenants are put together."""

from __future__ import annotations

from pathlib import Path

from edge.dialects import schemas
from edge.ingest.binding import Directory
from edge.settings import install_template, load_site
from edge.tenants import watched


def test_a_camera_is_watched_for_what_the_sites_rules_look_at(tmp_path: Path) -> None:
    install_template(tmp_path)
    site = load_site(tmp_path, schemas())
    look = watched(site, Directory(list(site.devices.values()), site.profiles))
    points = {spec.id for spec in site.profiles["generic-ip-camera"].points}
    seen = {point for point in points if look(f"cm-01.{point}")}
    assert seen >= {
        "flame",
        "smoke",
        "left-object",
        "removed-object",
        "changed",
        "covered",
        "moved",
        "lost",
        "frozen",
    }
    assert not seen & {
        "motion",
        "fps",
        "learning",
        "finding",
        "person",
        "car",
    }  # who passes by is no alarm by itself
