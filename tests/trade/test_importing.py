"""Importing files: what stands afterwards, again, in the other order, later, and after undoing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django import db
from django.db import ProgrammingError

from shuke.cli.sample_exports import write_exports
from shuke.core import sql
from shuke.core.errors import Refused
from shuke.core.tables import row_hash
from shuke.core.tenancy import tenant
from shuke.trade import actions as trade
from shuke.trade import queries
from shuke.trade.actions import reading
from shuke.trade.actions.mappings import sample
from tests.conftest import owner_connection
from tests.make import Place
from tests.trade.exports import take, written

ORDERS = "order_no, state, placed_at, paid_at, finished_at, total_fen, paid_fen, refund_fen, item_count, title"
LINES = "o.order_no, l.line_key, l.title, l.quantity, l.gross_fen, l.refund_fen, l.state"


def stand(place: Place) -> dict[str, list[tuple[Any, ...]]]:
    """All that an import leaves, without ids."""
    with tenant(place.merchant_id):
        return {
            "orders": sql.rows(f"SELECT {ORDERS} FROM trade_order WHERE removed_at IS NULL ORDER BY order_no"),
            "lines": sql.rows(
                f"SELECT {LINES} FROM trade_line l JOIN trade_order o USING (merchant_id)"
                " WHERE l.order_id = o.id AND NOT l.is_vanished AND o.removed_at IS NULL ORDER BY 1, 2"
            ),
            "figures": sql.rows(
                "SELECT m.display_name, f.order_count, f.paid_fen, f.closed_count, f.unpaid_count, f.lifecycle"
                " FROM trade_figures f JOIN members_member m ON m.merchant_id = f.merchant_id AND m.id = f.member_id"
                " WHERE f.order_count + f.closed_count + f.unpaid_count > 0 ORDER BY 1, 2, 3, 4, 5, 6"
            ),
        }


def counts(place: Place, import_id: int) -> tuple[int, ...]:
    """(rows, new, changed, same, older, rejected) of an import."""
    with tenant(place.merchant_id):
        row = queries.import_row(place.merchant_id, import_id)
    assert row is not None
    return (
        row.row_count,
        row.new_count,
        row.changed_count,
        row.same_count,
        row.older_count,
        row.rejected_count,
    )


def test_orders_lines_members_and_figures_stand(alice: Place, tmp_path: Path) -> None:
    order_list, details = written(tmp_path)
    first = take(alice, order_list)
    assert counts(alice, first) == (400, 400, 0, 0, 0, 0)
    second = take(alice, details)
    rows, new, *rest = counts(alice, second)
    assert rows == new
    assert rest == [0, 0, 0, 0]
    found = stand(alice)
    assert len(found["orders"]) == 400
    assert len(found["lines"]) == rows
    with tenant(alice.merchant_id):
        assert sql.scalar(
            "SELECT bool_and(o.g = l.g AND o.r = l.r) FROM"
            " (SELECT id, greatest(0, paid_fen + refund_fen - post_fen) g, least(refund_fen, greatest(0, paid_fen +"
            "  refund_fen - post_fen)) r FROM trade_order WHERE paid_at IS NOT NULL) o JOIN"
            " (SELECT order_id, sum(gross_fen) g, sum(refund_fen) r FROM trade_line WHERE NOT is_vanished GROUP BY 1) l"
            " ON l.order_id = o.id"
        )


def test_the_same_file_again_changes_nothing(alice: Place, tmp_path: Path) -> None:
    paths = written(tmp_path)
    for path in paths:
        take(alice, path)
    before, facts = stand(alice), _fact_count(alice)
    for path in paths:
        again = take(alice, path)
        rows, new, changed, same, older, rejected = counts(alice, again)
        assert (new, changed, older, rejected) == (0, 0, 0, 0)
        assert same == rows
    assert stand(alice) == before
    assert _fact_count(alice) == facts + 2


def test_in_a_long_file_that_was_taken_before_one_changed_row_is_found(
    alice: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [path] = write_exports(tmp_path, orders=2500, buyers=900, lines=None)
    take(alice, path)
    before, facts = stand(alice), _fact_count(alice)
    cut = list[str]()

    def hashed(raw: str) -> bytes:
        cut.append(raw)
        return row_hash(raw)

    with monkeypatch.context() as patch:
        patch.setattr(reading, "row_hash", hashed)
        assert counts(alice, take(alice, path)) == (2500, 0, 0, 2500, 0, 0)
    assert 0 < len(cut) < 2500  # only the first block of lines is cut into rows
    assert stand(alice) == before
    assert _fact_count(alice) == facts + 1
    lines = path.read_bytes().split(b"\n")
    place = next(place for place in range(2000, 2500) if "交易成功".encode("gb18030") in lines[place])
    lines[place] = lines[place].replace("交易成功".encode("gb18030"), "交易关闭".encode("gb18030"))
    path.write_bytes(b"\n".join(lines))
    assert counts(alice, take(alice, path)) == (2500, 0, 1, 2499, 0, 0)
    after = stand(alice)
    changed = [(old, new) for old, new in zip(before["orders"], after["orders"], strict=True) if old != new]
    assert [(old[1], new[1]) for old, new in changed] == [("finished", "closed")]


def test_an_order_told_twice_is_as_it_was_told_last(alice: Place, tmp_path: Path) -> None:
    [path] = write_exports(tmp_path, orders=2500, buyers=900, lines=None)
    take(alice, path)
    before, text = stand(alice), path.read_bytes()
    end = 2 << 18  # of the second block in which the file is read
    line = text[text.rfind(b"\n", 0, end - 2000) + 1 :].split(b"\n")[0] + b"\n"
    number = line.split(b",")[0].decode().strip('="')
    title = next(order[9] for order in before["orders"] if order[0] == number)
    other = line.replace(title.encode("gb18030"), ("新" + title[1:]).encode("gb18030"))
    place = text.index(b"\n", end + 2000) + 1
    text = text[:place].replace(line, other) + line + text[place:]
    assert other in text
    path.write_bytes(text)
    take(alice, path)
    assert stand(alice) == before


@pytest.mark.django_db(transaction=True)
def test_a_question_that_fails_ends_the_import(alice: Place, tmp_path: Path) -> None:
    [path] = write_exports(tmp_path, orders=2500, buyers=900, lines=None)
    take(alice, path)
    before = stand(alice)
    with owner_connection() as connection:
        names = connection.execute(
            "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns"
            " WHERE table_name = 'trade_order' AND column_name <> 'row_hash'"
        ).fetchone()
        assert names
        connection.execute("REVOKE SELECT ON trade_order FROM shuke_app")
        connection.execute(f"GRANT SELECT ({names[0]}) ON trade_order TO shuke_app")
    failed: list[Exception] = []

    def again() -> None:
        try:
            take(alice, path)
        except ProgrammingError as error:
            failed.append(error)
        finally:
            db.connection.close()

    try:
        importing = Thread(target=again, daemon=True)
        importing.start()
        importing.join(30)
        assert not importing.is_alive()
    finally:
        with owner_connection() as connection:
            connection.execute("GRANT SELECT ON trade_order TO shuke_app")
    assert "permission denied" in str(failed)
    assert stand(alice) == before
    assert counts(alice, take(alice, path)) == (2500, 0, 0, 2500, 0, 0)


def test_details_first_gives_the_same(alice: Place, charlie: Place, tmp_path: Path) -> None:
    order_list, details = written(tmp_path)
    take(alice, order_list)
    take(alice, details)
    take(charlie, details)
    assert counts(charlie, take(charlie, order_list)) == (400, 400, 0, 0, 0, 0)
    assert stand(alice) == stand(charlie)


def test_a_later_export_moves_orders_on_and_an_older_one_moves_nothing_back(alice: Place, tmp_path: Path) -> None:
    early = written(tmp_path / "early", as_of=datetime(2026, 10, 1))  # noqa: DTZ001 - the shop's wall clock
    late = written(tmp_path / "late")
    for path in early:
        take(alice, path)
    for path in late:
        take(alice, path)
    after = stand(alice)
    for path in early:
        again = take(alice, path)
        assert counts(alice, again)[1:3] == (0, 0)
    assert stand(alice) == after


def test_early_then_late_equals_late_alone(alice: Place, charlie: Place, tmp_path: Path) -> None:
    early = written(tmp_path / "early", as_of=datetime(2026, 10, 1))  # noqa: DTZ001 - the shop's wall clock
    late = written(tmp_path / "late")
    for path in [*early, *late]:
        take(alice, path)
    for path in late:
        take(charlie, path)
    assert stand(alice) == stand(charlie)


@pytest.mark.parametrize("late_too", [False, True])
def test_undoing_leaves_what_stood_before(alice: Place, tmp_path: Path, *, late_too: bool) -> None:
    from shuke.trade import actions as trade
    from shuke.trade.actions.undoing import run_undo_to_end

    early = written(tmp_path / "early", as_of=datetime(2026, 10, 1))  # noqa: DTZ001 - the shop's wall clock
    late = written(tmp_path / "late")
    stood = [stand(alice)]
    imports = []
    for path in [*early, *late] if late_too else early:
        imports.append(take(alice, path))
        stood.append(stand(alice))
    for import_id in reversed(imports):
        stood.pop()
        with tenant(alice.merchant_id):
            trade.undo(alice.merchant_id, import_id, by=alice.by)
        run_undo_to_end(alice.merchant_id, import_id)
        assert stand(alice) == stood[-1]
    with tenant(alice.merchant_id):
        assert sql.scalar("SELECT count(*) FROM members_member") == 0


def test_charlie_sees_nothing_of_it(alice: Place, charlie: Place, tmp_path: Path) -> None:
    import_id = take(alice, written(tmp_path)[0])
    with tenant(charlie.merchant_id):
        assert queries.import_row(charlie.merchant_id, import_id) is None
        assert queries.import_row(alice.merchant_id, import_id) is None
        assert queries.order_count(charlie.merchant_id) == 0


def _fact_count(place: Place) -> int:
    with tenant(place.merchant_id):
        return int(sql.scalar("SELECT count(*) FROM core_fact"))


def test_a_started_import_is_looked_at_no_more(alice: Place, tmp_path: Path) -> None:
    import_id = take(alice, written(tmp_path, orders=30, buyers=12)[0])
    with tenant(alice.merchant_id):
        for look in (trade.inspect, sample):
            with pytest.raises(Refused) as refused:
                look(alice.merchant_id, import_id)
            assert refused.value.code == "import_running"


def test_where_the_program_itself_fails_the_owner_is_told_and_nothing_is_kept(alice: Place, tmp_path: Path) -> None:
    order_list, _details = written(tmp_path)
    with owner_connection() as connection:
        connection.execute(
            "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$"
        )
        connection.execute("CREATE TRIGGER fails BEFORE INSERT ON trade_figures FOR EACH ROW EXECUTE FUNCTION fails()")
    try:
        with pytest.raises(ProgrammingError):
            take(alice, order_list)
    finally:
        with owner_connection() as connection:
            connection.execute("DROP FUNCTION fails CASCADE")
    with tenant(alice.merchant_id):
        [(state, refusal, file)] = sql.rows("SELECT state, refusal, file FROM trade_import")
    assert (state, file) == ("failed", "")
    assert "请再导入一次" in refusal
    assert stand(alice) == {"orders": [], "lines": [], "figures": []}
    assert counts(alice, take(alice, order_list)) == (400, 400, 0, 0, 0, 0)
