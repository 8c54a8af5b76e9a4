package login

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login/message"
	"github.com/latchkey-id/latchkey/login/onetime"
	pass "github.com/latchkey-id/latchkey/login/password"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/pquerna/otp/totp"
	"golang.org/x/net/html"
)

// site is the pages over a real SQLite store, with a stand-in for the provider:
// it starts interactions, and where nothing is missing says who is signed in.
type site struct {
	t     *testing.T
	store *sqlstore.Store
	pages *Pages
	clock *clock
	url   *url.URL
	log   bytes.Buffer
	// messages composes what was queued, as the worker does.
	composer *message.Composer
	client   storage.Client
}

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

const goodPassword = "correct horse battery staple"

// siteOptions change what a site is made of.
type siteOptions struct {
	policy func(*mfa.Policy)
	config func(*Config)
	client func(*storage.Client)
}

func newSite(t *testing.T, o siteOptions) *site {
	t.Helper()
	s := &site{t: t, clock: &clock{now: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)}}
	log := slog.New(slog.NewJSONHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	hasher, err := keys.NewHasher([]keys.SecretKey{{ID: "p1", Key: bytes.Repeat([]byte{1}, 32)}})
	check(t, err)
	s.store, err = sqlstore.Open(t.Context(), sqlstore.Config{
		URL: "sqlite://" + filepath.Join(t.TempDir(), "latchkey.db"), Now: s.clock.Now, Log: log, Hasher: hasher,
	})
	check(t, err)
	t.Cleanup(func() { _ = s.store.Close() })
	_, err = s.store.Migrate(t.Context())
	check(t, err)
	sealer, err := keys.NewSealer([]keys.SecretKey{{ID: "k1", Key: bytes.Repeat([]byte{2}, 32)}})
	check(t, err)

	mux := http.NewServeMux()
	server := httptest.NewServer(nil)
	t.Cleanup(server.Close)
	s.url, err = url.Parse(server.URL)
	check(t, err)
	cookies, errors := web.Cookies{Insecure: true}, &web.Errors{Log: log}
	renderer, err := ui.New(ui.Config{Brand: ui.Brand{Name: "Latchkey"}, Cookies: cookies, Hasher: hasher, Log: log})
	check(t, err)
	errors.Render = renderer.RenderError

	s.client = storage.Client{ID: "wiki", Name: "Wiki", Consent: storage.ConsentImplied, RedirectURIs: []string{"https://wiki.example.com/cb"}}
	if o.client != nil {
		o.client(&s.client)
	}
	passwords, err := pass.New(pass.Config{
		Params: pass.Params{MemoryKiB: 19456, Time: 2, Parallelism: 1}, MaxConcurrent: 2, QueueTimeout: time.Minute, Random: rand.Reader,
	})
	check(t, err)
	lifetimes := message.Lifetimes{Verify: 24 * time.Hour, Code: 30 * time.Minute, Reset: time.Hour, Undo: 7 * 24 * time.Hour}
	intents := message.NewIntents(message.IntentsConfig{Sealer: sealer, Now: s.clock.Now, Random: rand.Reader, Lifetimes: lifetimes})
	tokens := onetime.New(onetime.Config{Store: s.store.Ephemeral(), Hasher: hasher, Sealer: sealer, Now: s.clock.Now})

	policy := mfa.DefaultPolicy()
	policy.EnrolGrace = 0
	if o.policy != nil {
		o.policy(&policy)
	}
	factors := mfa.Config{
		Issuer: s.url, Brand: "Latchkey", Credentials: s.store.Credentials(), Recovery: s.store.RecoveryCodes(), Lockouts: s.store.Lockouts(),
		Devices: s.store.TrustedDevices(), Users: s.store.Users(), Outbox: s.store.Outbox(), Ephemeral: s.store.Ephemeral(),
		Sender: testSender{intents, s.store}, Hasher: hasher, Sealer: sealer, Random: rand.Reader, Counter: noMetrics{},
		Policy: policy, Codes: mfa.DefaultCodeLimits(),
	}
	all, err := mfa.New(factors)
	check(t, err)
	generous := storage.Backoff{Free: 1000, Base: time.Second, Max: time.Minute, Window: time.Hour}
	cfg := Config{
		UI: renderer, Users: s.store.Users(), Sessions: s.store.Sessions(), Consents: s.store.Consents(), Events: s.store.Events(),
		Invitations: s.store.Invitations(), Outbox: s.store.Outbox(), Ephemeral: s.store.Ephemeral(), Clients: oneClient{&s.client},
		Password: passwords, PasswordPolicy: pass.Policy{MinLength: 15, MinLengthWithFactor: 8}, Tokens: tokens, Messages: intents,
		Factors: all, Devices: mfa.NewDevices(factors), Hasher: hasher, Sealer: sealer, Errors: errors, Cookies: cookies,
		Metrics: noMetrics{}, Log: log, Now: s.clock.Now, Random: rand.Reader,
		SessionIdle: time.Hour, SessionAbsolute: 24 * time.Hour, PartialLifetime: 5 * time.Minute, BindAddress: BindNetwork,
		SignUp: SignUpOpen, SignUpEmail: "required", SignUpUsername: "optional", Queued: func() {},
		Limits: Limits{
			SignInPair: generous, SignInAccount: generous, SignInAddress: generous, SignInKnown: generous,
			SignUp: AskLimits{generous, generous}, Reset: AskLimits{generous, generous}, Resend: AskLimits{generous, generous}, Messages: MessageLimits{generous, generous, generous},
		},
	}
	if o.config != nil {
		o.config(&cfg)
	}
	s.pages = New(cfg)
	s.pages.Register(mux)
	renderer.Register(mux)
	mux.Handle("GET /start", errors.Handle(s.startInteraction))
	mux.Handle("GET /authorize/resume", errors.Handle(s.resume))
	mux.Handle("GET /account", errors.Handle(s.account))
	server.Config.Handler = web.Wrap(web.Config{Hosts: []string{s.url.Host}, MaxBody: 64 << 10, Errors: errors, Log: log}, mux)
	s.composer = s.newComposer(tokens, hasher, sealer, lifetimes)
	return s
}

