package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/cmd/internal/devdata"
	"github.com/latchkey-id/latchkey/cmd/internal/explain"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/session"
	"github.com/latchkey-id/latchkey/storage"
)

// accessFile has an application, and a service that it calls for people, which exchanges
// what it is sent.
const accessFile = `
attributes: [{name: department, options: [hr, it]}]
claims:
  - {name: department, attribute: department}
  - {name: is_red, expression: '"red" in user.groups'}
scopes:
  - {name: work, claims: [department, is_red]}
  - {name: reports.read, resource: https://reports.example.com}
  - {name: files.read, resource: https://files.example.com}
resources:
  - {identifier: https://reports.example.com, introspected_by: [reports], access_token: {claims: [groups, is_red]}}
  - {identifier: https://files.example.com, introspected_by: [reports], access_token: {claims: [roles]}}
clients:
  - id: web
    type: confidential
    secret: ` + walkSecret + `
    redirect_uris: [https://web.example.com/cb]
    grant_types: [authorization_code, refresh_token]
    require_pkce: false
    scopes: [` + walkScopes + `]
    id_token_claims: [groups]
    access_token_claims: [department, roles]
  - id: reports
    type: confidential
    secret: ` + reportsSecret + `
    grant_types: ["urn:ietf:params:oauth:grant-type:token-exchange"]
    scopes: [files.read]
    token_exchange: [{from: [web], resources: [https://files.example.com], scopes: [files.read]}]
`

const (
	walkSecret    = "0b1c2d3e4f5061728394a5b6c7d8e9f00b1c2d3e4f5061728394a5b6c7d8e9f0"
	reportsSecret = "1b1c2d3e4f5061728394a5b6c7d8e9f00b1c2d3e4f5061728394a5b6c7d8e9f1"
	walkScopes    = "openid, email, offline_access, groups, roles, work, reports.read"
	walkAddress   = "192.0.2.1" // where a request of package httptest comes from
)

// walk is a person's way through changes of what they may use, on two nodes over one
// database, and what they hold meanwhile.
type walk struct {
	t     *testing.T
	nodes []*reloadable
	rules []ruling // of each node
	user  *storage.User
	facts facts
	now   time.Time

	cookie string // of their browser; empty: not signed in
	acr    string // of its session
	held   *tokens
	past   []string
	// verdicts counts the answers, by what was asked for.
	verdicts map[string]map[bool]int
}

// tokens are what an exchange gave.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
	Scope   string `json:"scope"`
	// Exchanged was got for Access by the service.
	Exchanged string `json:"-"`
	acr       string
}

func newWalk(t *testing.T) *walk {
	t.Helper()
	w := &walk{t: t, now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), facts: facts{groups: map[string]bool{}}, verdicts: map[string]map[bool]int{}}
	dir := t.TempDir()
	data, err := devdata.Open(filepath.Join(dir, "data"))
	w.must(err)
	file := filepath.Join(dir, "latchkey.yaml")
	w.must(os.WriteFile(file, []byte(accessFile), 0o600))
	for range 2 {
		cfg, err := config.Load(config.LoadOptions{File: file, Dev: true, Defaults: data.Defaults("http://localhost")})
		w.must(err)
		n := &reloadable{idleServer: newIdleServerOf(t, cfg, &w.now)}
		w.must(n.ring.Load(t.Context()))
		w.nodes, w.rules = append(w.nodes, n), append(w.rules, rulings[0])
	}
	w.user = w.nodes[0].person(t, "ada@example.com", time.Time{})
	for _, group := range []string{"red", "blue"} {
		_, err := w.accounts().CreateGroup(t.Context(), operator(), account.NewGroup{Name: group})
		w.must(err)
	}
	return w
}

func (w *walk) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("%v\nafter %s", err, strings.Join(w.past[max(0, len(w.past)-20):], "; "))
	}
}

// wrong fails with what came before.
func (w *walk) wrong(format string, args ...any) {
	w.t.Helper()
	w.must(fmt.Errorf(format, args...))
}

func (w *walk) accounts() *account.Service { return w.nodes[0].boot.accounts(w.nodes[0].store) }

// reload has a node run with other rules.
func (w *walk) reload(node int, to ruling) {
	w.t.Helper()
	w.rules[node] = to
	n := w.nodes[node]
	n.file(func(c *config.Config) {
		for i := range c.Clients {
			c.Clients[i].Access = map[string][]config.AccessRule{"web": to.web, "reports": to.reports}[c.Clients[i].ID]
		}
	})
	before := n.current.Load()
	n.reload(w.t.Context())
	if n.current.Load() == before {
		w.wrong("the reload failed: %s", n.logged())
	}
}

