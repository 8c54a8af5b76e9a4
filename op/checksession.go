package op

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

// checkSessionPath is a page for hidden frames of applications (OpenID Connect Session
// Management 1.0 section 3.3): it tells them whether the person is still who they were.
const checkSessionPath = "/check-session"

var checkSessionEndpoint = endpoint{
	path: checkSessionPath, member: "check_session_iframe",
	offered: func(c *Config) bool { return c.CheckSession },
	mount: func(p *Provider, to routes, path string) {
		to.only(path, p.checkSessionPage(), http.MethodGet)
	},
}

// checkSessionScript answers "client_id session_state" from a page of an application
// with unchanged, changed or error (section 3.2). What it compares is a cookie of ours
// that scripts may read, which is made of the session, ends with it, and opens nothing.
const checkSessionScript = `"use strict";
addEventListener("message", async (event) => {
  if (event.source === null || event.source === window) return;
  const say = (answer) => event.source.postMessage(answer, event.origin);
  const parts = typeof event.data === "string" ? event.data.split(" ") : [];
  const [hash, salt, more] = (parts[1] || "").split(".");
  if (parts.length !== 2 || !parts[0] || !hash || !salt || more !== undefined || event.origin === "null" || !crypto.subtle) return say("error");
  const found = document.cookie.split("; ").find((c) => c.startsWith(NAME + "="));
  const state = found ? found.slice(NAME.length + 1) : "";
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode([parts[0], event.origin, state, salt].join(" ")));
  const made = btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  say(state !== "" && made === hash ? "unchanged" : "changed");
});`

// checkSessionPage is the page, and the policy under which its script alone runs. Any
// page may frame it: it shows nothing, and only answers whoever knows a session_state.
func (p *Provider) checkSessionPage() http.Handler {
	script := strings.ReplaceAll(checkSessionScript, "NAME", fmt.Sprintf("%q", p.cfg.Cookies.SessionStateName()))
	page := []byte("<!doctype html><html><head><title>Session</title></head><body><script>" + script + "</script></body></html>")
	sum := sha256.Sum256([]byte(script))
	policy := "default-src 'none'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors *"
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", policy)
		h.Set("Cache-Control", "public, max-age=3600")
		w.WriteHeader(http.StatusOK)
		write(w, page)
	})
}

// monitor adds to an answer what its client can later ask our frame about (section 3):
// session_state, which is bound to the client and its origin, so that no two clients can
// compare theirs.
func (p *Provider) monitor(w http.ResponseWriter, r *http.Request, request *interaction.AuthorizationRequest, who *storage.SignedIn, answer url.Values) {
	u, err := url.Parse(request.RedirectURI)
	if !p.cfg.CheckSession || !request.HasScope(client.ScopeOpenID) || err != nil || u.Host == "" {
		return
	}
	state := p.browserState(who.Session.SID)
	p.cfg.Cookies.SetSessionState(w, r, state)
	answer.Set("session_state", sessionState(request.ClientID, client.OriginOf(u), state, web.NewSecret()[:16]))
}

// browserState is what the cookie holds: made of the session by our key, so that it is
// the same at every node and tells nothing.
func (p *Provider) browserState(sid storage.ID) string {
	sum := sha256.Sum256([]byte(p.cfg.Hasher.Sum("browser state", string(sid))))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

func sessionState(clientID, origin, state, salt string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{clientID, origin, state, salt}, " ")))
	return base64.RawURLEncoding.EncodeToString(sum[:]) + "." + salt
}