func (s *site) newComposer(tokens *onetime.Tokens, hasher *keys.Hasher, sealer *keys.Sealer, lifetimes message.Lifetimes) *message.Composer {
	s.t.Helper()
	templates, err := message.LoadTemplates("")
	check(s.t, err)
	c, err := message.NewComposer(message.ComposerConfig{
		Issuer: s.url.String(), Brand: message.Brand{Name: "Latchkey", Accent: "#3b5bdb", OnAccent: "#ffffff"}, Users: s.store.Users(),
		Tokens: tokens, Hasher: hasher, Sealer: sealer, Templates: templates, Now: s.clock.Now, Lifetimes: lifetimes,
	})
	check(s.t, err)
	return c
}

type oneClient struct{ client *storage.Client }

func (c oneClient) Client(id string) (*storage.Client, bool) { return c.client, id == c.client.ID }

type noMetrics struct{}

func (noMetrics) SignedIn(string)                   {}
func (noMetrics) SignInFailed()                     {}
func (noMetrics) Throttled(string)                  {}
func (noMetrics) Factor(storage.FactorKind, string) {}

type testSender struct {
	intents *message.Intents
	store   *sqlstore.Store
}

func (s testSender) Send(ctx context.Context, _ storage.Channel, kind storage.MessageKind, u *storage.User, to, code, locale string, notAfter time.Time) error {
	m, err := s.intents.New(message.Asked{Locale: locale}, message.Code{Kind: kind, UserID: u.ID, To: to, Code: code, ExpiresAt: notAfter})
	if err != nil {
		return err
	}
	return s.store.Outbox().Add(ctx, nil, m)
}

func (s testSender) Notice(n mfa.Notice) (storage.Message, error) {
	return s.intents.New(message.Asked{Locale: n.Locale, Address: n.Address, UserAgent: n.UserAgent, At: n.At}, message.Notice{
		Kind: n.Kind, UserID: n.User.ID, To: n.User.Email, Factor: n.Factor, Name: n.Name, Remaining: n.Remaining,
	})
}