// signIn begins a session of a class.
func (w *walk) signIn(acr string) {
	w.t.Helper()
	n := w.nodes[0]
	secret, hash, err := session.NewSecret(n.boot.hasher)
	w.must(err)
	proofs := []storage.Proof{{Kind: storage.FactorPassword, At: w.now}}
	amr := []string{"pwd"}
	if acr == "aal2" {
		proofs, amr = append(proofs, storage.Proof{Kind: storage.FactorTOTP, At: w.now}), []string{"pwd", "otp", "mfa"}
	}
	user, err := n.store.Users().ByID(w.t.Context(), w.user.ID)
	w.must(err)
	event, err := storage.NewEvent(w.now, newRandom(), storage.EventSignIn)
	w.must(err)
	w.must(n.store.Sessions().Create(w.t.Context(), &storage.Session{
		SID: newID(w.t), UserID: w.user.ID, SecretHash: hash, Proofs: proofs, Authentication: storage.Authentication{Time: w.now, ACR: acr, AMR: amr},
		CreatedAt: w.now, LastSeenAt: w.now, IdleExpiresAt: w.now.AddDate(0, 0, 1), ExpiresAt: w.now.AddDate(0, 0, 2), Address: walkAddress,
	}, storage.SessionStart{PasswordEpoch: user.PasswordEpoch}, event))
	w.cookie, w.acr = secret, acr
}

// get asks a node by the person's browser.
func (w *walk) get(node int, path string, query url.Values) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://localhost"+path+"?"+query.Encode(), nil)
	if w.cookie != "" {
		cookie := httptest.NewRecorder()
		web.Cookies{Insecure: true}.Set(cookie, web.CookieSession, w.cookie, 0)
		r.Header.Set("Cookie", strings.SplitN(cookie.Header().Get("Set-Cookie"), ";", 2)[0])
	}
	answer := httptest.NewRecorder()
	w.nodes[node].ServeHTTP(answer, r)
	return answer
}

// post asks a node as a client does, and reads the answer.
func (w *walk) post(node int, path, client string, into any, pairs ...string) int {
	w.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, "http://localhost"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(client, map[string]string{"web": walkSecret, "reports": reportsSecret}[client])
	answer := httptest.NewRecorder()
	w.nodes[node].ServeHTTP(answer, r)
	if answer.Code >= http.StatusInternalServerError {
		w.wrong("POST %s: %d %s", path, answer.Code, answer.Body)
	}
	if into != nil {
		w.must(json.Unmarshal(answer.Body.Bytes(), into))
	}
	return answer.Code
}

// authorize asks for a code without showing a page, and answers it or the error.
func (w *walk) authorize(node int) (code, refusal string) {
	w.t.Helper()
	answer := w.get(node, "/authorize", url.Values{
		"client_id": {"web"}, "redirect_uri": {"https://web.example.com/cb"}, "response_type": {"code"}, "prompt": {"none"},
		"scope": {strings.ReplaceAll(walkScopes, ",", "")}, "nonce": {"n"},
	})
	to, err := url.Parse(answer.Header().Get("Location"))
	w.must(err)
	if to.Host != "web.example.com" {
		w.wrong("authorize: %d to %q", answer.Code, to)
	}
	return to.Query().Get("code"), to.Query().Get("error")
}

// asks is what `latchkey explain` says on a node, of the person as they are now.
func (w *walk) asks(node int, clientID, acr string, scopes []string) *explain.Answer {
	w.t.Helper()
	n := w.nodes[node].current.Load()
	user, err := w.nodes[node].store.Users().ByID(w.t.Context(), w.user.ID)
	w.must(err)
	clients, err := n.clients()
	w.must(err)
	q := explain.Question{User: user, Address: netip.MustParseAddr(walkAddress), ACR: acr, Scopes: scopes}
	for i := range clients {
		if clients[i].ID == clientID {
			q.Client = &clients[i]
		}
	}
	answer, err := n.explainer().Explain(q)
	w.must(err)
	return answer
}

// may compares the verdict of a node with what explain says there now of each of the
// clients, and with the model.
func (w *walk) may(what string, node int, acr string, verdict bool, clients ...string) {
	w.t.Helper()
	if w.verdicts[what] == nil {
		w.verdicts[what] = map[bool]int{}
	}
	w.verdicts[what][verdict]++
	explained, modeled, by := true, true, ""
	for _, id := range clients {
		answer := w.asks(node, id, acr, nil)
		explained = explained && answer.Allowed() && answer.Outcome == access.Allowed
		modeled = modeled && w.facts.may(w.rules[node].of(id), acr)
		by += " " + id + ": " + answer.By
	}
	if verdict != explained || verdict != modeled {
		w.wrong("%s on node %d: the server says %v, explain %v (%s), the model %v; %+v under %s",
			what, node, verdict, explained, by, modeled, w.facts, w.rules[node].name)
	}
}

