"""How amounts go from state to state: one member's account of one asset, moved in memory, without database or clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from shuke.core.errors import Refused

ISSUED, PENDING, ACTIVE, RESERVED = "issued", "pending", "active", "reserved"
SPENT, EXPIRED, TAKEN_BACK, DEBT = "spent", "expired", "taken_back", "debt"
MOVED = "moved"
"""Between two members: what leaves one for it comes to the other in the same instant."""
EMPTY, LAPSED = "empty", "lapsed"
COMMITTED, RELEASED = "committed", "released"
OPEN, CLOSED = (PENDING, ACTIVE), (EMPTY, LAPSED)

ALLOWED = frozenset({
    (ISSUED, PENDING), (ISSUED, ACTIVE), (PENDING, ACTIVE), (PENDING, TAKEN_BACK),
    (ACTIVE, SPENT), (ACTIVE, RESERVED), (ACTIVE, EXPIRED), (ACTIVE, TAKEN_BACK), (ACTIVE, DEBT),
    (RESERVED, SPENT), (RESERVED, ACTIVE), (RESERVED, EXPIRED), (SPENT, ACTIVE), (SPENT, EXPIRED),
    (EXPIRED, TAKEN_BACK), (DEBT, TAKEN_BACK), (DEBT, ACTIVE), (DEBT, EXPIRED),
    (PENDING, MOVED), (ACTIVE, MOVED), (RESERVED, MOVED), (DEBT, MOVED),
    (MOVED, PENDING), (MOVED, ACTIVE), (MOVED, RESERVED), (MOVED, DEBT),
})  # fmt: skip

OWN = "="
"""Keys the ledger gives itself begin so; callers' keys may not."""

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True, eq=False)
class Lot:
    """One credit: `left` usable (or pending), `lapsed` expired unused, `revoked` of its yield taken back.

    `origin_id` is whose it was before members were joined; None while its member is still the first one.
    """

    id: int
    member_id: int
    source: str
    part: int | None
    amount: int
    state: str
    available_at: datetime | None
    expires_at: datetime | None
    happened_at: datetime
    rule_id: int | None = None
    left: int = 0
    lapsed: int = 0
    revoked: int = 0
    origin_id: int | None = None

    @property
    def first_member_id(self) -> int:
        """Whose it is when nobody is joined to anybody."""
        return self.member_id if self.origin_id is None else self.origin_id

    @property
    def order(self) -> tuple[datetime, datetime, str, int, int]:
        """Lots are used soonest-expiring first, then oldest first; those that never expire last.

        Of equal ones the source decides before the id, so that it does not matter in which order they were told.
        """
        return (self.expires_at or NEVER, self.happened_at, self.source, self.part or 0, self.id)

    def is_over(self, at: datetime) -> bool:
        """Whether what comes back to it now is lost: it lapsed before, or is past its end."""
        return self.state == LAPSED or (self.expires_at is not None and self.expires_at <= at)


Part = tuple[Lot, int]


@dataclass(slots=True, eq=False)
class Reservation:
    """An amount set aside, and from which lots."""

    id: int
    member_id: int
    amount: int
    state: str
    until_at: datetime
    label: Label
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Label:
    """What a transfer is called, and why; the ledger does not understand it."""

    kind: str
    key: str
    happened_at: datetime
    by: str = "system"
    source: str = ""
    rule_id: int | None = None
    cause_id: int | None = None
    note: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """A transfer to be written, with the lots it draws on or returns to."""

    id: int
    member_id: int
    label: Label
    from_state: str
    to_state: str
    amount: int
    lot: Lot | None
    parts: list[Part]


class Balance(NamedTuple):
    """What a member holds of an asset: usable now, not yet usable, set aside, owed."""

    active: int = 0
    pending: int = 0
    reserved: int = 0
    debt: int = 0

    @property
    def spendable(self) -> int:
        """What may be spent now; nothing while debt stands."""
        return 0 if self.debt else self.active


@dataclass(slots=True, eq=False)
class Account:
    """One member's holding of one asset, and the moves made since it was read."""

    member_id: int
    numbers: Iterator[int]
    active: int = 0
    pending: int = 0
    reserved: int = 0
    debt: int = 0
    lots: dict[int, Lot] = field(default_factory=dict)
    reservations: dict[int, Reservation] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)

    @property
    def balance(self) -> Balance:
        """What she holds as the account stands."""
        return Balance(self.active, self.pending, self.reserved, self.debt)


def credit(account: Account, label: Label, amount: int, now: datetime, lot: Lot) -> Move:
    """Let a new lot yield its amount: pending when `available_at` is unknown or to come, else active at once."""
    state = ACTIVE if lot.available_at is not None and lot.available_at <= now else PENDING
    account.lots[lot.id] = lot
    made = move(account, label, ISSUED, state, [(lot, amount)], number=lot.id, whole=True)
    _repay(account, label, made)
    if state == ACTIVE and lot.left and lot.is_over(now):
        _expire(account, lot)
    return made