// startInteraction does what the provider does with a checked request, whose
// parameters the test gives as JSON.
func (s *site) startInteraction(w http.ResponseWriter, r *http.Request) error {
	in, err := s.pages.ask(w, r, Asked{})
	if err != nil {
		return err
	}
	in.Request = storage.AuthorizationRequest{ClientID: "wiki", Scopes: []string{"openid"}, RedirectURI: s.client.RedirectURIs[0]}
	if text := r.URL.Query().Get("request"); text != "" {
		if err := json.Unmarshal([]byte(text), &in.Request); err != nil {
			return err
		}
	}
	if err := s.pages.saveInteraction(r.Context(), in); err != nil {
		return err
	}
	s.pages.Begin(w, r, in)
	return nil
}

// resume answers as the provider does: with what it would tell the client.
func (s *site) resume(w http.ResponseWriter, r *http.Request) error {
	in, err := s.pages.interaction(r)
	if err != nil {
		return err
	}
	outcome, err := s.pages.Check(r, in)
	switch {
	case err != nil:
		return err
	case in.Denied:
		fmt.Fprintln(w, "denied")
	case in.Refused != "":
		fmt.Fprintln(w, "error "+in.Refused)
	case outcome.Fatal:
		fmt.Fprintln(w, "error "+outcome.Error)
	case outcome.Missing != "":
		s.pages.Begin(w, r, in)
	default:
		a := outcome.SignedIn.Session.Authentication
		fmt.Fprintf(w, "code for %s acr=%s amr=%s\n", outcome.SignedIn.User.ID, a.ACR, strings.Join(a.AMR, ","))
	}
	return nil
}

