"""The same ledger once more, point by point in plain Python: slow, simple, written without looking at the real one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from shuke.ledger.actions import GiveBack, Hold, Posting, Spend, Target

FAR = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(eq=False, slots=True)
class Lot:
    """A credit, and how many of its points are in which state; spent and reserved ones say by which key."""

    born: int
    source: str
    part: int
    settled: bool
    happened_at: datetime
    available_at: datetime | None
    expires_at: datetime | None
    points: dict[str, int]
    first: int = 0
    is_dead: bool = False

    def count(self, state: str) -> int:
        """How many points are in a state."""
        return self.points.get(state, 0)

    def turn(self, count: int, before: str, after: str) -> int:
        """Change up to `count` points of one state; how many are still wanted."""
        found = min(count, self.count(before))
        if found:
            self.points[after] = self.count(after) + found
            self.points[before] -= found
            if not self.points[before]:
                del self.points[before]
        return count - found

    def turn_all(self, before: str, after: str) -> None:
        """Change all points of one state."""
        self.turn(self.count(before), before, after)

    def order(self) -> tuple[datetime, datetime, str, int, int]:
        """Soonest-expiring first, then oldest; of equal ones by their source."""
        return (self.expires_at or FAR, self.happened_at, self.source, self.part, self.born)


@dataclass(eq=False)
class Member:
    """One member's lots, debt and reservations."""

    lots: list[Lot] = field(default_factory=list)
    debt: int = 0
    until: dict[str, datetime] = field(default_factory=dict)
    lent: int = 0
    passed_at: datetime | None = None

    def active(self) -> int:
        """What she may spend."""
        return sum(lot.count("active") for lot in self.lots)

    def reserved(self, key: str) -> int:
        """What a reservation holds."""
        return sum(lot.count(f"reserved {key}") for lot in self.lots)

    def in_order(self) -> list[Lot]:
        """In the order of use."""
        return sorted(self.lots, key=Lot.order)

    def use(self, count: int, after: str) -> int:
        """Turn active points in the order of use; how many are still wanted."""
        if count:
            for lot in sorted((lot for lot in self.lots if "active" in lot.points), key=Lot.order):
                count = lot.turn(count, "active", after)
        return count

    def repay(self, why: str = "repaid") -> None:
        """Debt takes what is active."""
        self.debt = self.use(self.debt, why)

    def come_back(self, lot: Lot, count: int, before: str, at: datetime) -> None:
        """Points return to their lot; lost when it is over."""
        over = lot.is_dead or (lot.expires_at is not None and lot.expires_at <= at)
        lot.turn(count, before, "expired" if over else "active")
        lot.is_dead = lot.is_dead or (over and count > 0)

    def pass_time(self, now: datetime) -> None:
        """One happening after the other, until nothing is due."""
        while True:
            due: list[tuple[datetime, int, Any, Lot | str]] = []
            for lot in self.lots:
                if "pending" in lot.points:
                    if lot.available_at is not None and lot.available_at <= now:
                        due.append((lot.available_at, 0, lot.order(), lot))
                elif "active" in lot.points and lot.expires_at is not None and lot.expires_at <= now:
                    due.append((max(lot.expires_at, lot.available_at or lot.expires_at), 2, lot.order(), lot))
            due += [(until, 1, int(key[1:]), key) for key, until in self.until.items() if until <= now]
            if not due:
                self.passed_at = now
                return
            at, _what, _order, thing = min(due, key=lambda one: one[:3])
            if isinstance(thing, str):
                self.end(thing, at)
            elif "pending" in thing.points:
                thing.turn_all("pending", "active")
                self.repay()
            else:
                thing.turn_all("active", "expired")
                thing.is_dead = True

    def end(self, key: str, at: datetime) -> None:
        """A reservation is released."""
        del self.until[key]
        for lot in self.lots:
            self.come_back(lot, lot.count(f"reserved {key}"), f"reserved {key}", at)
        self.repay()


