"""A program that calls the API through the whole of Django, as granian would hand its calls over."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from django.http.response import HttpResponseBase
from django.test import Client

from shuke.core.tenancy import tenant
from shuke.merchants import actions as merchants
from shuke.merchants.queries import scope_choices
from shuke.merchants.specs import ApiKeySpec
from tests import make

SCOPES = [name for name, _label in scope_choices()]
_numbers = count(1)


@dataclass
class Said:
    """An answer: its status, its JSON (None when it is none), its headers."""

    status: int
    json: Any
    headers: Any
    body: bytes

    @property
    def code(self) -> str:
        """The problem's code."""
        return str(self.json["code"])


@dataclass
class Program:
    """A program with a key of one place."""

    text: str
    key_id: int = 0
    language: str = "en"
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def get(self, path: str, query: dict[str, Any] | None = None, **headers: str) -> Said:
        """GET below /api/v1."""
        return said(self.client.get(f"/api/v1{path}", query or {}, headers=self._headers(headers)))

    def send(self, method: str, path: str, body: Any = None, *, key: str = "", **headers: str) -> Said:
        """A write with a JSON body, under an idempotency key of its own unless one is given."""
        content = b"" if body is None else json.dumps(body).encode()
        return self.raw(method, path, content, "application/json", key=key, **headers)

    def raw(self, method: str, path: str, content: bytes, kind: str, *, key: str = "", **headers: str) -> Said:
        """A write with any body."""
        sent = self._headers({"Idempotency-Key": key or f"key-{next(_numbers)}", **headers})
        return said(self.client.generic(method, f"/api/v1{path}", content, content_type=kind, headers=sent))

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.text}", "Accept-Language": self.language, **more}


def said(response: HttpResponseBase) -> Said:
    """An answer, read."""
    body = b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]
    is_json = "json" in response.headers.get("Content-Type", "")
    return Said(response.status_code, json.loads(body) if is_json and body else None, response.headers, body)


def program(place: make.Place, scopes: list[str] | None = None, **more: Any) -> Program:
    """A program with a key of the place, for all scopes unless some are named."""
    with tenant(place.merchant_id):
        spec = ApiKeySpec(name="ERP", scopes=scopes or SCOPES, **{"per_minute": 600_000, **more})
        key_id, text = merchants.create_key(place.merchant_id, spec, by=place.by)
    return Program(text, key_id)
