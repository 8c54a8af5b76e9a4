// An Express site with express-openid-connect, as docs/recipes/express.md shows it.
import express from "express";
import oidc from "express-openid-connect";

const { ISSUER, SITE, CLIENT_ID, CLIENT_SECRET } = process.env;
const { auth, requiresAuth } = oidc;
const site = express();

site.use(
  auth({
    issuerBaseURL: ISSUER,
    baseURL: SITE,
    clientID: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    secret: "a secret of this site, for its own cookie",
    authRequired: false,
    idpLogout: true,
    routes: { postLogoutRedirect: "/" },
    authorizationParams: { response_type: "code", scope: "openid profile email offline_access" },
    session: { name: "express_session" },
  }),
);

site.get("/", (request, response) => response.send("nobody is signed in"));
site.get("/me", requiresAuth(), (request, response) => {
  const { name, email, sub } = request.oidc.user;
  response.send(`signed in: ${name} <${email}> ${sub}`);
});
site.get("/refresh", requiresAuth(), async (request, response) => {
  await request.oidc.accessToken.refresh();
  response.send("refreshed");
});
site.listen(new URL(SITE).port, "127.0.0.1");
