"""How a merchant's files of unknown headers are read: saved once, used for every file of that header."""

from __future__ import annotations

import json

from django.utils.translation import gettext_lazy as _

from shuke.core import clock, sql
from shuke.core.actors import Actor
from shuke.core.errors import Missing, Refused
from shuke.merchants import actions as merchants
from shuke.platforms import queries as platforms
from shuke.platforms.specs import MappingSpec
from shuke.trade.actions import imports

LOOKED_AT = 200


def save_mapping(merchant_id: int, import_id: int, spec: MappingSpec, *, by: Actor) -> int:
    """Read files with the header of this upload by `spec` from now on; the mapping's id. Saving again replaces it.

    Refused `name_taken`, and `mapping_misfit` when a column is not in the file; Missing.
    """
    header, _rows = sample(merchant_id, import_id)
    content = spec.model_dump(mode="json")
    if platforms.mapped_layout(content, header) is None:
        raise Refused("mapping_misfit", _("A chosen column is not in this file."))
    with sql.unless_taken(_taken(spec.label)):
        mapping_id = sql.scalar(
            """
            INSERT INTO trade_mapping AS m (merchant_id, name, fingerprint, content, by, saved_at)
            VALUES (%(merchant_id)s, %(name)s, %(fingerprint)s, %(content)s, %(by)s, %(now)s)
            ON CONFLICT (merchant_id, fingerprint) DO UPDATE SET name = excluded.name, content = excluded.content,
                by = excluded.by, saved_at = excluded.saved_at
            RETURNING id
            """,
            {"merchant_id": merchant_id, "name": spec.label, "fingerprint": platforms.fingerprint(header),
             "content": json.dumps(content), "by": by.label, "now": clock.now()},
        )  # fmt: skip
    imports.note(merchant_id, import_id, mapping=json.dumps(content))
    merchants.audit(merchant_id, "mapping.saved", by=by, object_kind="mapping", object_id=mapping_id, name=spec.label)
    return int(mapping_id)


def rename_mapping(merchant_id: int, mapping_id: int, name: str, *, by: Actor) -> None:
    """Give a mapping another name. Refused `bad_name`, `name_taken`; Missing."""
    name = name.strip()
    if not 0 < len(name) <= 60:
        raise Refused("bad_name", _("Between 1 and 60 characters, please."))
    with sql.unless_taken(_taken(name)):
        changed = sql.run(
            "UPDATE trade_mapping SET name = %(name)s, content = jsonb_set(content, '{label}', to_jsonb(%(name)s::text))"
            " WHERE merchant_id = %(merchant_id)s AND id = %(id)s",
            {"merchant_id": merchant_id, "id": mapping_id, "name": name},
        )
    if not changed:
        raise _no_mapping()
    merchants.audit(merchant_id, "mapping.renamed", by=by, object_kind="mapping", object_id=mapping_id, name=name)


def delete_mapping(merchant_id: int, mapping_id: int, *, by: Actor) -> None:
    """Forget a mapping; what was imported by it stays. Missing."""
    if not sql.run(
        "DELETE FROM trade_mapping WHERE merchant_id = %(merchant_id)s AND id = %(id)s",
        {"merchant_id": merchant_id, "id": mapping_id},
    ):
        raise _no_mapping()
    merchants.audit(merchant_id, "mapping.deleted", by=by, object_kind="mapping", object_id=mapping_id)


def sample(merchant_id: int, import_id: int) -> tuple[list[str], list[list[str]]]:
    """The header and the first rows of an uploaded file's first sheet, as they are written. Missing; Refused as `inspect`."""
    found = imports.uploaded(merchant_id, import_id)
    with imports.opened(merchant_id, found) as table:
        rows = next(table.chunks(LOOKED_AT), [])
        return [name.strip() for name in table.header], [row.cells for row in rows if row.fault is None]


def _taken(name: str) -> Refused:
    return Refused("name_taken", _("There is already a format called “%(name)s”."), name=name)


def _no_mapping() -> Missing:
    return Missing("no_mapping", _("This format does not exist."))
