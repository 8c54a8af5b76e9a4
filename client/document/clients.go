package document

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/client/registration"
	"github.com/latchkey-id/latchkey/internal/fetch"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// Config is what [Clients] are made of. Every field is required but those that say so.
type Config struct {
	// Hosts are patterns of those whose documents count (see [client.MatchesHost]); Open
	// lets any count.
	Hosts []string
	Open  bool
	Fetch fetcher
	// Judge says what a document comes to.
	Judge judge
	Store store
	// Rows makes clients of rows.
	Rows rows
	// Resources are the resource servers that such clients may ask for; nil leaves it to
	// their scopes.
	Resources []string
	// Access are the rules by which people may use them; nil leaves it to the provider's
	// default.
	Access []access.Rule
	// Scopes are what such clients may have at most.
	Scopes []string
	// MinAge is for how long a document is not fetched again, whatever it says. Stale is
	// how old it may get where a newer cannot be had.
	MinAge, Stale time.Duration
	// PerNetwork and PerHost bound how many unknown documents are fetched for one network
	// address, and of one host.
	PerNetwork, PerHost storage.Bucket
	Counters            counters
	Hasher              *keys.Hasher
	// Begin begins the event of a client that is written down.
	Begin func(ctx context.Context, typ storage.EventType) (storage.Event, error)
	Now   func() time.Time
}

// fetcher calls addresses that others chose; internal/fetch.Client in the binary.
type fetcher interface {
	Get(ctx context.Context, address string, r fetch.Request) (*fetch.Answer, error)
}

// judge says what metadata is worth; client/registration.Registrar in the binary.
type judge interface {
	Published(ctx context.Context, id string, body []byte) (*registration.Registered, error)
}

// store keeps the clients that were used; storage/sqlstore.Clients in the binary.
type store interface {
	ByID(ctx context.Context, id string) (*storage.Client, error)
	Create(ctx context.Context, c *storage.Client, a storage.ClientAdmission, e storage.Event) error
	Replace(ctx context.Context, c *storage.Client, version int64, e storage.Event) error
}

// rows makes clients of rows; client.Stored in the binary.
type rows interface {
	Read(row *storage.Client) (*client.Client, error)
	Used(ctx context.Context, c *client.Client) error
	EndsAt(source storage.ClientSource, created, used time.Time) time.Time
}

// counters are rate limits; storage/ephemeral in the binary.
type counters interface {
	Draw(ctx context.Context, key string, b storage.Bucket) (time.Duration, error)
}

// maxBody bounds a document: it is metadata, and whoever has us read it showed nothing.
const maxBody = 64 << 10

// Clients are the clients that are known by a document, as a [client.Source].
type Clients struct {
	cfg   Config
	known known
}

var _ client.Source = (*Clients)(nil)

// New makes Clients.
func New(cfg Config) *Clients { return &Clients{cfg: cfg} }

// Client implements [client.Source]. Its error wraps client.ErrUnknown with a
// [client.DocumentError] where the document is to blame, is a [client.LimitedError]
// where too many were asked for, and any other where it cannot be told now.
func (s *Clients) Client(ctx context.Context, id string) (*client.Client, error) {
	if !client.IsDocumentID(id) {
		return nil, client.ErrUnknown
	}
	address, err := client.CheckDocumentID(id)
	if err != nil {
		return nil, refused("the client_id is not the address of a document: %v", err)
	}
	if !s.counts(address.Hostname()) {
		return nil, refused("documents from %s are not accepted here", address.Host)
	}
	row, err := s.row(ctx, id)
	if err != nil {
		return nil, err
	}
	read, err := s.read(ctx, id, address, row != nil)
	if err != nil {
		return nil, err
	}
	return s.client(read, row)
}

// counts reports whether documents of a host count.
func (s *Clients) counts(host string) bool {
	return s.cfg.Open || slices.ContainsFunc(s.cfg.Hosts, func(pattern string) bool { return client.MatchesHost(pattern, host) })
}

