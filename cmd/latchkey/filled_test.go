package main

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/cmd/internal/eventfeed"
	"github.com/latchkey-id/latchkey/storage"
)

// hostileAgent is what a browser may call itself: wide and combining characters, and what a
// terminal would obey.
const hostileAgent = "Mozilla/5.0 (漢字; e\u0301; \U0001F469\u200d\U0001F469\u200d\U0001F467) \x1b[31mred\x1b]0;title\x07 \u202Egpj.exe \x9b2J" +
	" and more than any terminal is wide, so that it has to go on below or be cut, and then some, and then some more"

// filled is an installation that has one of everything that commands show.
type filled struct {
	*installation
	ada, grace *storage.User
	sid        storage.ID
	app, key   string
	// source is a file of people to import, and other another configuration.
	source, other string
}

func newFilled(t *testing.T) *filled {
	t.Helper()
	secret, err := eventfeed.NewSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOOK", secret)
	f := &filled{installation: newInstallation(t, `
registration: {mode: token}
sign_up: {mode: invitation}
mail: {smtp_url: "smtps://127.0.0.1:1", from: id@example.com}
events: {webhooks: [{name: siem, url: "https://siem.example.com/in", secret: env:HOOK}]}
attributes: [{name: department}]
`)}
	f.fillPeople(t)
	f.fillAccess(t)
	f.fillSystem(t)
	return f
}

// must runs a command that has to do what it says.
func (f *filled) must(t *testing.T, args ...string) string {
	t.Helper()
	status, out, errs := f.run(t, args...)
	if status != 0 {
		t.Fatalf("%v = %d %s", args, status, errs)
	}
	return out
}

func (f *filled) fillPeople(t *testing.T) {
	t.Helper()
	ctx, accounts := t.Context(), f.current.Load().accounts
	var err error
	f.ada, err = accounts.Create(ctx, operator(), account.NewAccount{
		Email: "ada@example.com", EmailVerified: true, Username: "ada", Phone: "+4915112345678", PhoneVerified: true, Password: "correct horse battery staple",
		Profile: storage.Profile{Name: "エイダ・ラブレス e\u0301"}, Attributes: map[string]any{"department": "研究"},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.grace = f.person(t, "grace@example.com", time.Time{})
	f.person(t, "gone@example.com", f.now().Add(time.Hour))
	f.must(t, "group", "create", "人事部", "--display-name", "人事部 Human resources", "--description", "Those who hire", "--role", "payroll")
	f.must(t, "group", "add", "人事部", "ada@example.com")
	f.must(t, "user", "set-roles", "ada@example.com", "staff", "payroll")
	f.must(t, "user", "disable", string(f.person(t, "off@example.com", time.Time{}).ID))
	f.must(t, "lockdown", string(f.person(t, "shut@example.com", time.Time{}).ID), "--reason", "stolen", "--yes")
	f.must(t, "user", "edit", "grace@example.com", "--email", "grace.hopper@example.com")
	f.must(t, "invite", "create", "--email", "late@example.com", "--print-link")
}

func (f *filled) fillAccess(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	f.sid = f.signIn(t, f.ada, time.Hour, "wiki")
	f.signIn(t, f.grace, 0, "wiki")
	f.must(t, "grant", "revoke", string(f.grace.ID), "wiki", "--yes")
	event := func(typ storage.EventType) storage.Event {
		e, err := account.NewEvent(f.now(), rand.Reader, account.System("test"), typ, f.ada.ID)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	factor := &storage.Credential{ID: newID(t), UserID: f.ada.ID, Kind: storage.FactorPasskey, Name: "鍵\x1b[2J", ExternalID: "x", Public: []byte("{}"), CreatedAt: f.now(), LastUsedAt: f.now()}
	if err := f.store.Credentials().Add(ctx, factor, storage.FactorStart{PasswordEpoch: f.ada.PasswordEpoch}, event(storage.EventFactorAdded)); err != nil {
		t.Fatal(err)
	}
	device := &storage.TrustedDevice{
		ID: newID(t), UserID: f.ada.ID, SecretHash: "p1.x", PasswordEpoch: f.ada.PasswordEpoch, ACR: "aal2", UserAgent: hostileAgent, Address: "192.0.2.1",
		CreatedAt: f.now(), LastUsedAt: f.now(), ExpiresAt: f.now().Add(time.Hour),
	}
	if err := f.store.TrustedDevices().Create(ctx, device, event(storage.EventDeviceTrusted)); err != nil {
		t.Fatal(err)
	}
	by := account.Visitor(account.Origin{Address: "192.0.2.1", UserAgent: hostileAgent, RequestID: "r1", ClientID: "wiki"})
	if err := f.current.Load().accounts.Record(ctx, by, storage.EventSignInFailed, f.ada.ID, storage.Failure, "password \x1b[31m漢字"); err != nil {
		t.Fatal(err)
	}
}

func (f *filled) fillSystem(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	if err := f.ring.Load(ctx); err != nil {
		t.Fatal(err)
	}
	f.key = f.ring.Keys()[0].ID
	f.must(t, "keys", "rotate")
	f.app, _ = f.registersClient(t, `{"client_name":"アプリ","redirect_uris":["https://app.example.com/cb"],"contacts":["ops@example.com"]}`)
	f.must(t, "client", "registration-token", "create", "--note", "開発 \x1b[31m")
	if _, err := f.store.Feeds().Place(ctx, eventfeed.WebhookPrefix+"siem", f.now()); err != nil {
		t.Fatal(err)
	}
	f.report(ctx)
	late := storage.Node{ID: "late-node-with-a-long-name.example.com-1234", Version: "0.1", Digest: f.cfg().Digest(), Fault: "line 3: unknown key", Waiting: []string{"listen: :1"}, StartedAt: f.now(), LoadedAt: f.now(), SeenAt: f.now()}
	if err := f.store.Nodes().Report(ctx, late); err != nil {
		t.Fatal(err)
	}
	claimed, err := f.store.Outbox().Claim(ctx, storage.DeliveryClaim{Topic: storage.TopicEmail, Limit: 1, Lease: time.Minute, Now: f.now().Add(time.Minute)})
	if err != nil || len(claimed) != 1 {
		t.Fatalf("claimed %d, %v", len(claimed), err)
	}
	end := storage.DeliveryEnd{Status: storage.DeliveryFailed, Reason: "greeting: 550 受取人不明 \x1b[31m" + strings.Repeat(" no", 60), At: f.now()}
	if err := f.store.Outbox().Finish(ctx, claimed[0].ID, end, nil); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(f.file)
	if err != nil {
		t.Fatal(err)
	}
	f.other = f.file + ".other.yaml"
	if err := os.WriteFile(f.other, []byte(strings.Replace(string(text), "name: Wiki", "name: Handbook", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	f.source = f.file + ".people.jsonl"
	line, err := json.Marshal(map[string]any{"id": "7", "email": "new@example.com", "username": "new"})
	if err == nil {
		err = os.WriteFile(f.source, append(line, '\n'), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
