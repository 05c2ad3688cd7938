"""All settings, read from the environment. There is no other settings file.

``make run`` sets what is needed; docs/operating.md lists every variable. A required
variable that is missing stops the start with a sentence that says what to do.
"""

from __future__ import annotations

from pathlib import Path

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from heritage import logs
from heritage.static_headers import add_headers

# Lets ModelAdmin[Motif] and ModelForm[Motif] be written at run time.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def required(name: str, hint: str) -> str:
    value = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {hint}")
    return str(value)


SECRET_KEY = required(
    "SECRET_KEY", "Start with `make run`, or set it to 50 random characters."
)
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "heritage",
    "motifs",
    "classifier",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
    "django.contrib.messages",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "whitenoise.runserver_nostatic",
    "heritage.apps.StaticFilesConfig",
    "csp",
    "django_htmx",
    "django_structlog",
    "django_prometheus",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "import_export",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "heritage.logs.request_id",
    "heritage.logs.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "heritage.second_factor.SecondFactorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "heritage.offline.OfflineMiddleware",
    "classifier.middleware.OneModelMiddleware",
    "heritage.unreadable.UnreadableMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "heritage.urls"
WSGI_APPLICATION = "heritage.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "heritage.context.page",
                "heritage.context.recogniser",
                "heritage.context.account",
            ],
        },
    }
]

# Data

DATABASES = {
    "default": environ.Env.db_url_config(
        required("DATABASE_URL", "Start with `make run`, or name your Postgres.")
    )
    | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = required(
    "REDIS_URL", "Start with `make run`, or name your Valkey or Redis."
)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        # A dead cache must cost a request a moment, not half a minute.
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}

VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var"))).resolve()
# Nothing under MEDIA_ROOT is served by address: views check who may see it.
MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = ""
# The folder of the model that answers until another is promoted; see ml/artifact.py.
MODEL_FOLDER = Path(env.str("MODEL_FOLDER", default=str(BASE_DIR / "ml" / "starter")))
# Models that runs have made, and what runs need and say while they go.
MODELS_FOLDER = VAR_DIR / "models"
RUNS_FOLDER = VAR_DIR / "runs"
# Longer than this no run may take, in seconds.
TRAINING_LIMIT_S = env.int("TRAINING_LIMIT_S", default=4 * 3600)
# Pictures of rendered cloth for each motif that has too few photos; 0 for none.
TRAINING_RENDERED = env.int("TRAINING_RENDERED", default=40)
# A folder of everyday photos, not-cloth/* and other-cloth/*, that runs learn to reject.
TRAINING_UNKNOWN = env.str("TRAINING_UNKNOWN", default="")
# Runs that the site starts by itself; 0 for none.
RETRAIN_AFTER_NEW_PHOTOS = env.int("RETRAIN_AFTER_NEW_PHOTOS", default=0)
RETRAIN_EVERY_DAYS = env.int("RETRAIN_EVERY_DAYS", default=0)
# What runs the model in browsers, as `manage.py collect_vendor` copies it.
RUNTIME_FOLDER = BASE_DIR / "runtime"

# People and sessions

AUTH_USER_MODEL = "heritage.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
# It asks the rights of Django's own backend, and takes e-mail or user name.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "account"

ACCOUNT_ADAPTER = "heritage.adapters.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "heritage.account_forms.SignInForm",
    "signup": "heritage.account_forms.SignUpForm",
}
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username", "password1*"]
ACCOUNT_USERNAME_MIN_LENGTH = 3
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
# Codes, not links: they work when the mail is read on another device, and nobody
# learns to click on links in mails.
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""

MFA_ADAPTER = "heritage.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Langgundi"
# Phones' clocks are off by seconds: the code before and the one after count too.
MFA_TOTP_TOLERANCE = 1

# Mail

DEFAULT_FROM_EMAIL = env.str(
    "DEFAULT_FROM_EMAIL", default="Langgundi <noreply@localhost>"
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_TIMEOUT = 10
if env.str("EMAIL_URL", default=""):
    vars().update(env.email_url("EMAIL_URL"))
else:
    # Where no mail server is named, each mail is a file to look at.
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(VAR_DIR / "mail")

# Mails say where the site is; requests know, tasks do not.
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
if not SITE_URL.startswith(("http://", "https://")):
    raise ImproperlyConfigured(
        "SITE_URL is no address. Set it to where readers find the site, such as "
        "https://langgundi.example."
    )

# Language and time

LANGUAGE_CODE = "id"
LANGUAGES = [("id", _("Indonesian")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "Asia/Makassar"
USE_TZ = True

# Files served as they are

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("drawings", BASE_DIR / "motifs" / "data" / "drawings"),
    ("renderings", BASE_DIR / "motifs" / "data" / "renderings"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": env.str(
            "STATICFILES_BACKEND",
            default="heritage.static_storage.StaticStorage",
        )
    },
}

# Pages link to hashed names only; compressing what nobody links to takes a minute.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_ADD_HEADERS_FUNCTION = add_headers
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = [
    *("jpg", "jpeg", "png", "gif", "webp", "woff", "woff2", "gz", "br", "map", "txt"),
]

# Uploads: one request brings at most five photos of 20 MB.

IDENTIFY_MAX_PHOTOS = 5
IDENTIFY_MAX_BYTES = 20 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

# Security

HTTPS = env.bool("HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
# Whoever asks for health asks from this machine, without the proxy that does HTTPS.
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# Other hosts of the domain may be somebody else's, who must decide for themselves.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Whether curators, model keepers and superusers need a second factor. Over plain HTTP
# on one's own machine it would protect nobody.
CURATOR_SECOND_FACTOR = env.bool("CURATOR_SECOND_FACTOR", default=HTTPS)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# How many proxies in front may be believed about the client's address.
NUM_PROXIES = ALLAUTH_TRUSTED_PROXY_COUNT = env.int("NUM_PROXIES", default=0)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        # data: and blob: are pictures that the page itself made, such as a preview.
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# API

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "heritage.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "NUM_PROXIES": NUM_PROXIES,
    "DEFAULT_THROTTLE_RATES": {
        "identify": env.str("THROTTLE_IDENTIFY", default="60/min"),
        "give": env.str("THROTTLE_GIVE", default="60/hour"),
        "report": env.str("THROTTLE_REPORT", default="20/hour"),
        "upload": env.str("THROTTLE_UPLOAD", default="300/hour"),
    },
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Langgundi",
    "DESCRIPTION": "A catalogue of Sasirangan motifs, and a recogniser of them.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {"ConfidenceEnum": "motifs.models.Confidence"},
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# Work that outlasts a request

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
# A run takes minutes to hours: it has a worker of its own, and blocks nobody else.
CELERY_TASK_ROUTES = {"classifier.tasks.train_task": {"queue": "training"}}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A page must not wait long for a broker that is down.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_connect_timeout": 2,
    "socket_timeout": 2,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# Logs and metrics

LOGGING = logs.configure(
    form=env.str("LOG_FORMAT", default="line"),
    level=env.str("LOG_LEVEL", default="INFO"),
)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
# heritage.logs.request_id has judged it before django-structlog reads it.
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True
DJANGO_STRUCTLOG_TRUST_UPSTREAM_CORRELATION_ID = False
# Who asked is in no log by address; the account's number is enough to find a fault.
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