// ended makes sure that tokens of a grant that has ended are worth nothing on any node.
func (w *walk) ended() {
	was := w.held
	w.held = nil
	for node := range w.nodes {
		if status := w.showsUserinfo(node, was.Access).Code; status != http.StatusUnauthorized {
			w.wrong("userinfo after the end, on node %d: %d", node, status)
		}
		if w.active(node, "web", was.Access) || w.active(node, "web", was.Refresh) || was.Exchanged != "" && w.active(node, "reports", was.Exchanged) {
			w.wrong("a token is active after the end, on node %d", node)
		}
		if w.post(node, "/token", "web", nil, "grant_type", "refresh_token", "refresh_token", was.Refresh) == http.StatusOK {
			w.wrong("a refresh after the end, on node %d", node)
		}
	}
}

// payload reads the claims of a JWT, without those that no explanation has.
func (w *walk) payload(token string) map[string]any {
	w.t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		w.wrong("no JWT: %s", token)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	w.must(err)
	var claims map[string]any
	w.must(json.Unmarshal(raw, &claims))
	return comparable(claims)
}

// comparable takes away what names this very token, session and moment.
func comparable(claims map[string]any) map[string]any {
	if exp, is := claims["exp"].(float64); is {
		claims["exp"] = exp - claims["iat"].(float64) // how long it lives
	}
	for _, name := range []string{"jti", "gid", "sid", "at_hash", "nonce", "iat", "auth_time"} {
		delete(claims, name)
	}
	return claims
}

// pick is one of several, at random.
func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// facts are what is true of the person, for the model.
type facts struct {
	groups     map[string]bool
	admin      bool // by themselves
	blueAdmins bool // by their group, if they are in it
	department string
	disabled   bool
	verified   bool // their address
}

// may is the decision in other words.
func (f *facts) may(rules []config.AccessRule, acr string) bool {
	if f.disabled {
		return false
	}
	if rules == nil {
		return true
	}
	for _, r := range rules {
		in := len(r.Groups) == 0 || slices.ContainsFunc(r.Groups, func(g string) bool { return f.groups[g] })
		in = in && (len(r.Roles) == 0 || f.admin || f.blueAdmins && f.groups["blue"])
		in = in && (r.Attributes == nil || slices.Contains(r.Attributes["department"], f.department))
		in = in && (len(r.Networks) == 0 || r.Networks[0] == home) && (len(r.Users) == 0 || f.verified)
		if in {
			return r.Effect != "deny" && (r.ACR == "" || r.ACR == acr)
		}
	}
	return false
}

var home, away = netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("10.0.0.0/8")

// ruling is what a reload brings: the rules of the application and of the service.
type ruling struct {
	name         string
	web, reports []config.AccessRule
}

func (r ruling) of(clientID string) []config.AccessRule {
	if clientID == "reports" {
		return r.reports
	}
	return r.web
}

var (
	red, blue = config.AccessRule{Groups: []string{"red"}}, config.AccessRule{Groups: []string{"blue"}}
	rulings   = []ruling{
		{"everyone", nil, nil},
		{"nobody", []config.AccessRule{}, nil},
		{"red", []config.AccessRule{red}, []config.AccessRule{red, blue}},
		{"not blue", []config.AccessRule{{Groups: []string{"blue"}, Effect: "deny"}, red}, nil},
		{"admins", []config.AccessRule{{Roles: []string{"admin"}}}, []config.AccessRule{red, {Roles: []string{"admin"}}}},
		{"the department", []config.AccessRule{{Attributes: map[string][]string{"department": {"hr"}}}, blue}, nil},
		{"a step", []config.AccessRule{{Groups: []string{"red"}, ACR: "aal2"}, blue}, nil},
		{"at home", []config.AccessRule{{Networks: []netip.Prefix{home}, Groups: []string{"red", "blue"}}}, []config.AccessRule{{Networks: []netip.Prefix{home}}}},
		{"away", []config.AccessRule{{Networks: []netip.Prefix{away}}, red}, []config.AccessRule{{Networks: []netip.Prefix{home}, Effect: "deny"}}},
		{"not at home", []config.AccessRule{{Networks: []netip.Prefix{home}, Roles: []string{"admin"}, Effect: "deny"}, {}}, nil},
		{"a name", []config.AccessRule{{Users: []string{"ada@example.com"}}, red}, nil},
		{"not the service", nil, []config.AccessRule{blue}},
	}
)
