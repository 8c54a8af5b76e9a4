"""A Flask site that signs people in with Authlib, as docs/recipes/flask.md shows it."""

import os
from urllib.parse import urlencode

from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, session, url_for

ISSUER = os.environ["ISSUER"]

site = Flask(__name__)
site.secret_key = "of this test alone"
site.config["SESSION_COOKIE_NAME"] = "authlib_session"

oauth = OAuth(site)
oauth.register(
    "latchkey",
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["CLIENT_SECRET"],
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
)


@site.get("/")
def home():
    return "nobody is signed in"


@site.get("/me")
def me():
    if "person" not in session:
        return oauth.latchkey.authorize_redirect(url_for("callback", _external=True))
    person = session["person"]
    return f"signed in: {person['name']} <{person['email']}> {person['sub']}"


@site.get("/callback")
def callback():
    token = oauth.latchkey.authorize_access_token()
    session["person"] = oauth.latchkey.userinfo(token=token)
    session["id_token"] = token["id_token"]
    session["refresh_token"] = token["refresh_token"]
    return redirect("/me")


@site.get("/refresh")
def refresh():
    token = oauth.latchkey.fetch_access_token(grant_type="refresh_token", refresh_token=session["refresh_token"])
    session["refresh_token"] = token["refresh_token"]
    session["person"] = oauth.latchkey.userinfo(token=token)
    return "refreshed"


@site.get("/leave")
def leave():
    there = {"id_token_hint": session["id_token"], "post_logout_redirect_uri": url_for("home", _external=True)}
    session.clear()
    return redirect(f"{ISSUER}/logout?{urlencode(there)}")


if __name__ == "__main__":
    from serve import serve

    serve(site)