// row is what is kept of a client that was used; nil where it never was.
func (s *Clients) row(ctx context.Context, id string) (*storage.Client, error) {
	row, err := s.cfg.Store.ByID(ctx, id)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case row.Source != storage.ClientByDocument:
		return nil, client.ErrUnknown // somebody wrote it down: that counts
	case !row.DisabledAt.IsZero():
		return nil, fmt.Errorf("%w: it is disabled", client.ErrUnknown)
	}
	return row, nil
}

// client is what a document comes to, with what the row knows besides.
func (s *Clients) client(read *read, row *storage.Client) (*client.Client, error) {
	if row == nil || row.LastUsedAt.Equal(read.client.LastUsedAt) {
		return read.client, nil
	}
	used := *read.client // others have it: it is never changed
	used.LastUsedAt = row.LastUsedAt
	return &used, nil
}

// read returns what the document of an id comes to now. inUse says that somebody allowed
// the client something.
func (s *Clients) read(ctx context.Context, id string, address *url.URL, inUse bool) (*read, error) {
	before := s.known.get(id)
	answer, err := s.cfg.Fetch.Get(ctx, id, fetch.Request{
		Accept: "application/json", Keep: s.cfg.MinAge,
		Before: func(ctx context.Context) error {
			if inUse || before != nil && before.err == nil {
				return nil
			}
			return s.count(ctx, address.Host)
		},
	})
	if err != nil {
		return s.instead(before, err, inUse)
	}
	if before != nil && before.answer == answer {
		return before, before.err
	}
	made := s.judged(ctx, id, answer)
	s.known.put(id, made)
	return made, made.err
}

// instead is what counts where a document cannot be had: the one before, unless it is
// gone or too old.
func (s *Clients) instead(before *read, err error, inUse bool) (*read, error) {
	limited := (*client.LimitedError)(nil)
	answered := (*fetch.StatusError)(nil)
	switch {
	case errors.As(err, &limited), errors.Is(err, storage.ErrUnavailable):
		return nil, err
	case errors.As(err, &answered) && answered.Status < http.StatusInternalServerError,
		errors.Is(err, fetch.ErrForbidden), errors.Is(err, fetch.ErrTooLarge):
		return nil, refused("it cannot be fetched")
	case before != nil && before.err == nil && s.cfg.Now().Sub(before.answer.FetchedAt) < s.cfg.Stale:
		return before, nil
	case inUse:
		return nil, fmt.Errorf("fetch client metadata document: %w", err)
	}
	return nil, refused("it cannot be fetched") // why is nobody's to ask who may name any address (SSRF)
}

// judged is what an answer comes to.
func (s *Clients) judged(ctx context.Context, id string, answer *fetch.Answer) *read {
	made := &read{answer: answer}
	if !isJSON(answer.Header.Get("Content-Type")) {
		made.err = refused("its content is not application/json")
		return made
	}
	if len(answer.Body) > maxBody {
		made.err = refused("it is larger than %d bytes", maxBody)
		return made
	}
	judged, err := s.cfg.Judge.Published(ctx, id, answer.Body)
	if err == nil {
		made.row = judged.Client
		made.client, err = s.cfg.Rows.Read(judged.Client)
	}
	if blamed := (*registration.Error)(nil); errors.As(err, &blamed) {
		err = refused("%s", blamed.Description)
	}
	if err != nil {
		made.err = err
		return made
	}
	if s.cfg.Resources != nil {
		made.client.Resources = s.cfg.Resources
	}
	made.client.Access = s.cfg.Access
	return made
}

// isJSON reports whether a media type is JSON (RFC 6839 section 3.1): whatever somebody
// has a server keep for them as text or picture is no document of its host.
func isJSON(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (media == "application/json" || strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json"))
}

// HasOrigin implements [client.Source] for documents that this node has read; of those
// that were used the row answers.
func (s *Clients) HasOrigin(_ context.Context, origin string) (bool, error) {
	return s.known.any(func(c *client.Client) bool { return slices.Contains(c.Origins, origin) }), nil
}

// HasScope implements [client.Source].
func (s *Clients) HasScope(_ context.Context, scope string) (bool, error) {
	return slices.Contains(s.cfg.Scopes, scope), nil
}

func refused(format string, args ...any) error {
	return &client.DocumentError{Reason: fmt.Sprintf(format, args...)}
}
