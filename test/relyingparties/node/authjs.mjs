// An Express site with Auth.js, as docs/recipes/authjs.md shows it.
import { ExpressAuth, getSession } from "@auth/express";
import express from "express";

const { ISSUER, SITE, CLIENT_ID, CLIENT_SECRET } = process.env;
const site = express();
const options = {
  trustHost: true,
  secret: "a secret of this site, for its own cookies",
  providers: [{ id: "latchkey", name: "Latchkey", type: "oidc", issuer: ISSUER, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET }],
  callbacks: {
    jwt({ token, account, profile }) {
      return account ? { ...token, sub: profile.sub, idToken: account.id_token } : token;
    },
    session({ session, token }) {
      return { ...session, user: { ...session.user, id: token.sub } };
    },
  },
};

site.use(/^\/auth\/(.*)/, ExpressAuth(options));
site.get("/", (request, response) => response.send("nobody is signed in"));
site.get("/me", async (request, response) => {
  const session = await getSession(request, options);
  if (!session) return response.redirect("/auth/signin?callbackUrl=" + encodeURIComponent(SITE + "/me"));
  response.send(`signed in: ${session.user.name} <${session.user.email}> ${session.user.id}`);
});
site.listen(new URL(SITE).port, "127.0.0.1");
