package logintest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/account/password"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/latchkey-id/latchkey/storage/storagetest"
	"github.com/latchkey-id/latchkey/ui"
)

// GoodPassword is that of every person.
const GoodPassword = "correct horse battery staple"

// Lifetimes of the links of messages.
var Lifetimes = message.Lifetimes{Verify: 24 * time.Hour, Code: 30 * time.Minute, Reset: time.Hour, Undo: 7 * 24 * time.Hour}

// Generous is a limit that no test meets by chance.
var Generous = storage.Backoff{Free: 1000, Base: time.Second, Max: time.Minute, Window: time.Hour}

// Options change what the parts are made of.
type Options struct {
	Policy func(*mfa.Policy)
	// SMS has codes sent by SMS; nil: there are none.
	SMS *mfa.SMSLimits
	// Accounts changes what the account service is made of.
	Accounts func(*account.Config)
}

// Parts are all that the pages are made of.
type Parts struct {
	T         *testing.T
	Clock     *storagetest.Clock
	Store     *sqlstore.Store
	URL       *url.URL
	Log       *testenv.Log
	Logger    *slog.Logger
	Hasher    *keys.Hasher
	Sealer    *keys.Sealer
	Cookies   web.Cookies
	Errors    *web.Errors
	UI        *ui.Renderer
	Passwords *password.Hasher
	Intents   *message.Intents
	Tokens    *onetime.Tokens
	Factors   *mfa.Factors
	Devices   *mfa.Devices
	// Accounts changes accounts.
	Accounts *account.Service
	// Composer composes what was queued, as the worker does.
	Composer *message.Composer
	server   *httptest.Server
}

