"""What can be asked of the ledger in a storm: how each request is drawn, done for real, and done in the model."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from shuke.ledger import actions
from shuke.ledger.actions import GiveBack, Hold, Posting, Spend, Target
from shuke.ledger.simulator.model import World

ASSET = "points"
SOURCES, KIN = 5, 32
"""How many sources a member has; how many members (the first ones) may be joined to each other."""
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Commit:
    """Spend the reservation of a key."""

    of: str


@dataclass(frozen=True, slots=True)
class Release:
    """Return the reservation of a key."""

    of: str


@dataclass(frozen=True, slots=True)
class Join:
    """Let another member keep the books of this one."""

    member_id: int
    other_id: int


@dataclass(frozen=True, slots=True)
class Part:
    """Let her keep her books herself again."""

    member_id: int


class Place(Protocol):
    """What a storm offers to those who draw in it."""

    draw: random.Random
    merchant_id: int
    world: World
    now: datetime
    reservations: dict[str, int]
    members: int
    key_count: int

    def key(self) -> str:
        """A new key."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of request: how often it comes, how it is drawn for a member, done, and modelled."""

    weight: int
    make: Callable[[Place, int], list[Any]]
    act: Callable[[Place, Sequence[Any]], object]
    model: Callable[[Place, Any], object]


def source(member: int, number: int) -> str:
    """The name of a member's n-th source."""
    return f"line:{member}:{number}"


def refusal(place: Place, request: Any) -> str:
    """The code with which a request must be refused now; empty when it must be done."""
    world, now = place.world, place.now
    if isinstance(request, Join | Part):
        return ""
    if isinstance(request, Target):
        is_elsewhere = world.standing(request.source) and (
            world.home(world.holders[request.source]) != world.home(request.member_id)
        )
        return "source_moved" if is_elsewhere and request.amount else ""
    if isinstance(request, Commit | Release):
        member = world.keeper(request.of, now)
        if isinstance(request, Release):
            return "reservation_spent" if request.of in world.committed else ""
        return "" if request.of in world.committed or request.of in member.until else "reservation_over"
    before = world.done.get(request.key)
    if before is not None:
        return "" if before == request else "key_reused"
    if isinstance(request, GiveBack):
        return "" if request.amount <= world.spent(request.spend_key) else "more_than_spent"
    member = world.member(world.home(request.member_id), now)
    if isinstance(request, Posting):
        return "not_enough" if 0 < -request.amount > member.active() and request.kind != "debt" else ""
    if member.debt:
        return "in_debt"
    return "" if request.amount <= member.active() else "not_enough"


def _soon(place: Place) -> datetime:
    """A full hour ahead, so that instants meet."""
    return place.now + place.draw.choice((1, 2, 3, 6, 24, 48, 96)) * HOUR


def _expiry(place: Place) -> datetime | None:
    return place.draw.choice((None, _soon(place), _soon(place), place.now + 200 * HOUR))


def _targets(place: Place, member: int) -> list[Target]:
    draw, made = place.draw, []
    for number in draw.sample(range(SOURCES), draw.randint(1, 3)):
        whose = draw.randint(0, place.members - 1) if draw.random() < 0.03 else member
        available_at = draw.choice((None, place.now, place.now - 2 * HOUR, _soon(place)))
        expires_at = draw.choice((_expiry(place), _expiry(place), place.now - HOUR))
        amount = draw.choice((0, 0, 1, draw.randint(1, 30), draw.randint(1, 30), draw.randint(1, 30)))
        happened_at = place.now - draw.randint(0, 50) * HOUR
        made.append(Target(member, source(whose, number), amount, available_at, expires_at, 1, happened_at))
        if draw.random() < 0.1:
            made.append(replace(made[-1], amount=draw.randint(0, 30)))
    return made


def _postings(place: Place, member: int) -> list[Any]:
    draw = place.draw
    kind = draw.choice(("bonus", "adjusted", "debt"))
    amount = draw.randint(1, 20) * (1 if kind == "bonus" else -1)
    return _repeated(place, Posting) or [
        Posting(member_id=member, amount=amount, kind=kind, key=place.key(), expires_at=_expiry(place),
                source=draw.choice(("", source(member, 0))), available_at=draw.choice((None, _soon(place))))
    ]  # fmt: skip


def _spends(place: Place, member: int) -> list[Any]:
    return _repeated(place, Spend) or [
        Spend(member_id=member, amount=place.draw.randint(1, _likely(place, member)), key=place.key())
    ]


def _holds(place: Place, member: int) -> list[Any]:
    amount = place.draw.randint(1, _likely(place, member))
    return _repeated(place, Hold) or [Hold(member_id=member, amount=amount, key=place.key(), until_at=_soon(place))]


