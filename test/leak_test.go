package test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/pquerna/otp/totp"
)

// talkative logs all it can, and asks of people all it can.
const talkative = `
log: {level: debug}
sign_up: {mode: open}
mfa: {factors: [passkey, totp, recovery, email]}
metrics: {listen: %q}
limits:
  messages: {per_account: {free: 1000}, per_destination: {free: 1000}, per_address: {free: 1000}}
  resend: {per_account: {free: 1000}, per_address: {free: 1000}}
  reset: {per_account: {free: 1000}, per_address: {free: 1000}}
  sign_up: {per_account: {free: 1000}, per_address: {free: 1000}}
clients:
  - id: wiki
    secret: %q
    redirect_uris: [https://wiki.example.com/callback]
    post_logout_redirect_uris: [https://wiki.example.com/]
    scopes: [openid, profile, email, offline_access]
    consent: remember
    require_verified_email: true
  - id: strict
    secret: %q
    redirect_uris: [https://wiki.example.com/callback]
    scopes: [openid, profile, email, offline_access]
    require_mfa: true
    trust_devices: true
    access_token_format: opaque
`

// TestOT3_LG2_RF1_NothingLeaks goes every way through the provider and then looks
// for each secret that was used in everything that was answered, logged, counted
// and stored, in clear and in the usual encodings. What the stores hold opens
// nothing.
func TestOT3_LG2_RF1_NothingLeaks(t *testing.T) {
	t.Parallel()
	for name, shared := range map[string]bool{"embedded": false, "PostgreSQL and Redis": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			metrics := testenv.FreeAddress(t)
			h := startHunt(t, shared, fmt.Sprintf(talkative, metrics, secrets["wiki"], secrets["strict"]))
			for id, value := range secrets {
				h.learn("secret of client "+id, value, nil)
			}
			used := h.journeys()
			h.snapshot("at the end")
			h.metrics(metrics)
			h.control()
			if len(h.secrets) < 60 {
				t.Errorf("only %d secrets were used", len(h.secrets))
			}
			for _, s := range h.secrets {
				if places := h.found(s); len(places) > 0 {
					t.Errorf("%s was found in %s", s, strings.Join(places, "; "))
				}
			}
			h.tryAll(used)
		})
	}
}

// control plants words where they may be, and shows that the search finds them.
func (h *hunt) control() {
	h.t.Helper()
	const canary = "a-canary-that-sings-everywhere"
	b := h.in.nodes[0].Browser(h.t)
	b.Get("/" + canary)
	b.Get(h.authorize("wiki", "state", canary, "login_hint", canary))
	h.snapshot("with a canary")
	places := strings.Join(h.found(secret{"canary", canary, nil}), "; ")
	wanted := []string{"log", "body of GET /login"}
	if h.in.redis != nil {
		wanted = append(wanted, "Redis")
	} else {
		wanted = append(wanted, "latchkey.db")
	}
	for _, want := range wanted {
		if !strings.Contains(places, want) {
			h.t.Errorf("the search does not find what is in %s but in %q", want, places)
		}
	}
	for _, form := range spellings(canary) {
		if !holds("x"+form+"y", canary) {
			h.t.Errorf("the search does not know %q", form)
		}
	}
	if !holds(`code=123456 `, "123456") || holds("91234567", "123456") {
		h.t.Error("the search does not know a short code")
	}
}

// authorize is the address that a client sends a browser to.
func (h *hunt) authorize(client string, more ...string) string {
	rp := h.in.client(client)
	address := rp.authorize()
	for i := 0; i < len(more); i += 2 {
		path, query, _ := strings.Cut(address, "?")
		values, err := url.ParseQuery(query)
		if err != nil {
			h.t.Fatal(err)
		}
		values.Set(more[i], more[i+1])
		address = path + "?" + values.Encode()
	}
	return address
}

// mail is a message of the inbox.
type mail struct {
	Code  string   `json:"code"`
	Links []string `json:"links"`
	Text  string   `json:"text"`
}

// inbox returns the newest message to an address that was asked for: notices of
// what happened, which nobody waits for, come between. The secrets of all are learnt.
func (h *hunt) inbox(to string) mail {
	h.t.Helper()
	var asked []mail
	for _, m := range h.messages(to) {
		h.learnMail(to, m)
		if !slices.ContainsFunc(m.Links, func(link string) bool { return strings.Contains(link, message.PathDisown+"?") }) {
			asked = append(asked, m)
		}
	}
	if len(asked) == 0 {
		h.t.Fatalf("no message but notices to %s", to)
	}
	return asked[0]
}

// messages are all to an address, the newest first.
func (h *hunt) messages(to string) []mail {
	h.t.Helper()
	response, err := h.in.nodes[0].HTTP().Get(h.in.nodes[0].Issuer + "/dev/inbox.json?to=" + url.QueryEscape(to))
	if err != nil {
		h.t.Fatalf("read inbox: %v", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	var all []mail
	if err != nil || json.Unmarshal(body, &all) != nil || len(all) == 0 {
		h.t.Fatalf("no message to %s: %v in %s", to, err, body)
	}
	return all
}

// learnMail notes the code and the links of a message.
func (h *hunt) learnMail(to string, m mail) {
	h.t.Helper()
	if m.Code != "" {
		h.learn("code sent to "+to, m.Code, nil)
	}
	for _, link := range m.Links {
		u, err := url.Parse(link)
		if err != nil {
			h.t.Fatalf("link %q: %v", link, err)
		}
		if token := u.Query().Get("token"); token != "" {
			h.learn("token of a link to "+u.Path, token, shownAt(u.Path))
		}
	}
}

// linkTo is the newest link to a page that was sent to an address, among other messages.
func (h *hunt) linkTo(to, path string) string {
	h.t.Helper()
	for _, m := range h.messages(to) {
		for _, link := range m.Links {
			if u, err := url.Parse(link); err == nil && u.Path == path {
				h.learnMail(to, m)
				return u.RequestURI()
			}
		}
	}
	h.t.Fatalf("no link to %s was sent to %s", path, to)
	return ""
}

func (m mail) link(t *testing.T, path string) string {
	t.Helper()
	for _, link := range m.Links {
		if u, err := url.Parse(link); err == nil && u.Path == path {
			return u.RequestURI()
		}
	}
	t.Fatalf("no link to %s in %v", path, m.Links)
	return ""
}

// fields makes the argument of Submit.
func fields(pairs ...string) []string {
	var all []string
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, pairs[i]+"="+pairs[i+1])
	}
	return all
}

