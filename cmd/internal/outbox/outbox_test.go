package outbox

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/cmd/internal/delivery"
	"github.com/latchkey-id/latchkey/cmd/internal/smtp"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

// harness is a database with workers on it.
type harness struct {
	composer composer
	senders  map[storage.Channel]Sender
	store    *sqlstore.Store
	clock    *storagetest.Clock
	intents  *message.Intents
	cfg      Config
	log      *bytes.Buffer
	results  *results
}

// results counts how tries ended.
type results struct {
	mu sync.Mutex
	n  map[string]int
}

func (r *results) Delivery(_ storage.Topic, _ storage.MessageKind, result string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n[result]++
}

func (r *results) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return fmt.Sprint(r.n)
}

// recorder is a channel that keeps what it is sent, and fails as it is told.
type recorder struct {
	mu   sync.Mutex
	sent []message.Mail
	ids  map[storage.ID]int
	fail func(storage.Message) error
}

func (r *recorder) Send(_ context.Context, m storage.Message, mail message.Mail) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil {
		if err := r.fail(m); err != nil {
			return err
		}
	}
	r.sent = append(r.sent, mail)
	r.ids[m.ID]++
	return nil
}

func newRecorder() *recorder { return &recorder{ids: map[storage.ID]int{}} }

func newHarness(t *testing.T, url string, senders map[storage.Channel]Sender) *harness {
	t.Helper()
	h := &harness{clock: storagetest.NewClock(), log: &bytes.Buffer{}, results: &results{n: map[string]int{}}}
	secret := func(letter string) []keys.SecretKey {
		return []keys.SecretKey{{ID: letter, Key: []byte(strings.Repeat(letter, 32))}}
	}
	sealer, err1 := keys.NewSealer(secret("s"))
	hasher, err2 := keys.NewHasher(secret("h"))
	templates, err3 := message.LoadTemplates("")
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	var err error
	h.store, err = sqlstore.Open(t.Context(), sqlstore.Config{URL: url, Now: h.clock.Now, Log: slog.New(slog.DiscardHandler), Hasher: hasher})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.store.Close() })
	if _, err := h.store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	lives := message.Lifetimes{Verify: 24 * time.Hour, Code: time.Hour, Reset: time.Hour, Undo: 24 * time.Hour}
	h.intents = message.NewIntents(message.IntentsConfig{Sealer: sealer, Now: h.clock.Now, Random: rand.Reader, Lifetimes: lives})
	composer, err := message.NewComposer(message.ComposerConfig{
		Issuer: "https://id.example.com", Brand: message.Brand{Name: "Example", Accent: "#224488", OnAccent: "#ffffff"},
		Users: h.store.Users(), Hasher: hasher, Sealer: sealer, Templates: templates, Now: h.clock.Now, Lifetimes: lives,
		Tokens: onetime.New(onetime.Config{Store: h.store.Ephemeral(), Hasher: hasher, Sealer: sealer, Now: h.clock.Now}),
	})
	if err != nil {
		t.Fatal(err)
	}
	h.composer, h.senders = composer, senders
	h.cfg = Config{
		Store: h.store.Outbox(), Handlers: h.handlers, Metrics: h.results, Now: h.clock.Now, Random: rand.Reader,
		Log: slog.New(slog.NewTextHandler(h.log, nil)), Workers: 4, Poll: time.Millisecond, GiveUp: 48 * time.Hour, Drain: time.Minute,
	}
	return h
}

// handlers is the table of topics, as the binary makes it.
func (h *harness) handlers() map[storage.Topic]Handler {
	handlers := map[storage.Topic]Handler{}
	for channel, sender := range h.senders {
		handlers[storage.Topic(channel)] = Messages{Composer: h.composer, Sender: sender}
	}
	return handlers
}

// queue puts sign-ups of addresses into the outbox.
func (h *harness) queue(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		m, err := h.intents.New(message.Asked{Locale: "en"}, message.SignUp{Email: fmt.Sprintf("person%d@example.net", i)})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.store.Outbox().Add(t.Context(), nil, m); err != nil {
			t.Fatal(err)
		}
	}
}

func (h *harness) only(t *testing.T) storage.Message {
	t.Helper()
	all, err := h.store.Outbox().List(t.Context(), "", "", 10)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d messages, %v", len(all), err)
	}
	return all[0]
}

func TestDelivers(t *testing.T) {
	mail := newRecorder()
	h := newHarness(t, testenv.SQLite(t), map[storage.Channel]Sender{storage.ChannelEmail: mail})
	h.queue(t, 10)
	New(h.cfg).Drain(t.Context())
	if len(mail.sent) != 10 {
		t.Fatalf("sent %d", len(mail.sent))
	}
	sent, err := h.store.Outbox().List(t.Context(), "", storage.DeliverySent, 20)
	if err != nil || len(sent) != 10 || sent[0].Sealed != "" {
		t.Errorf("%d are sent, %v; what was said is kept: %q", len(sent), err, sent[0].Sealed)
	}
}

