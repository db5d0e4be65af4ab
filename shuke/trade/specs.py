"""What an owner may set about orders."""

from __future__ import annotations

from pydantic import BaseModel, Field


class LifecycleSpec(BaseModel):
    """When a customer counts as new, as long absent, as to be called back; whole days."""

    new_days: int = Field(default=30, ge=1, le=365)
    lapsed_days: int = Field(default=180, ge=7, le=1825)
    callback_days: int = Field(default=15, ge=1, le=90)
