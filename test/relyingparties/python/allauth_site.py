"""A Django site that signs people in with django-allauth, as docs/recipes/django.md shows it."""

import os

import django
from django.conf import settings
from django.core.management import call_command

settings.configure(
    SECRET_KEY="of this test alone",
    DEBUG=True,
    ALLOWED_HOSTS=["localhost"],
    ROOT_URLCONF=__name__,
    SESSION_COOKIE_NAME="allauth_session",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "allauth",
        "allauth.account",
        "allauth.socialaccount",
        "allauth.socialaccount.providers.openid_connect",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "allauth.account.middleware.AccountMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
    ACCOUNT_EMAIL_VERIFICATION="none",
    SOCIALACCOUNT_LOGIN_ON_GET=True,
    SOCIALACCOUNT_ONLY=True,
    # From here on it is the recipe.
    SOCIALACCOUNT_PROVIDERS={
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "latchkey",
                    "name": "Latchkey",
                    "client_id": os.environ["CLIENT_ID"],
                    "secret": os.environ["CLIENT_SECRET"],
                    "settings": {"server_url": os.environ["ISSUER"]},
                }
            ],
        }
    },
    LOGIN_URL="/accounts/oidc/latchkey/login/",
    LOGIN_REDIRECT_URL="/me",
)
django.setup()

from django.contrib.auth import logout  # noqa: E402
from django.contrib.auth.decorators import login_required  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpResponse, HttpResponseRedirect  # noqa: E402
from django.urls import include, path  # noqa: E402
from urllib.parse import urlencode  # noqa: E402


@login_required
def me(request):
    account = request.user.socialaccount_set.get()
    said = account.extra_data.get("userinfo", account.extra_data)
    return HttpResponse(f"signed in: {said.get('name')} <{request.user.email}> {account.uid}")


def leave(request):
    logout(request)
    there = {"client_id": os.environ["CLIENT_ID"], "post_logout_redirect_uri": request.build_absolute_uri("/")}
    return HttpResponseRedirect(os.environ["ISSUER"] + "/logout?" + urlencode(there))


urlpatterns = [
    path("", lambda request: HttpResponse("nobody is signed in")),
    path("me", me),
    path("leave", leave),
    path("accounts/", include("allauth.urls")),
]

if __name__ == "__main__":
    from serve import serve

    call_command("migrate", verbosity=0)
    serve(get_wsgi_application())
