package conformance

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// trial is one sentence at a world.
type trial struct {
	*testing.T
	*world
	before map[string]int
}

func (w *world) trial(t *testing.T) *trial {
	t.Helper()
	return &trial{T: t, world: w, before: w.kept(t)}
}

// issued says that what was kept up to now was meant to be.
func (t *trial) issued() {
	t.Helper()
	t.before = t.kept(t.T)
}

// nothingIssued checks that nothing was issued or stored.
func (t *trial) nothingIssued() {
	t.Helper()
	now := t.kept(t.T)
	for name, n := range now {
		if n > t.before[name] { // there may be less: a code that was spent, or has expired
			t.Errorf("%d %s more than before", n-t.before[name], name)
		}
	}
	t.before = now
}

// form sends a form of pairs of names and values; a name may come twice.
func (t *trial) form(path string, pairs []string, dress ...func(*http.Request)) *reply {
	t.Helper()
	values := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		values.Add(pair[0], pair[1])
	}
	return t.send(t.T, http.MethodPost, path, "application/x-www-form-urlencoded", values.Encode(), dress...)
}

// metadata are those of the provider (RFC 8414).
func (t *trial) metadata() *reply {
	t.Helper()
	got := t.send(t.T, http.MethodGet, "/.well-known/oauth-authorization-server", "", "")
	if got.status != http.StatusOK || got.text("issuer") != t.node.Issuer {
		t.Fatalf("answered %d %s", got.status, got.body)
	}
	return got
}

// secrets are the members of answers that give somebody something.
var secrets = []string{"access_token", "refresh_token", "id_token", "code", "request_uri", "device_code", "user_code", "client_id", "client_secret"}

// refused checks that a request is refused as RFC 6749 section 5.2 says, with an answer
// that nobody keeps, and that nothing came of it.
func (t *trial) refused(got *reply, status int, code string) {
	t.Helper()
	t.nothingIssued()
	if got.status != status || got.text("error") != code {
		t.Errorf("answered %d %s, want %d %s", got.status, got.body, status, code)
	}
	if got.header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(got.header.Get("Content-Type"), "application/json") {
		t.Errorf("headers %v", got.header)
	}
	for _, name := range secrets {
		if _, has := got.json[name]; has {
			t.Errorf("the refusal has %s: %s", name, got.body)
		}
	}
	if got.status == http.StatusUnauthorized && got.basic && !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("the refusal does not say how to authenticate: %v", got.header)
	}
	if strings.ContainsFunc(got.text("error_description"), func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		t.Errorf("a description of other characters: %q", got.body)
	}
}

// ok checks that a request is taken, with an answer in JSON that nobody keeps.
func (t *trial) ok(got *reply, status int) *reply {
	t.Helper()
	if got.status != status || got.json == nil || got.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("answered %d %s %v, want %d", got.status, got.body, got.header, status)
	}
	t.issued()
	return got
}

const verifier = "a-verifier-of-forty-three-characters-012345"

// ask is an authorization request of a client, with pairs of names and values laid over
// it; an empty value removes.
func ask(c client, pairs ...string) []string {
	sum := sha256.Sum256([]byte(verifier))
	form := map[string]string{
		"client_id": c.ID, "redirect_uri": redirectURI, "response_type": "code", "scope": "openid", "state": "s", "nonce": "n",
		"code_challenge": base64.RawURLEncoding.EncodeToString(sum[:]), "code_challenge_method": "S256",
	}
	for pair := range slices.Chunk(pairs, 2) {
		form[pair[0]] = pair[1]
	}
	var asked []string
	for _, name := range slices.Sorted(maps.Keys(form)) {
		if form[name] != "" {
			asked = append(asked, name, form[name])
		}
	}
	return asked
}

// query is a request for the browser.
func query(pairs []string) string {
	values := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		values.Add(pair[0], pair[1])
	}
	return values.Encode()
}

// signedIn is a browser in which the demo person is signed in.
func (t *trial) signedIn() *testbrowser.Browser {
	t.Helper()
	b := t.node.Browser(t.T)
	b.SubmitOn(b.Get("/authorize?"+query(ask(wiki))), "login-submit", "username="+username, "password="+t.password)
	t.issued()
	return b
}

// code has a signed-in browser fetch a code for a request.
func (t *trial) code(b *testbrowser.Browser, pairs []string) string {
	t.Helper()
	at := b.Get("/authorize?" + query(pairs))
	if at.Location == nil || at.Location.Query().Get("code") == "" {
		t.Fatalf("no code but %d, %v: %s", at.Status, at.Location, at.Body)
	}
	t.issued()
	return at.Location.Query().Get("code")
}

// codeForm is the form that trades a code of ask.
func codeForm(code string, more ...string) []string {
	return append([]string{"grant_type", "authorization_code", "code", code, "redirect_uri", redirectURI, "code_verifier", verifier}, more...)
}

// errorPage checks that a browser is shown an error, and sent nowhere.
func (t *trial) errorPage(at *testbrowser.Page) {
	t.Helper()
	t.nothingIssued()
	if at.Location != nil || at.Status < http.StatusBadRequest || at.Status >= http.StatusInternalServerError {
		t.Errorf("answered %d, %v: want a page with an error", at.Status, at.Location)
	}
}

// sentBack checks that a browser is sent to the client with an error, and with nothing else.
func (t *trial) sentBack(at *testbrowser.Page, code string) {
	t.Helper()
	t.nothingIssued()
	if at.Location == nil {
		t.Fatalf("answered %d %s, want a redirect", at.Status, at.Body)
	}
	if said := at.Location.Query(); !strings.HasPrefix(at.Location.String(), redirectURI+"?") || said.Get("error") != code ||
		said.Has("code") || said.Get("state") != "s" || said.Get("iss") != t.node.Issuer {
		t.Errorf("sent to %s, want the error %s", at.Location, code)
	}
}

// signed makes a JWT.
func signed(t *trial, key any, alg jose.SignatureAlgorithm, header, claims map[string]any) string {
	t.Helper()
	return testenv.SignJWT(t, alg, key, header, claims)
}

// laid is claims with others laid over them; nil removes.
func laid(claims map[string]any, pairs ...any) map[string]any {
	all := maps.Clone(claims)
	for pair := range slices.Chunk(pairs, 2) {
		if all[pair[0].(string)] = pair[1]; pair[1] == nil {
			delete(all, pair[0].(string))
		}
	}
	return all
}

// assertion is a client assertion of keyed.
func (t *trial) assertion(pairs ...any) []string {
	t.Helper()
	now := time.Now().Unix()
	claims := map[string]any{"iss": keyed.ID, "sub": keyed.ID, "aud": t.node.Issuer, "jti": rand.Text(), "iat": now, "exp": now + 60}
	return []string{
		"client_assertion_type", jwtAssertion,
		"client_assertion", signed(t, keyedKey, jose.ES256, map[string]any{"kid": "k1"}, laid(claims, pairs...)),
	}
}
