"""How the role that owns the tables is reached."""

from __future__ import annotations

from django.conf import settings


def owner_address() -> dict[str, str]:
    """The owner's arguments for psycopg, as the settings have them."""
    known = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password", "NAME": "dbname"}
    found = settings.DATABASES["owner"]
    address = {name: str(found[setting]) for setting, name in known.items() if found.get(setting)}
    return address | {name: str(value) for name, value in found.get("OPTIONS", {}).items() if name.startswith("ssl")}