def spend(account: Account, label: Label, amount: int, *, to_state: str = SPENT) -> Move:
    """Use active lots in their order. Refused `in_debt`, `not_enough`."""
    if account.debt:
        raise Refused("in_debt", _("More was taken back than was left; nothing can be spent until that is earned again."))  # fmt: skip
    if account.active < amount:
        raise Refused("not_enough", _("There is not enough to spend."))
    return move(account, label, ACTIVE, to_state, draw(account, amount))


def reserve(account: Account, label: Label, amount: int, until_at: datetime) -> Move:
    """Set aside like spending, until an instant."""
    made = spend(account, label, amount, to_state=RESERVED)
    account.reservations[made.id] = Reservation(
        made.id, account.member_id, amount, RESERVED, until_at, label, made.parts
    )
    return made


def commit(account: Account, reservation: Reservation, label: Label) -> None:
    """Turn a reservation into a spending."""
    reservation.state = COMMITTED
    move(account, replace(label, cause_id=reservation.id), RESERVED, SPENT, reservation.parts)


def release(account: Account, reservation: Reservation, label: Label, at: datetime) -> None:
    """Give a reservation back to its lots; debt made meanwhile is repaid from it."""
    reservation.state = RELEASED
    _return(account, replace(label, cause_id=reservation.id), RESERVED, reservation.parts, at)


def give_back(
    accounts: Mapping[int, Account], label: Label, amount: int, parts: Iterable[Part], now: datetime
) -> list[Part]:
    """Undo part of a spending: `parts` is what it still has of each lot, in the order of use; the last used comes first.

    The lots may be several members' by now: the first of `accounts` to get something back bears the label's own key.
    Returns what the spending has afterwards.
    """
    back: list[Part] = []
    kept: list[Part] = []
    for lot, spent in reversed(list(parts)):
        taken = min(spent, amount)
        amount -= taken
        kept.insert(0, (lot, spent - taken))
        if taken:
            back.append((lot, taken))
    if amount:
        raise Refused("more_than_spent", _("More would be given back than was spent."))
    for place, member_id in enumerate(dict.fromkeys(lot.member_id for lot, _taken in back)):
        own = label if not place else replace(label, key=f"{OWN}with{place}:{label.key}")
        _return(accounts[member_id], own, SPENT, [part for part in back if part[0].member_id == member_id], now)
    return kept


def debit(account: Account, label: Label, amount: int, *, allow_debt: bool) -> None:
    """Take an amount away from active lots; what is missing becomes debt or is Refused `not_enough`."""
    found = min(amount, account.active)
    if found < amount and not allow_debt:
        raise Refused("not_enough", _("There is not enough to take away."))
    if found:
        move(account, label, ACTIVE, TAKEN_BACK, draw(account, found))
    if found < amount:
        owing = replace(label, key=f"{OWN}owe:{label.key}") if found else label
        move(account, owing, DEBT, TAKEN_BACK, [], amount=amount - found)


def take_back_own(account: Account, label: Label, own: list[Lot], amount: int) -> int:
    """Take back from the source's own lots: pending, then usable, then what lapsed unused; what is still to be taken."""
    newest_first = sorted(own, key=lambda lot: lot.part or 0, reverse=True)
    _revoke(newest_first, amount)
    for step, state, lot_state in (("pending", PENDING, PENDING), ("own", ACTIVE, ACTIVE), ("lapsed", EXPIRED, LAPSED)):
        parts: list[Part] = []
        for lot in newest_first:
            usable = lot.lapsed if state == EXPIRED else lot.left
            taken = min(usable, amount) if lot.state == lot_state else 0
            amount -= taken
            if taken:
                parts.append((lot, taken))
        if parts:
            move(account, replace(label, key=f"{label.key}:{step}"), state, TAKEN_BACK, parts)
    return amount


def take_back_rest(account: Account, label: Label, amount: int) -> None:
    """Take back from other lots in the order of use, then as debt."""
    found = min(amount, account.active)
    if found:
        move(account, replace(label, key=f"{label.key}:others"), ACTIVE, TAKEN_BACK, draw(account, found))
    if found < amount:
        move(account, replace(label, key=f"{label.key}:debt"), DEBT, TAKEN_BACK, [], amount=amount - found)


def bring_up_to_date(account: Account, now: datetime) -> None:
    """Do what time has brought, in its order: pending lots become active, reservations end, lots lapse."""
    for at, what, _order, thing in sorted(_events(account, now), key=lambda event: event[:3]):
        if what == _EXPIRES and isinstance(thing, Lot):
            if thing.state == ACTIVE and thing.left:
                _expire(account, thing)
        elif isinstance(thing, Lot):
            _mature(account, thing)
        else:
            release(account, thing, Label("released", f"{OWN}release:{thing.id}", at, source=thing.label.source), at)


def is_due(account: Account, now: datetime) -> bool:
    """Whether `bring_up_to_date` would do anything."""
    return any(True for _event in _events(account, now))


