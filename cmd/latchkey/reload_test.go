package main

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/inbox"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/storage"
)

// reloadable is an idle server whose file is what the test says.
type reloadable struct {
	idleServer
	log bytes.Buffer
}

func newReloadable(t *testing.T) *reloadable {
	t.Helper()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	r := &reloadable{idleServer: newIdleServer(t, &now)}
	r.boot.log = slog.New(slog.NewTextHandler(&r.log, nil))
	return r
}

// file makes the configuration that the next reload reads.
func (r *reloadable) file(change func(*config.Config)) {
	r.reread = func() (*config.Config, error) {
		next := *r.boot.cfg
		next.Clients = slices.Clone(next.Clients)
		change(&next)
		return &next, nil
	}
}

// logged returns what was logged since it was last asked.
func (r *reloadable) logged() string {
	defer r.log.Reset()
	return r.log.String()
}

// authorize tells whether a client is known.
func (r *reloadable) knows(t *testing.T, clientID string) bool {
	t.Helper()
	answer := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/authorize?client_id="+clientID, nil)
	r.ServeHTTP(answer, request)
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return !strings.Contains(string(body), "We don’t know this app")
}

func TestAC2_AReloadIsWholeOrNotAtAll(t *testing.T) {
	r := newReloadable(t)
	before := r.current.Load()

	r.reread = func() (*config.Config, error) { return nil, errors.New("line 3: unknown key") }
	r.reload(t.Context())
	if r.current.Load() != before {
		t.Error("a faulty file changed something")
	}
	if got := r.logged(); !strings.Contains(got, "nothing was changed") || !strings.Contains(got, "line 3") {
		t.Errorf("logged %s", got)
	}

	// Valid by itself, but its templates are not there: what comes late fails as well.
	r.file(func(c *config.Config) { c.Messages.Templates = "/nowhere"; c.Clients[0].Name = "Changed" })
	r.reload(t.Context())
	if r.current.Load() != before {
		t.Error("a reload that failed halfway changed something")
	}
	r.logged()

	r.file(func(c *config.Config) {
		c.Clients[0].Name = "Changed"
		c.Audit.Retention = time.Hour
		c.Listen = ":1"
		c.Database.URL = config.NewSecret("postgres://elsewhere/secret")
	})
	r.reload(t.Context())
	after := r.current.Load()
	if after == before || after.cfg.Audit.Retention != time.Hour {
		t.Fatalf("nothing was reloaded: %s", r.logged())
	}
	if after.cfg.Listen != before.cfg.Listen || after.cfg.Database != before.cfg.Database {
		t.Error("what needs a restart was taken over")
	}
	got := r.logged()
	for _, want := range []string{"audit.retention", "clients[demo].name", "need a restart", "listen", "database.url"} {
		if !strings.Contains(got, want) {
			t.Errorf("the log lacks %q: %s", want, got)
		}
	}
	if strings.Contains(got, "elsewhere") {
		t.Errorf("a value is in the log: %s", got)
	}
}

func TestAReloadServesTheClientsOfTheFile(t *testing.T) {
	r := newReloadable(t)
	if !r.knows(t, "demo") || r.knows(t, "wiki") {
		t.Fatal("not the clients of the first configuration")
	}
	r.file(func(c *config.Config) { c.Clients[0].ID = "wiki" })
	r.reload(t.Context())
	if r.knows(t, "demo") || !r.knows(t, "wiki") {
		t.Errorf("not the clients of the second configuration: %s", r.logged())
	}
}

// The worker of the outbox lives on, and uses what the new configuration says.
func TestAReloadGivesTheOutboxItsNewHandlers(t *testing.T) {
	r := newReloadable(t)
	if r.current.Load().deliveries[storage.TopicEmail] != nil {
		t.Fatal("there is a handler already")
	}
	r.file(func(c *config.Config) {
		c.Mail = config.Mail{SMTPURL: config.NewSecret("smtp://127.0.0.1:25?tls=none"), From: "id@example.com", Timeout: time.Second}
	})
	worker := r.outbox
	r.reload(t.Context())
	if r.current.Load().deliveries[storage.TopicEmail] == nil || r.outbox != worker {
		t.Errorf("no handler after the reload: %s", r.logged())
	}
}

// A template that was changed is in the next message; one that cannot be used changes
// nothing, and the failure is counted while the digest of what serves stays.
func TestAC2_AChangedTemplateIsInTheNextMessage(t *testing.T) {
	r := newReloadable(t)
	box, folder := &inbox.Inbox{Now: r.now, Deliver: r.outbox.Drain}, t.TempDir()
	r.dev.inbox = box
	ada := r.person(t, "ada@example.com", time.Time{})
	frame := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, "mail.txt"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r.reload(t.Context())
	}
	told := 0
	next := func(want string) {
		t.Helper()
		if err := r.boot.accounts(r.store).ResetFactors(t.Context(), operator(), ada.ID, "lost"); err != nil {
			t.Fatal(err)
		}
		told++
		if got := box.To(t.Context(), ada.Email); len(got) != told || !strings.HasPrefix(got[0].Text, want) {
			t.Errorf("message %d of these does not begin with %q: %+v\n%s", told, want, got, r.logged())
		}
	}
	r.file(func(c *config.Config) { c.Messages.Templates = folder })
	frame("FIRST {{.Text}} {{.Code}} {{.Action.URL}}")
	next("FIRST ")
	frame("SECOND {{.Text}} {{.Code}} {{.Action.URL}}")
	next("SECOND ")
	digest := r.cfg().Digest()
	failed := r.counted(t, `latchkey_config_reloads_total{result="failure"}`)
	frame("THIRD {{.NoSuchThing}}")
	next("SECOND ")
	if failed != "0" || r.counted(t, `latchkey_config_reloads_total{result="failure"}`) != "1" {
		t.Error("the failure is not counted")
	}
	if r.counted(t, `latchkey_config_info{digest="`+digest+`"}`) != "1" {
		t.Error("the metric has another digest than what serves")
	}
}