def _likely(place: Place, member: int) -> int:
    return max(3, place.world.member(place.world.home(member), place.now).active() + 2)


def _backs(place: Place, member: int) -> list[Any]:
    of = [
        key
        for key in place.world.uses.get(member, [])[-6:]
        if isinstance(place.world.done[key], Spend) or key in place.world.committed
    ]
    if not of:
        return []
    key = place.draw.choice(of)
    amount = place.draw.randint(1, max(1, place.world.spent(key)) + (place.draw.random() < 0.1))
    return _repeated(place, GiveBack) or [GiveBack(spend_key=key, amount=amount, key=place.key())]


def _ends(kind: type) -> Callable[[Place, int], list[Any]]:
    def make(place: Place, member: int) -> list[Any]:
        held = [key for key in place.world.uses.get(member, [])[-6:] if key in place.reservations]
        return [kind(place.draw.choice(held))] if held else []

    return make


def _repeated(place: Place, kind: type[Any]) -> list[Any]:
    """Now and then a request of before, unchanged or with another amount under the same key."""
    if place.draw.random() > 0.15 or not place.key_count:
        return []
    before: Any = place.world.done.get(f"k{place.draw.randint(1, place.key_count)}")
    if not isinstance(before, kind):
        return []
    if place.draw.random() < 0.7:
        return [before]
    return [replace(before, amount=before.amount + (1 if before.amount > 0 else -1))]


def _post(place: Place, requests: Sequence[Posting]) -> None:
    for allow_debt in (False, True):
        some = [one for one in requests if (one.kind == "debt") is allow_debt]
        if some:
            actions.post(place.merchant_id, ASSET, some, allow_debt=allow_debt)


def _reserve(place: Place, requests: Sequence[Hold]) -> None:
    numbers = actions.reserve(place.merchant_id, ASSET, requests)
    for one, number in zip(requests, numbers, strict=True):
        place.reservations[one.key] = number


def _numbers(place: Place, requests: Sequence[Commit | Release]) -> list[int]:
    return [place.reservations[one.of] for one in requests]


def _joinings(place: Place, member: int) -> list[Any]:
    if member >= KIN or place.draw.random() > 0.2:
        return []
    return [Join(member, place.draw.randint(0, min(KIN, place.members) - 1))]


def _partings(place: Place, member: int) -> list[Any]:
    return [Part(member)] if place.draw.random() < 0.4 else []


def _rehome(place: Place, requests: Sequence[Join | Part]) -> None:
    """One call for each, as the model will do it afterwards; what would make a circle is left out there and here."""
    world = World()
    world.joined = dict(place.world.joined)
    for one in requests:
        before = {member: world.home(member) for member in range(min(KIN, place.members))}
        if isinstance(one, Part):
            if one.member_id not in world.joined:
                continue
            del world.joined[one.member_id]
        elif world.may_join(one.member_id, one.other_id):
            world.joined[one.member_id] = one.other_id
        else:
            continue
        touched = {before[one.member_id], world.home(one.member_id)}
        wanted = {member: world.home(member) for member in before if touched & {before[member], world.home(member)}}
        actions.rehome(place.merchant_id, wanted)


def _model_rehome(place: Place, one: Join | Part) -> None:
    if isinstance(one, Join):
        if place.world.may_join(one.member_id, one.other_id):
            place.world.join(one.member_id, one.other_id, place.now)
    elif one.member_id in place.world.joined:
        place.world.part(one.member_id, place.now)


KINDS = {
    "settle": Kind(30, _targets, lambda p, r: actions.settle(p.merchant_id, ASSET, r),
                   lambda p, r: p.world.settle(r, p.now)),
    "post": Kind(12, _postings, _post, lambda p, r: p.world.post(r, p.now)),
    "spend": Kind(18, _spends, lambda p, r: actions.spend(p.merchant_id, ASSET, r),
                  lambda p, r: p.world.spend(r, p.now)),
    "give back": Kind(16, _backs, lambda p, r: actions.give_back(p.merchant_id, ASSET, r),
                      lambda p, r: p.world.give_back(r, p.now)),
    "reserve": Kind(10, _holds, _reserve, lambda p, r: p.world.reserve(r, p.now)),
    "commit": Kind(7, _ends(Commit), lambda p, r: actions.commit(p.merchant_id, ASSET, _numbers(p, r)),
                   lambda p, r: p.world.commit(r.of, p.now)),
    "release": Kind(6, _ends(Release), lambda p, r: actions.release(p.merchant_id, ASSET, _numbers(p, r)),
                    lambda p, r: p.world.release(r.of, p.now)),
    "join": Kind(5, _joinings, _rehome, _model_rehome),
    "part": Kind(5, _partings, _rehome, _model_rehome),
}  # fmt: skip