def draw(account: Account, amount: int) -> list[Part]:
    """Which active lots an amount is taken from; the account holds it."""
    parts: list[Part] = []
    for lot in sorted((lot for lot in account.lots.values() if lot.state == ACTIVE), key=lambda lot: lot.order):
        taken = min(lot.left, amount)
        amount -= taken
        parts.append((lot, taken))
        if not amount:
            break
    return parts


_MATURES, _ENDS, _EXPIRES = 0, 1, 2


def _events(account: Account, now: datetime) -> Iterator[tuple[datetime, int, Any, Lot | Reservation]]:
    for lot in account.lots.values():
        if lot.state == PENDING and lot.available_at is not None and lot.available_at <= now:
            yield lot.available_at, _MATURES, lot.order, lot
        if lot.expires_at is not None and lot.expires_at <= now and (lot.state == ACTIVE or _matures(lot, now)):
            yield max(lot.expires_at, lot.available_at or lot.expires_at), _EXPIRES, lot.order, lot
    for reservation in account.reservations.values():
        if reservation.state == RESERVED and reservation.until_at <= now:
            yield reservation.until_at, _ENDS, reservation.id, reservation
            for lot, _amount in reservation.parts:
                if lot.state == EMPTY and lot.expires_at is not None and reservation.until_at < lot.expires_at <= now:
                    yield lot.expires_at, _EXPIRES, lot.order, lot


def _matures(lot: Lot, now: datetime) -> bool:
    return lot.state == PENDING and lot.available_at is not None and lot.available_at <= now


def _mature(account: Account, lot: Lot) -> None:
    at = lot.available_at or lot.happened_at
    label = Label("matured", f"{OWN}mature:{lot.id}", at, source=lot.source, rule_id=lot.rule_id)
    made = move(account, label, PENDING, ACTIVE, [(lot, lot.left)], whole=True)
    _repay(account, label, made)


def _expire(account: Account, lot: Lot) -> None:
    at = max(lot.expires_at or lot.happened_at, lot.available_at or lot.happened_at)
    label = Label(LAPSED, f"{OWN}expire:{lot.id}", at, source=lot.source, rule_id=lot.rule_id)
    move(account, label, ACTIVE, EXPIRED, [(lot, lot.left)], whole=True)


def _return(account: Account, label: Label, from_state: str, parts: list[Part], at: datetime) -> None:
    """To lots that still live as active, to lapsed ones as expired: time does not run backwards."""
    dead = [part for part in parts if part[0].is_over(at)]
    alive = [part for part in parts if not part[0].is_over(at)]
    if alive:
        made = move(account, label, from_state, ACTIVE, alive)
        _repay(account, label, made)
    if dead:
        lost = replace(label, key=f"{OWN}lost:{label.key}") if alive else label
        move(account, lost, from_state, EXPIRED, dead)


def _repay(account: Account, label: Label, made: Move) -> None:
    amount = min(account.debt, account.active)
    if amount:
        own = Label("repaid", f"{OWN}repay:{label.key}", label.happened_at, source=label.source, cause_id=made.id)
        move(account, own, ACTIVE, DEBT, draw(account, amount))


def _revoke(lots: list[Lot], amount: int) -> None:
    for lot in lots:
        share = min(lot.amount - lot.revoked, amount)
        lot.revoked += share
        amount -= share
    if amount:
        raise ValueError("more would be taken back than the source yielded")


def move(
    account: Account, label: Label, from_state: str, to_state: str, parts: list[Part],
    *, amount: int | None = None, number: int | None = None, whole: bool = False,
) -> Move:  # fmt: skip
    """The only place where amounts change: pools of the account and lots together, and the transfer that says so."""
    total = sum(taken for _lot, taken in parts) if amount is None else amount
    for state, change in ((from_state, -total), (to_state, total)):
        if state in {ACTIVE, PENDING, RESERVED}:
            setattr(account, state, getattr(account, state) + change)
        elif state == DEBT:
            account.debt -= change
    for lot, taken in parts:
        _shift(lot, from_state, to_state, taken)
    made = Move(
        next(account.numbers) if number is None else number, account.member_id, label, from_state, to_state, total,
        parts[0][0] if whole else None, [] if whole else parts,
    )  # fmt: skip
    account.moves.append(made)
    return made


def _shift(lot: Lot, from_state: str, to_state: str, taken: int) -> None:
    if from_state in OPEN:
        lot.left -= taken
    elif from_state == EXPIRED:
        lot.lapsed -= taken
    if to_state in OPEN:
        lot.left += taken
        lot.state = to_state
    elif to_state == EXPIRED:
        lot.lapsed += taken
        lot.state = lot.state if lot.left else LAPSED
    elif lot.left == 0 and lot.state in OPEN:
        lot.state = EMPTY


def worth(from_state: str, to_state: str) -> int:
    """How a transfer changes what a member sees as hers (active + pending − debt): 1, 0 or −1 times its amount."""
    return int(to_state in HERS) - int(from_state in HERS)


HERS = frozenset({PENDING, ACTIVE, DEBT})
