"""Every address of Shuke, taken from the resolver, and what a stranger could put into it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

from shuke.core import sql
from shuke.core.tenancy import tenant

_PLACE = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")


@dataclass(frozen=True)
class Door:
    """One address: its route with places such as `<int:member_id>`, and its name."""

    route: str
    name: str

    @property
    def places(self) -> list[tuple[str, str]]:
        """(converter, name) of everything a visitor fills in."""
        return [(match["kind"] or "str", match["name"]) for match in _PLACE.finditer(self.route)]

    def path(self, values: dict[str, str]) -> str:
        """The address with values at its places."""
        return "/" + _PLACE.sub(lambda match: values[match["name"]], self.route)


def doors() -> list[Door]:
    """All addresses, static files excepted."""
    return sorted(_walk(get_resolver(), "", ""), key=lambda door: door.route)


def _walk(resolver: URLResolver, before: str, space: str) -> Iterator[Door]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, route, pattern.namespace or space)
        elif isinstance(pattern, URLPattern):
            yield Door(route.replace("^", "").replace("$", ""), f"{space}:{pattern.name}")


def tenant_tables() -> list[str]:
    """Tables with a merchant in their rows."""
    return [row[0] for row in sql.rows(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'merchant_id'"
        " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND NOT a.attisdropped ORDER BY 1"
    )]  # fmt: skip


def ids_of(merchant_id: int) -> dict[str, int]:
    """For every table that has one, an id of a row of the merchant."""
    found = {}
    with tenant(merchant_id):
        for table in tenant_tables():
            if sql.scalar("SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = %(table)s::regclass"
                          " AND attname = 'id')", {"table": table}):  # fmt: skip
                found[table] = sql.scalar(
                    f'SELECT max(id) FROM "{table}" WHERE merchant_id = %(m)s', {"m": merchant_id}
                )
    return {table: int(number) for table, number in found.items() if number is not None}


def state_of(merchant_id: int) -> dict[str, str]:
    """A digest of all rows of a merchant, by table."""
    digests = " UNION ALL ".join(
        f"SELECT '{table}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM \"{table}\" t"
        for table in tenant_tables()
    )
    with tenant(merchant_id):
        return dict(sql.rows(digests))


def strange_values(door: Door, strange_ids: dict[str, int]) -> Iterator[dict[str, str]]:
    """Ways to fill a door's places with another merchant's ids: the fitting table's, else one of every table."""
    ids = {name: _fitting(name, strange_ids) if kind == "int" else [max(strange_ids.values())]
           for kind, name in door.places}  # fmt: skip
    for turn in range(max((len(found) for found in ids.values()), default=1)):
        yield {name: str(found[turn % len(found)]) for name, found in ids.items()}


def _fitting(name: str, strange_ids: dict[str, int]) -> list[int]:
    thing = name.removesuffix("_id").removesuffix("_no")
    kinds = {table: table.rpartition("_")[2] for table in strange_ids}
    fitting = [table for table, kind in kinds.items() if kind == thing]
    fitting = fitting or [table for table, kind in kinds.items() if kind.endswith(thing)]
    return sorted({strange_ids[table] for table in fitting or strange_ids})
