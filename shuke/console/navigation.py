"""The console's navigation: what stands in it, in which order, and which right each entry needs."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: the name of its page in urls, the right it needs ("" = none), and under which path it is current."""

    page: str
    label: str | Promise
    icon: str
    right: str = ""

    @property
    def path(self) -> str:
        """Where it leads; "" while no page of that name exists."""
        try:
            return reverse(f"console:{self.page}")
        except NoReverseMatch:
            return ""


ENTRIES = (
    Entry("home", _("Home"), icon="home"),
    Entry("members", _("Customers"), icon="users", right="members.view"),
    Entry("imports", _("Imports"), icon="file-import", right="imports.run"),
    Entry("points", _("Points"), icon="coins", right="points.view"),
    Entry("redeem", _("Paying with points"), icon="receipt-yuan", right="points.redeem"),
    Entry("levels", _("Levels"), icon="crown", right="points.view"),
    Entry("shops", _("Shops"), icon="building-store", right="shops.edit"),
    Entry("notice", _("Shop notice"), icon="speakerphone", right="shops.edit"),
    Entry("staff", _("Staff"), icon="id-badge-2", right="staff.edit"),
    Entry("webhooks", _("Webhooks"), icon="webhook", right="webhooks.edit"),
    Entry("keys", _("API keys"), icon="key", right="keys.edit"),
    Entry("audit", _("Audit log"), icon="history", right="audit.view"),
    Entry("settings", _("Settings"), icon="settings", right="settings.edit"),
)


def entries(rights: frozenset[str], path: str) -> list[tuple[Entry, bool]]:
    """The lines a person with these rights sees, each with whether it is current."""
    seen = [entry for entry in ENTRIES if entry.path and (not entry.right or entry.right in rights)]
    home = reverse("console:home")
    return [(entry, path == home if entry.path == home else path.startswith(entry.path)) for entry in seen]