// A message is tried again with the same text and the same name, until it goes.
func TestTriedAgainAsItWas(t *testing.T) {
	m := testenv.StartMail(t, false, "u", "p")
	sender, err := smtp.New(smtp.Config{URL: "smtp://u:p@" + m.Address, From: "id@example.com", Hello: "localhost", Timeout: testenv.Patience, Roots: m.Roots})
	if err != nil {
		t.Fatal(err)
	}
	h := newHarness(t, testenv.SQLite(t), map[storage.Channel]Sender{storage.ChannelEmail: sender})
	h.queue(t, 1)
	w := New(h.cfg)
	m.Fail(testenv.MailFaults{DropAfterData: true}) // taken, but we do not learn it
	w.Drain(t.Context())
	waiting := h.only(t)
	if waiting.Status != storage.DeliveryQueued || !waiting.Composed || waiting.Attempts != 1 || !waiting.NextAt.After(h.clock.Now()) ||
		waiting.LastError != "data: the connection broke" {
		t.Fatalf("%+v", waiting)
	}
	m.Fail(testenv.MailFaults{})
	w.Drain(t.Context()) // it is not due
	h.clock.Advance(time.Minute)
	w.Drain(t.Context())
	got := m.Received()
	if len(got) != 2 || got[0].Message.Header.Get("Message-Id") != got[1].Message.Header.Get("Message-Id") || token(got[0].Body) != token(got[1].Body) {
		t.Fatalf("received %d, %v and %v", len(got), got[0].Message.Header, got[len(got)-1].Message.Header)
	}
	if done := h.only(t); done.Status != storage.DeliverySent || done.Attempts != 2 {
		t.Errorf("%+v", done)
	}
	w.Drain(t.Context())
	if n := len(m.Received()); n != 2 {
		t.Errorf("sent %d times", n)
	}
}

// token finds the link's token in a quoted-printable body.
func token(body string) string {
	_, after, _ := strings.Cut(strings.ReplaceAll(body, "=\r\n", ""), "token=3D")
	found, _, _ := strings.Cut(after, "\r\n")
	return found
}

// What is final is logged, counted, kept and recorded, without what it said.
func TestFailuresAreNotSwallowed(t *testing.T) {
	for name, c := range map[string]struct {
		err     error
		advance time.Duration
		status  storage.DeliveryStatus
		results string
	}{
		"refused":   {&delivery.Error{Step: delivery.StepRecipient, Permanent: true, Reason: "the server replied 550", Cause: errors.New("no person0@example.net")}, 0, storage.DeliveryFailed, "map[failed:1]"},
		"void":      {nil, 25 * time.Hour, storage.DeliveryExpired, "map[expired:1]"},
		"temporary": {&delivery.Error{Step: delivery.StepConnect, Reason: "refused", Cause: errors.New("no person0@example.net")}, 0, storage.DeliveryQueued, "map[delayed:1]"},
	} {
		t.Run(name, func(t *testing.T) {
			mail := newRecorder()
			mail.fail = func(storage.Message) error { return c.err }
			h := newHarness(t, testenv.SQLite(t), map[storage.Channel]Sender{storage.ChannelEmail: mail})
			h.queue(t, 1)
			h.clock.Advance(c.advance)
			New(h.cfg).Drain(t.Context())
			if got := h.only(t); got.Status != c.status || strings.Contains(got.LastError, "person0") {
				t.Errorf("%+v", got)
			}
			events, err := h.store.Events().List(t.Context(), storage.EventFilter{Type: storage.EventMessageFailed, Limit: 10})
			if final := c.status != storage.DeliveryQueued; err != nil || (len(events) == 1) != final {
				t.Errorf("recorded %v, %v", events, err)
			}
			if h.results.String() != c.results {
				t.Errorf("counted %s, want %s", h.results, c.results)
			}
			if log := h.log.String(); !strings.Contains(log, "kind=sign_up") || strings.Contains(log, "person0") || strings.Contains(log, "token=") {
				t.Errorf("logged %s", log)
			}
		})
	}
}

func TestNobodyToSendItTo(t *testing.T) {
	mail := newRecorder()
	h := newHarness(t, testenv.SQLite(t), map[storage.Channel]Sender{storage.ChannelEmail: mail})
	m, err := h.intents.New(message.Asked{}, message.PasswordReset{Identifier: "nobody@example.net"})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.store.Outbox().Add(t.Context(), nil, m); err != nil {
		t.Fatal(err)
	}
	New(h.cfg).Drain(t.Context())
	if got := h.only(t); got.Status != storage.DeliverySkipped || got.Sealed != "" || len(mail.sent) > 0 {
		t.Errorf("%+v, sent %d", got, len(mail.sent))
	}
}

