package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/cmd/internal/eventfeed"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/storage"
)

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// receiver is somebody's program that takes webhooks, and checks them as Standard
// Webhooks say.
type receiver struct {
	*httptest.Server
	t      *testing.T
	mu     sync.Mutex
	status int
	got    []eventfeed.Event
	ids    []string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{t: t, status: http.StatusNoContent}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body, err := io.ReadAll(request.Body)
	if err != nil {
		r.t.Error(err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(hookSecret, "whsec_"))
	if err != nil {
		r.t.Error(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(request.Header.Get("webhook-id") + "." + request.Header.Get("webhook-timestamp") + "." + string(body)))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); request.Header.Get("webhook-signature") != want {
		r.t.Errorf("the signature is %q", request.Header.Get("webhook-signature"))
	}
	var sent struct {
		Type      string          `json:"type"`
		Timestamp time.Time       `json:"timestamp"`
		Data      eventfeed.Event `json:"data"`
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		r.t.Error(err)
	}
	if sent.Type != string(sent.Data.Type) || !sent.Timestamp.Equal(sent.Data.At) || request.Header.Get("webhook-id") != string(sent.Data.ID) ||
		request.Header.Get("Content-Type") != "application/json" {
		r.t.Errorf("posted %s with %v", body, request.Header)
	}
	r.ids = append(r.ids, string(sent.Data.ID))
	if r.status < 300 {
		r.got = append(r.got, sent.Data)
	}
	w.WriteHeader(r.status)
}

func (r *receiver) answers(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// taken are the events that were taken since it was last asked.
func (r *receiver) taken() []eventfeed.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.got
	r.got = nil
	return got
}

// feedServer is an idle server whose events go somewhere.
type feedServer struct {
	idleServer
	now *time.Time
}

func newFeedServer(t *testing.T, events config.Events) *feedServer {
	t.Helper()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	f := &feedServer{newIdleServer(t, &now), &now}
	if err := f.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.dev.mount = func(*http.ServeMux, *process, *foundation) error { return nil } // the receiver is on this machine
	f.sends(t, events)
	f.pump(t) // a feed begins with what comes next
	return f
}

func (f *feedServer) sends(t *testing.T, events config.Events) {
	t.Helper()
	f.reread = func() (*config.Config, error) {
		next := *f.boot.cfg
		next.Events = events
		return &next, nil
	}
	f.reload(t.Context())
}

// pump does what nodes do each second.
func (f *feedServer) pump(t *testing.T) {
	t.Helper()
	*f.now = f.now.Add(time.Second)
	if _, err := f.linkAudit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.forwardEvents(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.outbox.Drain(t.Context())
}

func (f *feedServer) record(t *testing.T, typ storage.EventType, detail string) {
	t.Helper()
	if err := f.current.Load().accounts.Record(t.Context(), account.System("test"), typ, "", storage.Success, detail); err != nil {
		t.Fatal(err)
	}
}

func hook(r *receiver, types ...string) config.Events {
	return config.Events{Webhooks: []config.Webhook{{Name: "siem", URL: r.URL + "/latchkey", Secret: config.NewSecret(hookSecret), Types: types}}}
}

func details(events []eventfeed.Event) []string {
	var all []string
	for _, e := range events {
		all = append(all, e.Detail)
	}
	slices.Sort(all)
	return all
}

// TestBL1_AWebhookGetsEachEventOnce although it was away, tries are repeated with the
// same id, and what is of no type that it wants never comes.
func TestBL1_AWebhookGetsEachEventOnce(t *testing.T) {
	r := newReceiver(t)
	f := newFeedServer(t, hook(r, "sign_in", "user_disabled"))
	r.taken()
	f.record(t, storage.EventSignIn, "one")
	f.record(t, storage.EventSignOut, "not wanted")
	f.record(t, storage.EventUserDisabled, "two")
	f.pump(t)
	f.pump(t)
	if got := details(r.taken()); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("it got %v", got)
	}

	r.answers(http.StatusServiceUnavailable)
	r.ids = nil
	f.record(t, storage.EventSignIn, "three")
	for range 3 {
		f.pump(t)
		waiting, err := f.store.Outbox().List(t.Context(), storage.TopicWebhook, storage.DeliveryQueued, 10)
		if err != nil || len(waiting) != 1 || waiting[0].LastError != "data: webhook siem answered 503" || strings.Contains(waiting[0].Sealed, "three") {
			t.Fatalf("%+v, %v", waiting, err)
		}
		*f.now = waiting[0].NextAt
	}
	backlog, err := f.store.Outbox().Backlog(t.Context(), *f.now)
	if err != nil || !backlog.Oldest.IsZero() {
		t.Errorf("that a receiver is away ails the node: %+v, %v", backlog, err)
	}
	r.answers(http.StatusOK)
	f.pump(t)
	if got := details(r.taken()); !slices.Equal(got, []string{"three"}) {
		t.Errorf("when it was back it got %v", got)
	}
	if len(r.ids) != 4 || len(slices.Compact(slices.Clone(r.ids))) != 1 {
		t.Errorf("the tries had the ids %v", r.ids)
	}
}

// TestBL1_NoEventIsLostOrDoubled whichever nodes bring it on, and wherever one stops:
// what is queued and the place move in one transaction.
func TestBL1_NoEventIsLostOrDoubled(t *testing.T) {
	r := newReceiver(t)
	f := newFeedServer(t, hook(r))
	r.taken()
	var want []string
	for i := range 450 { // more than two batches
		want = append(want, time.Duration(i).String())
		f.record(t, storage.EventSignIn, want[i])
	}
	slices.Sort(want)
	if _, err := f.linkAudit(t.Context()); err != nil {
		t.Fatal(err)
	}
	var nodes sync.WaitGroup
	for range 4 {
		nodes.Go(func() {
			if _, err := f.forwardEvents(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	nodes.Wait()
	for range 3 { // those that lost the race go on the next second
		f.pump(t)
	}
	if got := details(r.taken()); !slices.Equal(got, want) {
		t.Errorf("it got %d events, want %d", len(got), len(want))
	}
}

// What leaves the configuration gets nothing more, and a receiver that is gone is not
// tried again.
func TestBL1_AWebhookThatIsGone(t *testing.T) {
	r := newReceiver(t)
	f := newFeedServer(t, hook(r, "sign_in"))
	r.answers(http.StatusGone)
	f.record(t, storage.EventSignIn, "gone")
	f.pump(t)
	failed, err := f.store.Outbox().List(t.Context(), storage.TopicWebhook, storage.DeliveryFailed, 10)
	if err != nil || len(failed) != 1 {
		t.Errorf("%+v, %v", failed, err)
	}
	r.answers(http.StatusServiceUnavailable)
	f.record(t, storage.EventSignIn, "removed")
	f.pump(t)
	waiting, err := f.store.Outbox().List(t.Context(), storage.TopicWebhook, storage.DeliveryQueued, 10)
	if err != nil || len(waiting) != 1 {
		t.Fatalf("%+v, %v", waiting, err)
	}
	f.sends(t, config.Events{})
	*f.now = waiting[0].NextAt
	f.pump(t)
	skipped, err := f.store.Outbox().List(t.Context(), storage.TopicWebhook, storage.DeliverySkipped, 10)
	if err != nil || len(skipped) != 1 {
		t.Errorf("%+v, %v", skipped, err)
	}
}

// TestBL1_AWebhookReachesNoPrivateAddress unless the operator says so.
func TestBL1_AWebhookReachesNoPrivateAddress(t *testing.T) {
	r := newReceiver(t)
	f := newFeedServer(t, hook(r, "sign_in"))
	f.dev.mount = nil // as in production
	f.sends(t, hook(r, "sign_in"))
	f.record(t, storage.EventSignIn, "inside")
	f.pump(t)
	failed, err := f.store.Outbox().List(t.Context(), storage.TopicWebhook, storage.DeliveryFailed, 10)
	if err != nil || len(failed) != 1 || !strings.Contains(failed[0].LastError, "fetch.allowed_networks") {
		t.Errorf("%+v, %v", failed, err)
	}
	if got := r.taken(); len(got) != 0 {
		t.Errorf("it got %v", got)
	}
}

// A stream has each event once, in the order of the record, although its file is
// rotated; a replay writes them again with the ids that they had.
func TestTheStreamHasEachEvent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.jsonl")
	to := config.Events{Stream: config.EventStream{To: file, Format: config.EventsLatchkey, Types: []string{"sign_in"}}}
	f := newFeedServer(t, to)
	read := func() []eventfeed.Event {
		t.Helper()
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var events []eventfeed.Event
		for line := range bytes.Lines(text) {
			var e eventfeed.Event
			if err := json.Unmarshal(line, &e); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			events = append(events, e)
		}
		return events
	}
	f.record(t, storage.EventSignIn, "a")
	f.record(t, storage.EventSignOut, "not wanted")
	f.record(t, storage.EventSignIn, "b")
	f.pump(t)
	f.pump(t)
	first := read()
	if got := details(first); !slices.Equal(got, []string{"a", "b"}) || first[0].Seq >= first[1].Seq {
		t.Fatalf("it has %+v", first)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := os.Rename(file, file+".1"); err != nil {
		t.Fatal(err)
	}
	f.record(t, storage.EventSignIn, "c")
	f.pump(t)
	if got := details(read()); !slices.Equal(got, []string{"c"}) {
		t.Errorf("the new file has %v", got)
	}
	if err := f.boot.accounts(f.store).ReplayEvents(t.Context(), account.Operator("root"), eventfeed.StreamName, first[0].Seq-1); err != nil {
		t.Fatal(err)
	}
	f.pump(t)
	again := read()
	if got := details(again); !slices.Equal(got, []string{"a", "b", "c", "c"}) {
		t.Fatalf("after the replay it has %v", got)
	}
	if again[1].ID != first[0].ID {
		t.Error("the id is another")
	}
}

func TestTheStreamOfStandardOutputIsECS(t *testing.T) {
	var out bytes.Buffer
	f := newFeedServer(t, config.Events{})
	f.stdout = &out
	f.sends(t, config.Events{Stream: config.EventStream{To: eventfeed.Stdout, Format: config.EventsECS}})
	f.pump(t)
	out.Reset()
	f.record(t, storage.EventSignIn, "a")
	f.pump(t)
	var line struct {
		Event struct {
			Action, Reason, Dataset string
		}
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line.Event.Action != "sign_in" || line.Event.Reason != "a" || line.Event.Dataset != "latchkey.audit" {
		t.Errorf("%s: %+v, %v", out.Bytes(), line, err)
	}
}
