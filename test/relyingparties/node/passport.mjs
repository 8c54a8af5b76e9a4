// An Express site with passport-openidconnect, as docs/recipes/passport.md shows it.
import express from "express";
import session from "express-session";
import passport from "passport";
import OpenIDConnect from "passport-openidconnect";

const { ISSUER, SITE, CLIENT_ID, CLIENT_SECRET } = process.env;
const site = express();

passport.use(
  "latchkey",
  new OpenIDConnect(
    {
      issuer: ISSUER,
      authorizationURL: ISSUER + "/authorize",
      tokenURL: ISSUER + "/token",
      userInfoURL: ISSUER + "/userinfo",
      clientID: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      callbackURL: SITE + "/callback",
      scope: ["profile", "email"],
      skipUserProfile: false,
    },
    (issuer, profile, context, idToken, done) => done(null, { ...profile, idToken }),
  ),
);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

site.use(session({ name: "passport_session", secret: "a secret of this site", resave: false, saveUninitialized: false }));
site.use(passport.session());

site.get("/", (request, response) => response.send("nobody is signed in"));
site.get("/me", (request, response) => {
  if (!request.user) return response.redirect("/login");
  const { id, displayName, emails } = request.user;
  response.send(`signed in: ${displayName} <${emails?.[0].value}> ${id}`);
});
site.get("/login", passport.authenticate("latchkey"));
site.get("/callback", passport.authenticate("latchkey", { successRedirect: "/me", failureMessage: true }));
site.get("/leave", (request, response, next) => {
  const { idToken } = request.user;
  request.logout((err) => {
    if (err) return next(err);
    response.redirect(ISSUER + "/logout?" + new URLSearchParams({ id_token_hint: idToken, post_logout_redirect_uri: SITE + "/" }));
  });
});
site.listen(new URL(SITE).port, "127.0.0.1");