class World:
    """One merchant's members. Every method expects `refusal` to have said yes.

    `done` has every request by key, `uses` the keys of a member's spendings and reservations.
    """

    def __init__(self) -> None:
        self.members: dict[int, Member] = {}
        self.done: dict[str, Target | Posting | Spend | GiveBack | Hold] = {}
        self.uses: dict[int, list[str]] = {}
        self.holders: dict[str, int] = {}
        self.parts: Counter[str] = Counter()
        self.stands: Counter[str] = Counter()
        self.committed: set[str] = set()
        self.joined: dict[int, int] = {}
        self.kin: set[int] = set()
        self.reserved_by: dict[str, int] = {}
        self._born = 0

    def member(self, member_id: int, now: datetime) -> Member:
        """A member as of now."""
        member = self.members.get(member_id)
        if member is None:
            member = self.members[member_id] = Member()
        if member.passed_at != now:
            member.pass_time(now)
        return member

    def balance(self, member_id: int, now: datetime) -> tuple[int, int, int, int]:
        """(active, pending, reserved, debt)."""
        member = self.member(member_id, now)
        pending = sum(lot.count("pending") for lot in member.lots)
        return (member.active(), pending, sum(member.reserved(key) for key in member.until), member.debt)

    def lapsing(self, member_id: int, now: datetime) -> dict[datetime, int]:
        """How much lapses when."""
        found: Counter[datetime] = Counter()
        for lot in self.member(member_id, now).lots:
            if lot.expires_at is not None and "active" in lot.points:
                found[lot.expires_at] += lot.count("active")
        return dict(found)

    def standing(self, source: str) -> int:
        """What a settled source stands at."""
        return self.stands[source]

    def gone(self, prefix: str) -> int:
        """How many points are in a state of that name, of everybody."""
        return sum(
            count
            for one in self.members.values()
            for lot in one.lots
            for state, count in lot.points.items()
            if state.startswith(prefix)
        )

    def settle(self, targets: Iterable[Target], now: datetime) -> None:
        """Credits first, then what is taken back: pending, own, lapsed; then others, then debt."""
        last = list({target.source: target for target in targets}.values())
        rests: list[tuple[Member, int]] = []
        holding = [(one, self._holding(one, now)) for one in last]
        for one, member in holding:
            for lot in self._own(member, one.source):
                if "pending" in lot.points and one.amount:
                    lot.available_at, lot.expires_at = one.available_at, one.expires_at
                    member.passed_at = None
        for one in sorted(last, key=lambda one: one.available_at or FAR):
            member, more = self._holding(one, now), one.amount - self.standing(one.source)
            if more > 0:
                self.parts[one.source] += 1
                if not self.standing(one.source):
                    self.holders[one.source] = self.home(one.member_id)
                self._credit(member, one, more, now, part=self.parts[one.source])
        for one in last:
            less = self.standing(one.source) - one.amount
            if less > 0:
                member = self.members[self.home(self.holders[one.source])]
                own = sorted(self._own(member, one.source), key=lambda lot: -lot.part)
                for state in ("pending", "active", "expired"):
                    for lot in own:
                        less = lot.turn(less, state, "taken")
                rests.append((member, less))
            self.stands[one.source] = one.amount
        for member, _less in rests:
            member.pass_time(now)
        for member, less in rests:
            member.debt += member.use(less, "taken")

    def _holding(self, one: Target, now: datetime) -> Member:
        whose = self.holders[one.source] if self.standing(one.source) else one.member_id
        return self.member(self.home(whose), now)

    def _own(self, member: Member, source: str) -> list[Lot]:
        return [lot for lot in member.lots if lot.settled and lot.source == source]

    def _credit(self, member: Member, one: Target | Posting, amount: int, now: datetime, part: int = 0) -> None:
        self._born += 1
        available_at = one.available_at if isinstance(one, Target) else one.available_at or now
        lot = Lot(self._born, one.source, part, isinstance(one, Target), one.happened_at or now, available_at,
                  one.expires_at, {"pending": amount}, self.home(one.member_id))  # fmt: skip
        if isinstance(one, Target):
            lot.first = self.holders[one.source]
        member.lots.append(lot)
        member.pass_time(now)

    def post(self, one: Posting, now: datetime) -> None:
        """A credit or a debit."""
        member = self.member(self.home(one.member_id), now)
        self.done[one.key] = one
        if one.amount > 0:
            self._credit(member, one, one.amount, now)
        else:
            member.debt += member.use(-one.amount, "taken")

    def spend(self, one: Spend, now: datetime) -> None:
        """Use up."""
        self.done[one.key] = one
        self.uses.setdefault(one.member_id, []).append(one.key)
        self.member(self.home(one.member_id), now).use(one.amount, f"spent {one.key}")

    def give_back(self, one: GiveBack, now: datetime) -> None:
        """Undo, the last used lots first."""
        self.done[one.key] = one
        left, state = one.amount, f"spent {one.spend_key}"
        holders = [self.member(number, now) for number in self.holding(one.spend_key)]
        everybody = Member([lot for member in holders for lot in member.lots])
        for lot in reversed(everybody.in_order()):
            count = min(left, lot.count(state))
            everybody.come_back(lot, count, state, now)
            left -= count
        for member in holders:
            member.repay()

    def reserve(self, one: Hold, now: datetime) -> None:
        """Set aside."""
        self.done[one.key] = one
        self.uses.setdefault(one.member_id, []).append(one.key)
        member = self.member(self.home(one.member_id), now)
        member.use(one.amount, f"reserved {one.key}")
        self.reserved_by[one.key] = self.home(one.member_id)
        member.until[one.key] = one.until_at

    def commit(self, key: str, now: datetime) -> None:
        """Spend what was set aside."""
        member = self.keeper(key, now)
        if key in member.until:
            del member.until[key]
            self.committed.add(key)
            for lot in member.lots:
                lot.turn_all(f"reserved {key}", f"spent {key}")

    def release(self, key: str, now: datetime) -> None:
        """Return what was set aside."""
        member = self.keeper(key, now)
        if key in member.until:
            member.end(key, now)

    def keeper(self, key: str, now: datetime) -> Member:
        """Who has a reservation by now."""
        return self.member(self.home(self.reserved_by[key]), now)

    def home(self, member_id: int) -> int:
        """Who keeps a member's books."""
        while member_id in self.joined:
            member_id = self.joined[member_id]
        return member_id

    def may_join(self, loser: int, winner: int) -> bool:
        """Whether she is nobody's guest, and the other not hers."""
        return loser not in self.joined and self.home(winner) != loser

    def join(self, loser: int, winner: int, now: datetime) -> None:
        """All that one has comes to the other."""
        giver, taker = self.member(loser, now), self.member(self.home(winner), now)
        self.joined[loser] = winner
        self.kin |= {loser, self.home(winner)}
        taker.lots += giver.lots
        taker.until |= giver.until
        taker.debt += giver.debt
        giver.lent += giver.debt
        giver.lots, giver.until, giver.debt = [], {}, 0
        taker.repay(f"repaid joining {loser}")

    def part(self, loser: int, now: datetime) -> None:
        """What was hers goes back as it is by now, and what the joining repaid is owed again."""
        giver, taker = self.member(self.home(loser), now), self.member(loser, now)
        del self.joined[loser]
        state = f"repaid joining {loser}"
        for lot in giver.lots:
            count = lot.count(state)
            giver.come_back(lot, count, state, now)
            giver.debt += count
        hers = [lot for lot in giver.lots if self.home(lot.first) == loser]
        for key in list(giver.until):
            drawn = [lot for lot in giver.lots if lot.count(f"reserved {key}")]
            is_hers = self.home(self.reserved_by[key]) == loser
            if any((lot in hers) != is_hers for lot in drawn):
                giver.end(key, now)
            elif is_hers:
                taker.until[key] = giver.until.pop(key)
        giver.lots = [lot for lot in giver.lots if lot not in hers]
        taker.lots += hers
        back = min(taker.lent, giver.debt)
        giver.debt, taker.debt, taker.lent = giver.debt - back, taker.debt + back, taker.lent - back
        for one in (giver, taker):
            one.repay()

    def owner(self, key: str) -> int:
        """Whose spending or reservation a key is."""
        one = self.done[key]
        if not isinstance(one, Spend | Hold):
            raise TypeError(f"{key} spends and reserves nothing")
        return one.member_id

    def spent(self, key: str) -> int:
        """How much of a spending still is one."""
        found = [self.members[number] for number in self.holding(key) if number in self.members]
        return sum(lot.count(f"spent {key}") for one in found for lot in one.lots)

    def holding(self, key: str) -> list[int]:
        """Whose the lots of a spending may be by now."""
        owner = self.owner(key)
        return sorted({owner} | (self.kin if owner in self.kin else set()))