func TestWaitsForAChannel(t *testing.T) {
	h := newHarness(t, testenv.SQLite(t), nil)
	h.queue(t, 1)
	New(h.cfg).Drain(t.Context())
	if got := h.only(t); got.Status != storage.DeliveryQueued || got.LastError == "" {
		t.Fatalf("%+v", got)
	}
	mail := newRecorder()
	h.senders = map[storage.Channel]Sender{storage.ChannelEmail: mail}
	h.clock.Advance(time.Hour)
	New(h.cfg).Drain(t.Context())
	if len(mail.sent) != 1 {
		t.Errorf("sent %d", len(mail.sent))
	}
}

// Workers of several nodes deliver each message once.
func TestManyWorkersDeliverOnce(t *testing.T) {
	for name, database := range testenv.Databases() {
		t.Run(name, func(t *testing.T) {
			mail := newRecorder()
			h := newHarness(t, database(t), map[storage.Channel]Sender{storage.ChannelEmail: mail})
			const messages = 100
			h.queue(t, messages)
			ctx, stop := context.WithCancel(t.Context())
			var nodes sync.WaitGroup
			for range 2 {
				nodes.Go(func() {
					if err := New(h.cfg).Run(ctx); err != nil {
						t.Error(err)
					}
				})
			}
			for deadline := time.Now().Add(testenv.Patience); ; {
				backlog, err := h.store.Outbox().Backlog(t.Context(), h.clock.Now())
				if err != nil {
					t.Fatal(err)
				}
				if backlog.Queued == 0 {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("%d messages left", backlog.Queued)
				}
			}
			stop()
			nodes.Wait()
			if len(mail.ids) != messages || len(mail.sent) != messages {
				t.Errorf("sent %d messages %d times", len(mail.ids), len(mail.sent))
			}
		})
	}
}

// A node that dies with messages in its hands loses none: when its lease is
// over another sends what was composed.
func TestDeadNodesMessagesAreTakenOver(t *testing.T) {
	for name, database := range testenv.Databases() {
		t.Run(name, func(t *testing.T) {
			mail := newRecorder()
			h := newHarness(t, database(t), map[storage.Channel]Sender{storage.ChannelEmail: mail})
			h.queue(t, 1)
			dead := New(h.cfg).lanes[0]
			claimed := dead.claim(t.Context(), storage.DeliveryClaim{Limit: 1})
			if len(claimed) != 1 {
				t.Fatalf("claimed %d", len(claimed))
			}
			composed, err := Messages{Composer: h.composer}.compose(t.Context(), claimed[0], func(ctx context.Context, sealed string) error {
				return h.store.Outbox().SaveComposed(ctx, claimed[0].ID, sealed)
			}) // and there it dies
			if err != nil {
				t.Fatal(err)
			}
			other := New(h.cfg)
			other.Drain(t.Context())
			if len(mail.sent) > 0 {
				t.Fatal("sent under another's lease")
			}
			h.clock.Advance(lease)
			other.Drain(t.Context())
			if len(mail.sent) != 1 || mail.sent[0] != composed {
				t.Errorf("sent %d; the text is another: %v", len(mail.sent), len(mail.sent) == 1 && mail.sent[0] != composed)
			}
		})
	}
}

// forgetful loses the first word on how a delivery ended.
type forgetful struct {
	store
	failed bool
}

func (f *forgetful) Finish(ctx context.Context, id storage.ID, end storage.DeliveryEnd, e *storage.Event) error {
	if !f.failed {
		f.failed = true
		return errors.New("the database is gone")
	}
	return f.store.Finish(ctx, id, end, e)
}

func TestSentIsWrittenDownThoughTheStoreFails(t *testing.T) {
	mail := newRecorder()
	h := newHarness(t, testenv.SQLite(t), map[storage.Channel]Sender{storage.ChannelEmail: mail})
	h.queue(t, 1)
	h.cfg.Store = &forgetful{store: h.store.Outbox()}
	w := New(h.cfg)
	w.Drain(t.Context())
	h.clock.Advance(time.Hour)
	w.Drain(t.Context())
	if got := h.only(t); got.Status != storage.DeliverySent || len(mail.sent) != 1 {
		t.Errorf("%+v, sent %d times", got, len(mail.sent))
	}
}

// Run lets what is under way finish before it returns.
func TestRunDrains(t *testing.T) {
	mail, sending, goOn := newRecorder(), make(chan struct{}), make(chan struct{})
	mail.fail = func(storage.Message) error {
		close(sending)
		<-goOn
		return nil
	}
	h := newHarness(t, testenv.SQLite(t), map[storage.Channel]Sender{storage.ChannelEmail: mail})
	h.queue(t, 1)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- New(h.cfg).Run(ctx) }()
	<-sending
	stop()
	select {
	case err := <-ended:
		t.Fatalf("it ended in the middle of a delivery: %v", err)
	default:
	}
	close(goOn)
	if err := <-ended; err != nil || h.only(t).Status != storage.DeliverySent {
		t.Errorf("%v, %+v", err, h.only(t))
	}
}
