"""A Django site that signs people in with mozilla-django-oidc, as docs/recipes/django.md shows it."""

import os

import django
from django.conf import settings
from django.core.management import call_command

ISSUER = os.environ["ISSUER"]
SITE = os.environ["SITE"]

settings.configure(
    SECRET_KEY="of this test alone",
    DEBUG=True,
    ALLOWED_HOSTS=["localhost"],
    ROOT_URLCONF=__name__,
    SESSION_COOKIE_NAME="mozilla_session",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "mozilla_django_oidc"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "mozilla_django_oidc.middleware.SessionRefresh",
    ],
    # From here on it is the recipe.
    AUTHENTICATION_BACKENDS=["backend.Latchkey"],
    OIDC_RP_CLIENT_ID=os.environ["CLIENT_ID"],
    OIDC_RP_CLIENT_SECRET=os.environ["CLIENT_SECRET"],
    OIDC_RP_SIGN_ALGO="RS256",
    OIDC_RP_SCOPES="openid email profile",
    OIDC_USE_PKCE=True,
    OIDC_OP_JWKS_ENDPOINT=f"{ISSUER}/jwks",
    OIDC_OP_AUTHORIZATION_ENDPOINT=f"{ISSUER}/authorize",
    OIDC_OP_TOKEN_ENDPOINT=f"{ISSUER}/token",
    OIDC_OP_USER_ENDPOINT=f"{ISSUER}/userinfo",
    OIDC_STORE_ID_TOKEN=True,
    OIDC_RENEW_ID_TOKEN_EXPIRY_SECONDS=600,
    OIDC_OP_LOGOUT_URL_METHOD="backend.sign_out_address",
    ALLOW_LOGOUT_GET_METHOD=True,
    LOGIN_URL="/oidc/authenticate/",
    LOGIN_REDIRECT_URL="/me",
    LOGOUT_REDIRECT_URL="/",
)
django.setup()

from django.contrib.auth.decorators import login_required  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import include, path  # noqa: E402


@login_required
def me(request):
    person = request.user
    return HttpResponse(f"signed in: {person.get_full_name()} <{person.email}> {person.username}")


def later(request):
    """Only for the test: the time after which the provider is asked again is over."""
    request.session["oidc_id_token_expiration"] = 0
    return HttpResponse("later")


urlpatterns = [
    path("", lambda request: HttpResponse("nobody is signed in")),
    path("me", me),
    path("later", later),
    path("oidc/", include("mozilla_django_oidc.urls")),
]

if __name__ == "__main__":
    from serve import serve

    call_command("migrate", verbosity=0)
    serve(get_wsgi_application())
