"""Where each licence is told in full, and what it is called in short."""

from __future__ import annotations

from django.utils.translation import gettext as _

from motifs.models import Contribution

_COMMONS = "https://creativecommons.org"
_Licence = Contribution.Licence
_KNOWN: dict[str, tuple[str, str]] = {
    _Licence.CC_BY_SA: ("CC BY-SA 4.0", f"{_COMMONS}/licenses/by-sa/4.0/"),
    _Licence.CC_BY: ("CC BY 4.0", f"{_COMMONS}/licenses/by/4.0/"),
    _Licence.CC0: ("CC0 1.0", f"{_COMMONS}/publicdomain/zero/1.0/"),
}


def licence_url(licence: str) -> str:
    """Return the address of the licence's text; empty where all rights are reserved."""
    return _KNOWN.get(licence, ("", ""))[1]


def short_name(licence: str) -> str:
    """Return the licence's short name, for whoever reads and not for whoever gives."""
    return _KNOWN[licence][0] if licence in _KNOWN else _("All rights reserved")
