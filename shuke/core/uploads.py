"""Receiving uploads: refused by their announced size, and on the way kept in a folder that is swept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import TemporaryFileUploadHandler

_FORM_BYTES = 1 << 20


class LimitedUpload(TemporaryFileUploadHandler):
    """Writes an upload to a temporary file, unless the request is larger than the largest file we take."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *more: Any, **options: Any) -> None:  # noqa: N803 - Django's name
        """RequestDataTooBig (shown as 413) before a byte is written."""
        if content_length > (settings.SHUKE_UPLOAD_LIMIT_MB << 20) + _FORM_BYTES:
            raise RequestDataTooBig
        Path(settings.FILE_UPLOAD_TEMP_DIR or ".").mkdir(parents=True, exist_ok=True, mode=0o700)
        super().handle_raw_input(input_data, META, content_length, *more, **options)
