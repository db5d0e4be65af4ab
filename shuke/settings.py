"""Django's settings: everything a host may change comes from the environment, with a default that works."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from shuke.core import database

ROOT = Path(__file__).resolve().parent.parent


def _home() -> Path:
    """`var` beside the sources; where the wheel is installed, the account's own folder for data."""
    if os.environ.get("SHUKE_HOME"):
        return Path(os.environ["SHUKE_HOME"])
    if (ROOT / "pyproject.toml").exists():
        return ROOT / "var"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "shuke"


SHUKE_HOME = _home()
SHUKE_KEY = os.environ.get("SHUKE_KEY", "")
SHUKE_KEY_OLD = os.environ.get("SHUKE_KEY_OLD", "")
SHUKE_UPLOAD_LIMIT_MB = int(os.environ.get("SHUKE_UPLOAD_LIMIT_MB", "500"))
SHUKE_WEBHOOK_ALLOW = [one for one in os.environ.get("SHUKE_WEBHOOK_ALLOW", "").split(",") if one]
SHUKE_BACKUP_KEEP = int(os.environ.get("SHUKE_BACKUP_KEEP") or (0 if os.environ.get("DATABASE_URL") else 7))
SHUKE_BACKUP_PASSPHRASE = os.environ.get("SHUKE_BACKUP_PASSPHRASE", "")
SHUKE_API_SECONDS = int(os.environ.get("SHUKE_API_SECONDS", "20"))

DEBUG = os.environ.get("SHUKE_DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get("SHUKE_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("SHUKE_ORIGINS", "").split(",") if origin]
SHUKE_PUBLIC_URL = os.environ.get("SHUKE_PUBLIC_URL", "http://127.0.0.1:8000")


def _secret_key() -> str:
    from shuke.core.secrets import secret_file

    return os.environ.get("SHUKE_SECRET_KEY") or secret_file(SHUKE_HOME / "secrets" / "django.key")


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = [key for key in os.environ.get("SHUKE_SECRET_KEY_OLD", "").split(",") if key]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_cotton.apps.SimpleAppConfig",
    "procrastinate.contrib.django",
    "shuke.core",
    "shuke.merchants",
    "shuke.webhooks",
    "shuke.platforms",
    "shuke.members",
    "shuke.trade",
    "shuke.ledger",
    "shuke.segments",
    "shuke.loyalty",
    "shuke.analytics",
    "shuke.stories",
    "shuke.console",
    "shuke.portal",
    "shuke.api",
    "shuke.cli",
]

MIDDLEWARE = [
    "shuke.core.watch.middleware",
    "shuke.api.door.middleware",  # programs know no sessions, cookies and forms, and come often
    "shuke.core.headers.middleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "shuke.core.language.middleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "shuke.console.doors.middleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

ROOT_URLCONF = "shuke.urls"
WSGI_APPLICATION = "shuke.wsgi.application"
AUTH_USER_MODEL = "merchants.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
     "OPTIONS": {"user_attributes": ["username", "display_name"]}},
]  # fmt: skip
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "/console/sign-in/"

IS_HTTPS = SHUKE_PUBLIC_URL.startswith("https://")
SHUKE_COOKIE_PREFIX = "__Host-" if IS_HTTPS else ""  # a cookie of that name comes from this host alone, over TLS
SESSION_COOKIE_NAME = f"{SHUKE_COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{SHUKE_COOKIE_PREFIX}csrftoken"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if os.environ.get("SHUKE_BEHIND_PROXY") == "1" else None
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "style-src": ["'self'"],
        "script-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "worker-src": ["'none'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS = ["shuke.core.uploads.LimitedUpload"]
FILE_UPLOAD_TEMP_DIR = SHUKE_HOME / "clear"
FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)  # Django refuses to start without it

_owner: dict[str, str]
_app: dict[str, str]
if os.environ.get("DATABASE_URL"):
    _app = database.parse_url(os.environ["DATABASE_URL"])
    _owner = database.parse_url(os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"])
    SHUKE_EMBEDDED = None
else:
    SHUKE_EMBEDDED = database.EmbeddedServer(SHUKE_HOME)
    _app = SHUKE_EMBEDDED.address(database.APP)
    _owner = SHUKE_EMBEDDED.address(database.OWNER)


def _alias(address: dict[str, str], **more: Any) -> dict[str, Any]:
    known = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    options = {name: value for name, value in address.items() if name not in known}
    return {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": None, "OPTIONS": options,
            **{known[name]: value for name, value in address.items() if name in known}, **more}  # fmt: skip


DATABASES = {
    "default": _alias(_app, CONN_HEALTH_CHECKS=True),
    "owner": _alias(_owner, CONN_MAX_AGE=0, TEST={"MIRROR": "default"}),
}
_connections = int(os.environ.get("SHUKE_CONNECTIONS") or 0)
REQUESTS_AT_ONCE = _connections - _connections // 4
"""Of those that pass through Django, 0 for any number; the other connections are left to calls that are answered together
(decision 0022)."""
if _connections:  # the web server's many threads share a few
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 1, "max_size": _connections, "timeout": 10, "reconnect_timeout": 2,
        "max_idle": 120, "connection_class": database.PatientConnection,
    }  # fmt: skip
DATABASE_ROUTERS: list[str] = []

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = f"{SHUKE_COOKIE_PREFIX}language"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

STATIC_URL = "/static/"
STATIC_ROOT = SHUKE_HOME / "static"
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.AppDirectoriesFinder"]

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"patterns": {"()": "shuke.core.logs.WithoutPaths"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "json" if os.environ.get("SHUKE_LOG") == "json" else "line",
            "filters": ["patterns"],
        }
    },
    "formatters": {
        "line": {"()": "shuke.core.logs.Line", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {"()": "shuke.core.logs.Json"},
    },
    "loggers": {"shuke": {"level": "INFO" if os.environ.get("SHUKE_LOG") == "json" else "WARNING"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
