"""The site's folder: TOML read into strict models, every problem with file, line, key and the nearest right word."""

from edge.settings.problems import Problem, SettingsError
from edge.settings.profiles import load_profile
from edge.settings.site import check_site, load_site, review_site
from edge.settings.template import install_template, write_overrides

__all__ = [
    "Problem",
    "SettingsError",
    "check_site",
    "install_template",
    "load_profile",
    "load_site",
    "review_site",
    "write_overrides",
]