func (s *site) account(w http.ResponseWriter, r *http.Request) error {
	signedIn, err := s.pages.Session(r)
	if err != nil {
		return err
	}
	if signedIn == nil {
		return s.pages.Ask(w, r, Asked{ReturnTo: accountPath})
	}
	_, err = fmt.Fprintf(w, "account of %s\n", signedIn.User.ID)
	return err
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// person makes an account with the good password.
func (s *site) person(email string, change ...func(*storage.User)) *storage.User {
	s.t.Helper()
	id, err := storage.NewID(s.clock.Now(), rand.Reader)
	check(s.t, err)
	hash, err := s.pages.cfg.Password.Hash(s.t.Context(), goodPassword)
	check(s.t, err)
	u := &storage.User{ID: id, Email: email, EmailVerified: true, PasswordHash: hash, CreatedAt: s.clock.Now(), UpdatedAt: s.clock.Now()}
	for _, c := range change {
		c(u)
	}
	check(s.t, s.store.Users().Create(s.t.Context(), u, s.event(storage.EventUserCreated)))
	return u
}

func (s *site) event(typ storage.EventType) storage.Event {
	s.t.Helper()
	id, err := storage.NewID(s.clock.Now(), rand.Reader)
	check(s.t, err)
	return storage.Event{ID: id, At: s.clock.Now(), Type: typ, Outcome: storage.Success}
}

// inbox composes and takes what was queued, oldest first.
func (s *site) inbox() []message.Mail {
	s.t.Helper()
	queued, err := s.store.Outbox().Claim(s.t.Context(), s.clock.Now(), time.Minute, 100)
	check(s.t, err)
	var mails []message.Mail
	for _, m := range queued {
		mail, err := s.composer.Compose(s.t.Context(), m)
		if err == nil {
			mails = append(mails, mail)
		}
		check(s.t, s.store.Outbox().Finish(s.t.Context(), m.ID, storage.MessageSent, "", s.clock.Now()))
	}
	return mails
}

// browser is a person's browser: a jar of cookies and the page it shows.
type browser struct {
	s      *site
	client *http.Client
	agent  string
	header http.Header
	page   *shown
	// seen, where it is not nil, is told of every answer.
	seen func(*shown)
}

// shown is a page after all redirects.
type shown struct {
	status int
	header http.Header
	url    *url.URL
	body   string
	doc    *html.Node
}

func (s *site) browser() *browser {
	jar, err := cookiejar.New(nil)
	check(s.t, err)
	return &browser{s: s, client: &http.Client{Jar: jar}, agent: "Mozilla/5.0 (X11; Linux) Firefox/140.0", header: http.Header{}}
}

func (b *browser) do(r *http.Request) *shown {
	b.s.t.Helper()
	r.Header = b.header.Clone()
	if r.Method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("User-Agent", b.agent)
	response, err := b.client.Do(r)
	check(b.s.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	check(b.s.t, err)
	doc, err := html.Parse(bytes.NewReader(body))
	check(b.s.t, err)
	b.page = &shown{response.StatusCode, response.Header, response.Request.URL, string(body), doc}
	if b.seen != nil {
		b.seen(b.page)
	}
	return b.page
}

// get opens a path.
func (b *browser) get(path string) *shown {
	b.s.t.Helper()
	r, err := http.NewRequestWithContext(b.s.t.Context(), http.MethodGet, b.s.url.String()+path, nil)
	check(b.s.t, err)
	return b.do(r)
}

// start begins a sign-in for the client.
func (b *browser) start(request string) *shown {
	b.s.t.Helper()
	return b.get("/start?request=" + url.QueryEscape(request))
}

// submit sends the form of the page that holds the button, with its hidden
// fields, the button's own value and the given name=value fields.
func (b *browser) submit(button string, fields ...string) *shown {
	b.s.t.Helper()
	form := b.page.formOf(button)
	if form == nil {
		b.s.t.Fatalf("no button %q on %s:\n%s", button, b.page.url, b.page.body)
	}
	values := form.values
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		values.Set(name, value)
	}
	return b.post(form.action, values)
}

func (b *browser) post(path string, values url.Values) *shown {
	b.s.t.Helper()
	to, err := b.s.url.Parse(path)
	check(b.s.t, err)
	r, err := http.NewRequestWithContext(b.s.t.Context(), http.MethodPost, to.String(), strings.NewReader(values.Encode()))
	check(b.s.t, err)
	return b.do(r)
}

// signIn fills in the sign-in page that is shown.
func (b *browser) signIn(username, password string) *shown {
	b.s.t.Helper()
	return b.submit("login-submit", "username="+username, "password="+password)
}

type form struct {
	action string
	values url.Values
}

// formOf returns the form with the button, or nil.
func (p *shown) formOf(button string) *form {
	var found *form
	walk(p.doc, func(n *html.Node) {
		if n.Data != "form" || found != nil {
			return
		}
		f, has := &form{action: attr(n, "action"), values: url.Values{}}, false
		walk(n, func(c *html.Node) {
			switch {
			case attr(c, "id") == button:
				has = true
				if attr(c, "name") != "" {
					f.values.Set(attr(c, "name"), attr(c, "value"))
				}
			case c.Data == "input" && attr(c, "type") == "hidden":
				f.values.Set(attr(c, "name"), attr(c, "value"))
			}
		})
		if has {
			found = f
		}
	})
	return found
}

// has reports whether the page has an element with the id.
func (p *shown) has(id string) bool { return p.element(id) != nil }

func (p *shown) element(id string) *html.Node {
	var found *html.Node
	walk(p.doc, func(n *html.Node) {
		if attr(n, "id") == id {
			found = n
		}
	})
	return found
}

// text is what the element with the id says.
func (p *shown) text(id string) string {
	var b strings.Builder
	if n := p.element(id); n != nil {
		walk(n, func(c *html.Node) {
			if c.Type == html.TextNode {
				b.WriteString(c.Data)
			}
		})
	}
	return strings.TrimSpace(b.String())
}

func walk(n *html.Node, visit func(*html.Node)) {
	visit(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, visit)
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// code is what an authenticator app shows for the secret now.
func (s *site) code(secret string) string {
	s.t.Helper()
	code, err := totp.GenerateCode(strings.ReplaceAll(secret, " ", ""), s.clock.Now())
	check(s.t, err)
	return code
}

// want fails unless the page says what it should.
func (p *shown) want(t *testing.T, status int, text string) {
	t.Helper()
	if p.status != status || !strings.Contains(p.body, text) {
		t.Fatalf("%s: %d, want %d and %q in:\n%s", p.url, p.status, status, text, p.body)
	}
}