func (h *hunt) password(value string) string { return h.learn("password", value, nil) }

// want fails unless the page has an element.
func (h *hunt) want(p *testbrowser.Page, id string) *testbrowser.Page {
	h.t.Helper()
	if !p.Has(id) {
		h.t.Fatalf("no #%s on %s (%d, %v):\n%s", id, p.URL, p.Status, p.Location, p.Body)
	}
	return p
}

// code is the authorization code that a page leads to.
func (h *hunt) code(p *testbrowser.Page) string {
	h.t.Helper()
	if p.Location == nil || !p.Location.Query().Has("code") {
		h.t.Fatalf("no code but %v from %s (%d):\n%s", p.Location, p.URL, p.Status, p.Body)
	}
	return h.learn("authorization code", p.Location.Query().Get("code"), shownAt("/authorize", "/authorize/resume"))
}

// tokens exchanges a code; all that comes is learnt.
func (h *hunt) tokens(client, code string) answer {
	h.t.Helper()
	a := must(h.t, h.in.client(client).exchange(h.in.http(0), code))
	h.learnTokens(a)
	return a
}

func (h *hunt) learnTokens(a answer) {
	home := shownAt("/token")
	h.learn("access token", a.AccessToken, home)
	if a.RefreshToken != "" {
		h.learn("refresh token", a.RefreshToken, home)
	}
	if a.IDToken != "" {
		h.learn("ID token", a.IDToken, shownAt("/token", "/logout"))
	}
}

// enrollTOTP adds an authenticator app on the page, and returns its secret.
func (h *hunt) enrollTOTP(b *testbrowser.Browser, page *testbrowser.Page) (string, *testbrowser.Page) {
	h.t.Helper()
	if link := page.Link("data-factor", "totp"); link != "" {
		page = b.Get(link)
	}
	key := h.learn("TOTP secret", strings.ReplaceAll(h.want(page, "totp-secret").Text("totp-secret"), " ", ""), shownAt("/enroll"))
	page = h.want(b.SubmitOn(page, "enroll-submit", "code="+h.app(key, 0)), "recovery-continue")
	for _, code := range page.Texts("recovery-code") {
		h.learn("recovery code", code, shownAt("/recovery-codes"))
		h.learn("recovery code without dashes", strings.ReplaceAll(code, "-", ""), nil)
	}
	return key, page
}

// app is what an authenticator app shows, or will after some steps.
func (h *hunt) app(key string, steps int) string {
	code, err := totp.GenerateCode(key, time.Now().Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		h.t.Fatalf("TOTP code: %v", err)
	}
	return h.learn("TOTP code", code, nil)
}

func (h *hunt) browser() *testbrowser.Browser {
	h.t.Helper()
	return h.in.nodes[0].Browser(h.t)
}

// tryAll uses every word of the stores as a token of each kind (requirement RF1).
// The real ones show that each would be taken.
func (h *hunt) tryAll(real used) {
	h.t.Helper()
	n, wiki := h.in.nodes[0], h.in.client("wiki")
	session := func(value string) bool {
		r, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, n.Issuer+h.authorize("wiki", "prompt", "none"), http.NoBody)
		if err != nil {
			h.t.Fatal(err)
		}
		r.AddCookie(&http.Cookie{Name: real.sessionName, Value: value})
		response, err := n.HTTP().Do(r)
		if err != nil {
			h.t.Fatal(err)
		}
		_ = response.Body.Close()
		return strings.Contains(response.Header.Get("Location"), "code=")
	}
	link := func(path string) func(string) bool {
		return func(value string) bool { return n.Browser(h.t).Get(path+"?token="+value).Status == http.StatusOK }
	}
	words := h.candidates()
	if len(words) < 100 {
		h.t.Errorf("only %d words in the stores", len(words))
	}
	for name, kind := range map[string]struct {
		real  string
		opens func(string) bool
	}{
		"access token":  {real.access, func(w string) bool { return wiki.userinfo(h.in.http(0), w).Status == http.StatusOK }},
		"session":       {real.session, session},
		"reset token":   {real.reset, link("/reset-password")},
		"refresh token": {real.refresh, func(w string) bool { return wiki.refresh(h.in.http(0), w).Status == http.StatusOK }},
		"code":          {"", func(w string) bool { return wiki.exchange(h.in.http(0), w).Status == http.StatusOK }},
	} {
		for _, word := range words {
			if kind.opens(word) {
				h.t.Errorf("a word of the stores works as %s: %.12s…", name, word)
			}
		}
		if kind.real != "" && !kind.opens(kind.real) {
			h.t.Errorf("the real %s does not work: this showed nothing", name)
		}
	}
}
