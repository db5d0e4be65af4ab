"""Facts about customers; none holds anything personal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext as _

from shuke.core.facts import Fact, fact
from shuke.members import rules


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class MemberJoined(Fact):
    """A member came to be known: by her order, by an import, by joining herself."""

    kind: ClassVar[str] = "members.joined"
    relation_source: str = rules.UNTRADED
    source: str = ""

    def sentence(self) -> str:
        """For the timeline."""
        return _("Became a customer")


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRemoved(Fact):
    """A member was taken away again, because the import that brought her was undone."""

    kind: ClassVar[str] = "members.removed"
    source: str = ""


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class MemberTagged(Fact):
    """Tags were put on a member or taken off."""

    kind: ClassVar[str] = "members.tagged"
    added: list[str]
    removed: list[str]

    def sentence(self) -> str:
        """For the timeline."""
        if self.removed:
            return _("Tag removed: %(names)s") % {"names": "、".join(self.removed)}
        return _("Tagged: %(names)s") % {"names": "、".join(self.added)}


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class MemberGrouped(Fact):
    """A member was put into a group or taken out; `subject_id` is the group."""

    kind: ClassVar[str] = "members.grouped"
    group: str
    is_in: bool

    def sentence(self) -> str:
        """For the timeline."""
        if self.is_in:
            return _("Added to group “%(name)s”") % {"name": self.group}
        return _("Removed from group “%(name)s”") % {"name": self.group}


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class MemberBlacklisted(Fact):
    """A member was put on the blacklist or taken off it."""

    kind: ClassVar[str] = "members.blacklisted"
    is_on: bool
    reason: str = ""

    def sentence(self) -> str:
        """For the timeline."""
        if not self.is_on:
            return _("Taken off the blacklist")
        return _("Blacklisted: %(reason)s") % {"reason": self.reason}


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class NoteWritten(Fact):
    """Somebody wrote a note about a member; `subject_id` is the note."""

    kind: ClassVar[str] = "members.note_written"

    def sentence(self) -> str:
        """For the timeline."""
        return _("Note written")


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileEdited(Fact):
    """Fields of a member's profile or attributes were filled in or changed; names of the fields only."""

    kind: ClassVar[str] = "members.profile_edited"
    fields: list[str]

    def sentence(self) -> str:
        """For the timeline."""
        labels = [str(rules.EDITABLE.get(name, name)) for name in self.fields]
        return _("Profile edited: %(fields)s") % {"fields": "、".join(labels)}


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalRevealed(Fact):
    """Somebody looked at one personal value in clear."""

    kind: ClassVar[str] = "members.revealed"
    field: str

    def sentence(self) -> str:
        """For the timeline."""
        return _("%(field)s revealed") % {"field": rules.FIELDS.get(self.field, self.field)}


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class MemberJoinedTo(Fact):
    """Two members are one person: one fact stands with each, `subject_id` is the other one."""

    kind: ClassVar[str] = "members.merged"
    is_survivor: bool = True

    def sentence(self) -> str:
        """For the timeline."""
        return _("Joined with another customer's record") if self.is_survivor else _("Joined to another customer")


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class MemberParted(Fact):
    """Two members who were joined are two people again; `subject_id` is the other one."""

    kind: ClassVar[str] = "members.parted"

    def sentence(self) -> str:
        """For the timeline."""
        return _("Joining with another customer undone")


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class MemberErased(Fact):
    """A member was forgotten; her orders and books stay, and nothing tells whose they were."""

    kind: ClassVar[str] = "members.erased"

    def sentence(self) -> str:
        """For the timeline."""
        return _("Personal data deleted for good")


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentChanged(Fact):
    """A member allowed something to be written to her, or allows it no longer."""

    kind: ClassVar[str] = "members.consent_changed"
    channel: str
    purpose: str
    is_given: bool

    def sentence(self) -> str:
        """For the timeline."""
        what = {"channel": rules.CHANNELS.get(self.channel, self.channel),
                "purpose": rules.PURPOSES.get(self.purpose, self.purpose)}  # fmt: skip
        if self.is_given:
            return _("Consent given: %(channel)s, %(purpose)s") % what
        return _("Consent withdrawn: %(channel)s, %(purpose)s") % what
