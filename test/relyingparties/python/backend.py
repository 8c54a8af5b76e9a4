"""What docs/recipes/django.md adds to mozilla-django-oidc: people are known by sub, and signing out ends at the provider."""

from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from mozilla_django_oidc.auth import OIDCAuthenticationBackend


class Latchkey(OIDCAuthenticationBackend):
    def verify_claims(self, claims):
        return bool(claims.get("sub")) and claims.get("email_verified") is True

    def filter_users_by_claims(self, claims):
        return self.UserModel.objects.filter(username=claims["sub"])

    def create_user(self, claims):
        if self.UserModel.objects.filter(email__iexact=claims["email"]).exists():
            raise SuspiciousOperation("another account has this address: join them by hand")
        return self.update_user(self.UserModel(username=claims["sub"]), claims)

    def update_user(self, user, claims):
        user.email = claims["email"]
        user.first_name = claims.get("given_name") or claims.get("name", "")
        user.last_name = claims.get("family_name", "")
        user.save()
        return user


def sign_out_address(request):
    return settings.OIDC_OP_AUTHORIZATION_ENDPOINT.removesuffix("/authorize") + "/logout?" + urlencode(
        {"id_token_hint": request.session["oidc_id_token"], "post_logout_redirect_uri": request.build_absolute_uri("/")}
    )
