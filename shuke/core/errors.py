"""The one exception that ends a use case with a reason a person understands."""

from __future__ import annotations

from django.utils.functional import Promise


class Refused(Exception):
    """A use case that may not go on; every surface shows it in one place.

    `code` is for programs, `message` (gettext, %(name)s placeholders) for people.
    """

    def __init__(self, code: str, message: str | Promise, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.template = message
        self.params = params

    @property
    def message(self) -> str:
        """The sentence in the active language, its placeholders filled."""
        text = str(self.template)
        return text % self.params if self.params else text

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Missing(Refused):
    """The thing asked for is not there, or not this merchant's; surfaces answer 404."""
