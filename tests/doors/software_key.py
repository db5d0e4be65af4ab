"""A security key made of software: it makes credentials and signs challenges as a browser would hand them over."""

from __future__ import annotations

import json
import secrets
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

FLAG = AuthenticatorData.FLAG


class SoftwareKey:
    """One credential of one device at one address."""

    def __init__(self, origin: str, host: str, *, is_verifying: bool = True) -> None:
        self.origin, self.host = origin, host
        self.credential_id = secrets.token_bytes(32)
        self.count = 0
        self.presence = FLAG.UP | FLAG.UV if is_verifying else FLAG.UP
        self._key = ec.generate_private_key(ec.SECP256R1())

    def create(self, options: dict[str, Any]) -> str:
        """The browser's answer to `navigator.credentials.create`."""
        client = CollectedClientData.create("webauthn.create", options["publicKey"]["challenge"], self.origin)
        credential = AttestedCredentialData.create(
            b"\0" * 16,
            self.credential_id,
            ES256.from_cryptography_key(self._key.public_key()),  # type: ignore[no-untyped-call]
        )
        proof = AuthenticatorData.create(
            sha256(self.host.encode()), self.presence | FLAG.AT, self.count, bytes(credential)
        )
        made = AttestationObject.create("none", proof, {})
        return self._answer(client, attestationObject=websafe_encode(made))

    def get(self, options: dict[str, Any]) -> str:
        """The browser's answer to `navigator.credentials.get`."""
        self.count += 1
        client = CollectedClientData.create("webauthn.get", options["publicKey"]["challenge"], self.origin)
        proof = AuthenticatorData.create(sha256(self.host.encode()), self.presence, self.count)
        signature = self._key.sign(proof + client.hash, ec.ECDSA(hashes.SHA256()))
        return self._answer(client, authenticatorData=websafe_encode(proof), signature=websafe_encode(signature))

    def _answer(self, client: CollectedClientData, **response: str) -> str:
        name = websafe_encode(self.credential_id)
        return json.dumps(
            {"id": name, "rawId": name, "type": "public-key", "response": {"clientDataJSON": client.b64, **response}}
        )
