"""The two walls between merchants: the query layer's scope and PostgreSQL's row-level security."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

from django.db import connection, migrations, models, transaction
from django.db.models import Func, Value

from shuke.core import sql

_merchant: ContextVar[int | None] = ContextVar("merchant", default=None)

SETTING = "shuke.merchant_id"


class NoScope(RuntimeError):
    """Tenant rows were asked for outside of any merchant's scope: a programming error, never shown."""


def current_merchant_id() -> int:
    """The merchant whose scope is open; NoScope when none is."""
    merchant_id = _merchant.get()
    if merchant_id is None:
        raise NoScope("open shuke.core.tenancy.tenant(merchant_id) first")
    return merchant_id


def tenant(merchant_id: int, **limits: str) -> AbstractContextManager[None]:
    """Open one merchant's scope: a transaction in which both walls show her rows and nobody else's.

    Nested scopes of the same merchant cost nothing; the scope before is restored at the end. `limits` are settings of
    PostgreSQL's for the transaction, such as `statement_timeout`; a nested scope has those of the one around it.
    """
    return _scope(merchant_id, limits, is_gathered=False)


def gathered_tenant(merchant_id: int, **limits: str) -> AbstractContextManager[None]:
    """As `tenant`, but what is written waits for the next statement (see `sql.gathered`), the scope's opening too."""
    return _scope(merchant_id, limits, is_gathered=True)


@contextmanager
def _scope(merchant_id: int, limits: Mapping[str, str], *, is_gathered: bool) -> Iterator[None]:
    before, is_within = _merchant.get(), connection.in_atomic_block
    if before == merchant_id and is_within:
        yield
        return
    token = _merchant.set(merchant_id)
    try:
        with transaction.atomic(), sql.gathered() if is_gathered else nullcontext():
            _tell_database(str(merchant_id), limits)
            yield
            if is_within and not connection.needs_rollback:  # else the commit, which is next, ends it anyway
                _tell_database("" if before is None else str(before), {})
    finally:
        _merchant.reset(token)


@contextmanager
def signed_in(user_id: int) -> Iterator[None]:
    """Show, besides nothing else, which merchants a signed-in user works for."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('shuke.user_id', %s, true)", [str(user_id)])
        yield
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('shuke.user_id', '', true)")


@contextmanager
def every_merchant() -> Iterator[None]:
    """Show the list of merchants (and nothing that is theirs) to the worker and the operator's commands."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('shuke.operator', 'on', true)")
        yield
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('shuke.operator', '', true)")


def _tell_database(merchant_id: str, limits: Mapping[str, str]) -> None:
    told = {SETTING: merchant_id, **limits}
    sql.write("SELECT " + ", ".join(f"set_config('{name}', %({name})s, true)" for name in told), told)


class Scoped(models.Manager[Any]):
    """The first wall: every query carries the open merchant, and there is none without."""

    def get_queryset(self) -> models.QuerySet[Any]:
        """Rows of the open merchant only."""
        return super().get_queryset().filter(merchant_id=current_merchant_id())


class TenantModel(models.Model):
    """A row of one merchant, keyed (merchant_id, id) so that tables can be spread over machines by merchant."""

    pk = models.CompositePrimaryKey("merchant_id", "id")
    merchant_id = models.BigIntegerField()
    id = models.BigIntegerField(db_default=Func(Value("shuke_ids"), function="nextval"))

    objects = Scoped()

    class Meta:
        abstract = True


def walls(table: str, *, insert_only: bool = False, policy: str | None = None) -> migrations.RunSQL:
    """The second wall, in the migration that makes the table: forced row-level security, and the app role's rights.

    `insert_only` takes UPDATE, DELETE and TRUNCATE from the application. `policy` replaces the usual condition.
    """
    condition = policy or f"merchant_id = (SELECT nullif(current_setting('{SETTING}', true), '')::bigint)"
    rights = "SELECT, INSERT" if insert_only else "SELECT, INSERT, UPDATE, DELETE"
    return migrations.RunSQL(
        sql=[
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY {table}_walls ON {table} USING ({condition}) WITH CHECK ({condition})",
            f"REVOKE ALL ON {table} FROM shuke_app",
            f"GRANT {rights} ON {table} TO shuke_app",
        ],
        reverse_sql=[
            f"DROP POLICY {table}_walls ON {table}",
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        ],
    )
