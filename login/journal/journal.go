// Package journal writes the security events of requests to the hosted pages: where
// they came from, and what became of them.
package journal

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/storage"
)

// Config is what a [Journal] is made of. Every field is required.
type Config struct {
	// Accounts writes what goes with no change of an account.
	Accounts recorder
	Locales  locales
	Hasher   *keys.Hasher
	Log      *slog.Logger
	Now      func() time.Time
	Random   io.Reader
}

// recorder writes security events; account.Service in the binary.
type recorder interface {
	Record(ctx context.Context, by account.Actor, typ storage.EventType, userID storage.ID, outcome, detail string) error
}

// locales chooses the language of a page; ui.Renderer in the binary.
type locales interface {
	Locale(r *http.Request, wanted []string) string
}

// Journal writes security events of requests.
type Journal struct{ cfg Config }

// New makes a Journal.
func New(cfg Config) *Journal { return &Journal{cfg} }

// Origin is where a request came from. in is the interaction that it belongs to;
// nil is none.
func (j *Journal) Origin(r *http.Request, in *interaction.Interaction) account.Origin {
	from := account.Origin{
		Address: web.ClientAddress(r.Context()).String(), UserAgent: UserAgent(r), RequestID: web.RequestID(r.Context()),
	}
	if in == nil {
		from.Locale = j.cfg.Locales.Locale(r, nil)
		return from
	}
	from.ClientID, from.Locale = in.ClientID(), j.cfg.Locales.Locale(r, in.Locales())
	return from
}

// Visitor is whoever sent the request, who need not have shown who they are.
func (j *Journal) Visitor(r *http.Request, in *interaction.Interaction) account.Actor {
	return account.Visitor(j.Origin(r, in))
}

// Event starts a security event of the request, for whoever writes it together with
// a change.
func (j *Journal) Event(r *http.Request, typ storage.EventType, userID storage.ID) (storage.Event, error) {
	return account.NewEvent(j.cfg.Now(), j.cfg.Random, j.Visitor(r, nil), typ, userID)
}

// Record writes an event that goes with no other change, and logs it.
func (j *Journal) Record(r *http.Request, typ storage.EventType, userID storage.ID, outcome, detail string) error {
	return j.record(r, j.Origin(r, nil), typ, userID, outcome, detail)
}

// RecordFor is [Journal.Record] on the way to a client.
func (j *Journal) RecordFor(r *http.Request, in *interaction.Interaction, typ storage.EventType, userID storage.ID, outcome, detail string) error {
	return j.record(r, j.Origin(r, in), typ, userID, outcome, detail)
}

// RecordFailure writes the event of a sign-in that failed, so that it can be explained
// to whoever asks for help: on the way to which client, and by which name, as a keyed
// hash; typed is empty where none was typed.
func (j *Journal) RecordFailure(r *http.Request, in *interaction.Interaction, userID storage.ID, typed, how string) error {
	from := j.Origin(r, in)
	if typed != "" {
		from.IdentifierHash = account.HashIdentifier(j.cfg.Hasher, typed)
	}
	return j.record(r, from, storage.EventSignInFailed, userID, storage.Failure, how)
}

func (j *Journal) record(r *http.Request, from account.Origin, typ storage.EventType, userID storage.ID, outcome, detail string) error {
	j.cfg.Log.InfoContext(r.Context(), string(typ), "outcome", outcome, "detail", detail, "user_id", userID,
		"client_id", from.ClientID, "address", from.Address)
	if err := j.cfg.Accounts.Record(r.Context(), account.Visitor(from), typ, userID, outcome, detail); err != nil {
		return pageerror.Unavailable("write event", err)
	}
	return nil
}

// maxUserAgent is how much of a User-Agent is kept, in bytes.
const maxUserAgent = 256

// UserAgent is the User-Agent header as it is kept: unverified, bounded, and text.
func UserAgent(r *http.Request) string {
	agent := r.UserAgent()
	if len(agent) > maxUserAgent {
		agent = agent[:maxUserAgent]
	}
	return strings.ToValidUTF8(strings.ReplaceAll(agent, "\x00", ""), "")
}
