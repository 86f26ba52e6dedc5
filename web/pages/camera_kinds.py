"""What the records say of cameras and footage, and why the hub refuses something about them."""

from __future__ import annotations

from typing import Final

from web.i18n import mark as _

KINDS: Final = {
    "finding.seen": _("Camera found something"),
    "finding.alarmed": _("Finding belongs to an alarm"),
    "finding.ended": _("Finding is over"),
    "finding.aged": _("Finding too old to be believed"),
    "finding.judged": _("Finding judged by a person"),
    "finding.linked": _("A hazard came of the finding"),
    "stills.asked": _("Camera stills asked for"),
    "stills.kept": _("Camera still kept"),
    "stills.missing": _("Camera had no picture"),
    "stills.dated": _("Retention of stills begins"),
    "stills.erased": _("Stills erased"),
    "camera.zones_drawn": _("Zones and masks drawn"),
    "footage.viewed": _("Footage looked at"),
    "viewing.asked": _("Viewing of footage asked for"),
    "viewing.granted": _("Viewing granted"),
    "viewing.refused": _("Viewing refused"),
    "viewing.lapsed": _("Viewing request lapsed"),
}
SUBJECTS: Final = {
    "finding.": _("Camera findings"),
    "stills.": _("Camera stills"),
    "camera.": _("Cameras"),
    "footage.": _("Looks at footage"),
    "viewing.": _("Viewing requests"),
}
REFUSALS: Final = {
    "viewing_required": _("Say first why you look; it is kept on record."),
    "no_picture": _("The camera shows no picture just now."),
    "newer_version": _("Somebody else has saved other zones meanwhile. Load the page again."),
    "bad_zones": _("The zones cannot be used so."),
    "no_cameras": _("Cameras are off on this hub."),
}
