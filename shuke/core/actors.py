"""Who did something: staff, buyer, program or Shuke itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """The doer of an action, as it is kept in facts and the audit log.

    `kind` is "staff", "buyer", "program" or "system"; `id` is that staff's, member's or key's id.
    """

    kind: str
    id: int | None = None

    @property
    def label(self) -> str:
        """`staff:12`, for rows that keep the doer in one column."""
        return self.kind if self.id is None else f"{self.kind}:{self.id}"


SYSTEM = Actor("system")


def staff(staff_id: int) -> Actor:
    """A person who works for the merchant."""
    return Actor("staff", staff_id)


def buyer(member_id: int) -> Actor:
    """A member acting on her own page."""
    return Actor("buyer", member_id)


def program(key_id: int) -> Actor:
    """Another program, known by its API key."""
    return Actor("program", key_id)