// New makes the parts, and a server that answers nothing until [Parts.Serve].
func New(t *testing.T, o Options) *Parts {
	t.Helper()
	p := &Parts{T: t, Clock: storagetest.NewClock(), Log: &testenv.Log{}, Cookies: web.Cookies{Insecure: true}}
	p.Logger = slog.New(web.LogHandler(slog.NewJSONHandler(p.Log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	var err error
	p.Hasher, err = keys.NewHasher([]keys.SecretKey{{ID: "p1", Key: bytes.Repeat([]byte{1}, 32)}})
	Check(t, err)
	p.Sealer, err = keys.NewSealer([]keys.SecretKey{{ID: "k1", Key: bytes.Repeat([]byte{2}, 32)}})
	Check(t, err)
	p.Store, err = sqlstore.Open(t.Context(), sqlstore.Config{
		URL: "sqlite://" + filepath.Join(t.TempDir(), "latchkey.db"), Now: p.Clock.Now, Log: p.Logger, Hasher: p.Hasher,
	})
	Check(t, err)
	t.Cleanup(func() { Check(t, p.Store.Close()) })
	_, err = p.Store.Migrate(t.Context())
	Check(t, err)
	p.server = httptest.NewServer(nil)
	t.Cleanup(p.server.Close)
	p.URL, err = url.Parse(p.server.URL)
	Check(t, err)
	p.Errors = &web.Errors{Log: p.Logger}
	p.UI, err = ui.New(ui.Config{Brand: ui.Brand{Name: "Latchkey"}, Cookies: p.Cookies, Hasher: p.Hasher, Log: p.Logger})
	Check(t, err)
	p.Errors.Render = p.UI.RenderError
	p.Passwords, err = password.New(password.Config{
		Params: password.Params{MemoryKiB: 19456, Time: 2, Parallelism: 1}, MaxConcurrent: 2, QueueTimeout: time.Minute, Random: rand.Reader,
	})
	Check(t, err)
	p.messages()
	p.factors(o)
	p.Accounts = account.New(p.accounts(o))
	return p
}

// accounts is what the account service is made of, as the binary makes it.
func (p *Parts) accounts(o Options) account.Config {
	cfg := account.Config{
		Stores: account.Stores{
			Users: p.Store.Users(), Accounts: p.Store.Users(), Verifiers: p.Store.Users(), Addresses: p.Store.Users(),
			Profiles: p.Store.Users(), Lifecycles: p.Store.Users(), Lockdowns: p.Store.Users(), Epochs: p.Store.Users(), Credentials: p.Store.Credentials(), Recovery: p.Store.RecoveryCodes(),
			Trusted: p.Store.TrustedDevices(), Lockouts: p.Store.Lockouts(), Sessions: p.Store.Sessions(), Grants: p.Store.Grants(),
			Consents: p.Store.Consents(), Groups: p.Store.Groups(), Memberships: p.Store.Memberships(), Edits: p.Store.Users(), Provisions: p.Store.Provisions(), Provisioners: p.Store.Users(), Invitations: p.Store.Invitations(), LockedClients: p.Store.LockedClients(), Events: p.Store.Events(), Outbox: p.Store.Outbox(),
			Deliveries: p.Store.Outbox(), Feeds: p.Store.Feeds(),
		},
		Passwords: p.Passwords, PasswordPolicy: password.Policy{MinLength: 15, MinLengthWithFactor: 8}, Policy: p.Factors.Policy(),
		Factors: p.Factors, Trust: p.Devices, Tokens: p.Tokens, Messages: p.Intents, Hasher: p.Hasher, Sealer: p.Sealer,
		Now: p.Clock.Now, Random: rand.Reader, Queued: func() {},
		SignUp:        account.SignUpPolicy{Mode: account.SignUpOpen, Email: account.PresenceRequired, Username: account.PresenceOptional},
		DeletionGrace: 14 * 24 * time.Hour, InvitationLifetime: 7 * 24 * time.Hour, LockdownUndo: 24 * time.Hour, RecentFactors: 7 * 24 * time.Hour,
	}
	if o.Accounts != nil {
		o.Accounts(&cfg)
	}
	return cfg
}

// Submissions make forms idempotent.
func (p *Parts) Submissions() *interaction.Submissions {
	return interaction.NewSubmissions(interaction.SubmissionsConfig{
		Store: p.Store.Ephemeral(), Hasher: p.Hasher, Sealer: p.Sealer, Cookies: p.Cookies,
	})
}

// Interactions keeps what waits for a person; one network address may start so many at once.
func (p *Parts) Interactions(perAddress int) *interaction.Store {
	short := p.Store.Ephemeral()
	return interaction.NewStore(interaction.Config{
		Store: short, Counters: short, Hasher: p.Hasher, Cookies: p.Cookies, PendingPerAddress: perAddress,
	})
}

func (p *Parts) messages() {
	p.T.Helper()
	p.Intents = message.NewIntents(message.IntentsConfig{Sealer: p.Sealer, Now: p.Clock.Now, Random: rand.Reader, Lifetimes: Lifetimes})
	p.Tokens = onetime.New(onetime.Config{Store: p.Store.Ephemeral(), Hasher: p.Hasher, Sealer: p.Sealer, Now: p.Clock.Now})
	templates, err := message.LoadTemplates("")
	Check(p.T, err)
	p.Composer, err = message.NewComposer(message.ComposerConfig{
		Issuer: p.URL.String(), Brand: message.Brand{Name: "Latchkey", Accent: "#3b5bdb", OnAccent: "#ffffff"}, Users: p.Store.Users(),
		Tokens: p.Tokens, Hasher: p.Hasher, Sealer: p.Sealer, Templates: templates, Now: p.Clock.Now, Lifetimes: Lifetimes,
	})
	Check(p.T, err)
}

func (p *Parts) factors(o Options) {
	p.T.Helper()
	policy := mfa.DefaultPolicy()
	policy.EnrollGrace = 0
	if o.Policy != nil {
		o.Policy(&policy)
	}
	cfg := mfa.Config{
		Issuer: p.URL, Brand: "Latchkey", Credentials: p.Store.Credentials(), Recovery: p.Store.RecoveryCodes(), Lockouts: p.Store.Lockouts(),
		Devices: p.Store.TrustedDevices(), Users: p.Store.Users(), Outbox: p.Store.Outbox(), Ephemeral: p.Store.Ephemeral(),
		Sender: &message.Factors{Intents: p.Intents, Outbox: p.Store.Outbox(), Asked: func(context.Context) message.Asked { return message.Asked{} }},
		Hasher: p.Hasher, Sealer: p.Sealer, Random: rand.Reader, Counter: Metrics{}, Log: p.Logger,
		Policy: policy, Codes: mfa.DefaultCodeLimits(), SMS: o.SMS,
	}
	var err error
	p.Factors, err = mfa.New(cfg)
	Check(p.T, err)
	p.Devices = mfa.NewDevices(cfg)
}

// Serve has the server answer by the mux, as the binary does.
func (p *Parts) Serve(mux *http.ServeMux) {
	p.UI.Register(mux)
	p.server.Config.Handler = web.Wrap(web.Config{Hosts: []string{p.URL.Host}, MaxBody: 64 << 10, Errors: p.Errors, Log: p.Logger}, mux)
}

// Person makes an account with the good password.
func (p *Parts) Person(email string, change ...func(*storage.User)) *storage.User {
	p.T.Helper()
	now := p.Clock.Now()
	u := &storage.User{ID: p.ID(), Email: email, EmailVerified: true, PasswordHash: p.goodVerifier(), PasswordChangedAt: now, CreatedAt: now, UpdatedAt: now}
	for _, c := range change {
		c(u)
	}
	Check(p.T, p.Store.Users().Create(p.T.Context(), u, p.Event(storage.EventUserCreated)))
	return u
}

// verifier is of the good password: made once, since thousands of people have it.
var verifier struct {
	sync.Once
	text string
	err  error
}

func (p *Parts) goodVerifier() string {
	p.T.Helper()
	verifier.Do(func() {
		verifier.text, verifier.err = p.Passwords.Hash(context.WithoutCancel(p.T.Context()), GoodPassword)
	})
	Check(p.T, verifier.err)
	return verifier.text
}

// ID makes an id.
func (p *Parts) ID() storage.ID {
	p.T.Helper()
	id, err := storage.NewID(p.Clock.Now(), rand.Reader)
	Check(p.T, err)
	return id
}

// Event makes an event.
func (p *Parts) Event(typ storage.EventType) storage.Event {
	p.T.Helper()
	return storage.Event{ID: p.ID(), At: p.Clock.Now(), Type: typ, Outcome: storage.Success}
}

// Inbox composes and takes what was queued, oldest first.
func (p *Parts) Inbox() []message.Mail {
	p.T.Helper()
	var mails []message.Mail
	for _, m := range p.Claimed() {
		mail, err := p.Composer.Compose(p.T.Context(), m)
		if err == nil {
			mails = append(mails, mail)
		}
		Check(p.T, p.Store.Outbox().Finish(p.T.Context(), m.ID, storage.DeliveryEnd{Status: storage.DeliverySent, At: p.Clock.Now()}, nil))
	}
	return mails
}

// Claimed takes the messages that are due, of every channel, oldest first.
func (p *Parts) Claimed() []storage.Message {
	p.T.Helper()
	var claimed []storage.Message
	for _, topic := range storage.Topics() {
		found, err := p.Store.Outbox().Claim(p.T.Context(), storage.DeliveryClaim{
			Topic: topic, Limit: 100, Lease: time.Minute, Now: p.Clock.Now(),
		})
		Check(p.T, err)
		claimed = append(claimed, found...)
	}
	slices.SortFunc(claimed, func(a, b storage.Message) int { return cmp.Compare(a.ID, b.ID) })
	return claimed
}

// Check fails the test on an error.
func Check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Metrics counts nothing.
type Metrics struct{}

// SignedIn does nothing.
func (Metrics) SignedIn(string) {}

// SignInFailed does nothing.
func (Metrics) SignInFailed() {}

// Throttled does nothing.
func (Metrics) Throttled(string) {}

// Factor does nothing.
func (Metrics) Factor(storage.FactorKind, string) {}

// Pot does nothing.
func (Metrics) Pot(string, string, string) {}

// Client is a registry with one client.
type Client struct{ Is *client.Client }

// Client returns it.
func (c Client) Client(_ context.Context, id string) (*client.Client, error) {
	if id != c.Is.ID {
		return nil, client.ErrUnknown
	}
	return c.Is, nil
}

// Snapshot has it alone.
func (c Client) Snapshot() *client.Snapshot { return client.NewSnapshot([]client.Client{*c.Is}) }
