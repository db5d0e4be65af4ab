"""Plain functions that make what tests need."""

from __future__ import annotations

from dataclasses import dataclass

from shuke.core.actors import Actor, staff
from shuke.core.tenancy import tenant
from shuke.merchants import actions as merchants

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Place:
    """A merchant with one shop and her people."""

    merchant_id: int
    shop_id: int
    owner_id: int
    owner_user_id: int
    agent_id: int | None = None
    agent_user_id: int | None = None

    @property
    def by(self) -> Actor:
        """The owner as doer."""
        return staff(self.owner_id)


def place(owner: str, agent: str | None = None) -> Place:
    """A merchant named after her owner, who signs in with her first name in small letters."""
    user_id = merchants.create_user(owner.lower(), owner, PASSWORD)
    merchant_id, owner_id = merchants.open_merchant(f"{owner}的小店", owner_user_id=user_id)
    with tenant(merchant_id):
        shop_id = merchants.open_shop(merchant_id, f"{owner}旗舰店", "taobao", by=staff(owner_id))
        agent_user_id = agent_id = None
        if agent is not None:
            agent_user_id = merchants.create_user(agent.lower(), agent, PASSWORD)
            agent_id = merchants.employ(merchant_id, agent_user_id, "agent", by=staff(owner_id))
    return Place(merchant_id, shop_id, owner_id, user_id, agent_id, agent_user_id)
