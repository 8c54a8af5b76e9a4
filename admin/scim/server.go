package scim

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// Prefix is where SCIM is, below the issuer.
const Prefix = admin.ProvisioningPath

// Source is a source of provisioning.
type Source struct {
	// Name is short and unique: what it makes is known by it.
	Name string
	// Verifiers are the keyed hashes of its static token, one for each hash key (see
	// [Verifiers]); none: it has no such token.
	Verifiers []string
	// Client is the id of the client whose access tokens are its; empty: none.
	Client string
	// EmailVerified says that its addresses are known to be theirs whom it gives them.
	EmailVerified bool
	// Adopt says which people who were there before become its own.
	Adopt account.Adoption
}

// purpose separates the keyed hashes of static tokens from others.
const purpose = "scim token"

// Verifiers are the keyed hashes of a static token: all that is kept of it.
func Verifiers(h *keys.Hasher, token string) []string { return h.Sums(purpose, token) }

// Config is what a [Server] is made of. Every field is required.
type Config struct {
	// Issuer is the address of the provider.
	Issuer   string
	Sources  []Source
	Tokens   Tokens
	Accounts *account.Service
	Stores
	Counters Counters
	Hasher   *keys.Hasher
	// Limit is how often one source may ask.
	Limit storage.Bucket
	// MaxBody bounds the body of a request, in bytes.
	MaxBody int64
	Log     *slog.Logger
}

// Stores are what is read; the repositories of storage/sqlstore in the binary.
type Stores struct {
	People      People
	Groups      Groups
	Memberships Memberships
}

type (
	// People are those of sources.
	People interface {
		Find(ctx context.Context, source storage.MembershipSource, key storage.ProvisionedKey) ([]storage.ProvisionedUser, error)
		Page(ctx context.Context, page storage.SourcePage) ([]storage.ProvisionedUser, error)
		Count(ctx context.Context, source storage.MembershipSource) (int, error)
	}
	// Groups are those of sources. ByID, ByName and ByExternalID answer storage.ErrNotFound.
	Groups interface {
		ByID(ctx context.Context, id storage.ID) (*storage.Group, error)
		ByName(ctx context.Context, name string) (*storage.Group, error)
		ByExternalID(ctx context.Context, source storage.MembershipSource, id string) (*storage.Group, error)
		OfSource(ctx context.Context, page storage.SourcePage) ([]storage.Group, error)
		CountOfSource(ctx context.Context, source storage.MembershipSource) (int, error)
		BySourceOf(ctx context.Context, source storage.MembershipSource, user storage.ID) ([]storage.Group, error)
	}
	// Memberships says who is in a group by the word of a source.
	Memberships interface {
		BySource(ctx context.Context, group storage.ID, source storage.MembershipSource, limit int) ([]storage.Member, error)
	}
	// Counters limits how often a source asks.
	Counters interface {
		Draw(ctx context.Context, key string, b storage.Bucket) (time.Duration, error)
	}
	// Tokens checks access tokens for [Resource]; op.Provider in the binary.
	Tokens interface {
		// Authenticate returns the client that calls for itself, and the scopes of its token.
		Authenticate(w http.ResponseWriter, r *http.Request) (*client.Client, []string, error)
		// Challenges are the values of WWW-Authenticate for an error of Authenticate.
		Challenges(r *http.Request, err error) []string
	}
)

// Server answers SCIM.
type Server struct {
	cfg      Config
	byToken  map[string]*Source
	byClient map[string]*Source
	users    *kind
	found    map[string]map[string]any
}

// New makes a Server.
func New(cfg Config) *Server {
	s := &Server{cfg: cfg, byToken: map[string]*Source{}, byClient: map[string]*Source{}, users: usersWith(cfg.Accounts.Attributes())}
	for i := range cfg.Sources {
		source := &cfg.Sources[i]
		for _, verifier := range source.Verifiers {
			s.byToken[verifier] = source
		}
		if source.Client != "" {
			s.byClient[source.Client] = source
		}
	}
	s.found = s.discovery()
	return s
}

func (s *Server) base() string { return s.cfg.Issuer + Prefix }

// request is a request, of HTTP or of a bulk.
type request struct {
	source *Source
	by     account.Actor
	name   storage.MembershipSource
	method string
	// endpoint is /Users or /Groups, and id empty where the request is about all of them.
	endpoint, id string
	query        url.Values
	body         []byte
	ifMatch      string
	ifNoneMatch  string
}

// response is what a request is answered.
type response struct {
	status         int
	body           object
	etag, location string
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	source, by, refused := s.admit(w, r)
	if refused != nil {
		write(w, refused.status, refused.document())
		return
	}
	answer, err := s.answer(r, source, by)
	if err != nil {
		p := s.problemOf(r.Context(), err)
		if p.status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "5")
		}
		write(w, p.status, p.document())
		return
	}
	for name, value := range map[string]string{"ETag": answer.etag, "Location": answer.location} {
		if value != "" {
			w.Header().Set(name, value)
		}
	}
	if answer.body == nil {
		write(w, answer.status, nil)
		return
	}
	write(w, answer.status, answer.body)
}

func (s *Server) answer(r *http.Request, source *Source, by account.Actor) (*response, error) {
	path := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, Prefix), "/")
	if found, ok := s.found[path]; ok {
		switch {
		case r.Method != http.MethodGet:
			return nil, &problem{http.StatusMethodNotAllowed, "", "it is read with GET"}
		case r.URL.Query().Has("filter"):
			return nil, &problem{http.StatusForbidden, "", "it is not filtered"}
		}
		return &response{status: http.StatusOK, body: found}, nil
	}
	q := &request{
		source: source, by: by, name: storage.SourceSCIM + storage.MembershipSource(source.Name), method: r.Method, query: r.URL.Query(),
		ifMatch: r.Header.Get("If-Match"), ifNoneMatch: r.Header.Get("If-None-Match"),
	}
	if r.Method != http.MethodGet && r.Method != http.MethodDelete {
		kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
		if kind = strings.TrimSpace(kind); kind != mediaType && kind != "application/json" {
			return nil, &problem{http.StatusUnsupportedMediaType, "", "send " + mediaType}
		}
		var err error
		if q.body, err = io.ReadAll(http.MaxBytesReader(nil, r.Body, s.cfg.MaxBody)); err != nil {
			return nil, &problem{http.StatusRequestEntityTooLarge, "tooLarge", "the body is too large"}
		}
	}
	q.endpoint, q.id = path, ""
	if do := queries[path]; do != nil && r.Method == http.MethodPost {
		return do(s, r.Context(), q)
	}
	if before, id, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/"); ok {
		q.endpoint, q.id = "/"+before, id
	}
	return s.dispatch(r.Context(), q)
}

// resources is the one table of what is done to resources, by endpoint and method.
var resources = map[string]map[string]func(*Server, context.Context, *request) (*response, error){
	"/Users": {
		"GET": (*Server).listUsers, "POST": (*Server).createUser, "GET one": (*Server).showUser, "PUT one": (*Server).replaceUser,
		"PATCH one": (*Server).patchUser, "DELETE one": (*Server).deleteUser,
	},
	"/Groups": {
		"GET": (*Server).listGroups, "POST": (*Server).createGroup, "GET one": (*Server).showGroup, "PUT one": (*Server).replaceGroup,
		"PATCH one": (*Server).patchGroup, "DELETE one": (*Server).deleteGroup,
	},
}

// queries is the table of what is answered besides, by its address.
var queries = map[string]func(*Server, context.Context, *request) (*response, error){
	"/Bulk": (*Server).bulk, "/.search": (*Server).searchAll,
}

// dispatch does what a request asks for.
func (s *Server) dispatch(ctx context.Context, q *request) (*response, error) {
	if q.id == ".search" && q.method == http.MethodPost {
		if err := q.search(); err != nil {
			return nil, err
		}
	}
	methods, ok := resources[q.endpoint]
	if !ok {
		return nil, errNotFound
	}
	name := q.method
	if q.id != "" {
		name += " one"
	}
	do := methods[name]
	if do == nil {
		return nil, &problem{http.StatusMethodNotAllowed, "", "the resource does not have this method"}
	}
	if q.method == http.MethodGet {
		if err := s.record(ctx, q); err != nil {
			return nil, err
		}
	}
	return do(s, ctx, q)
}

// search reads a query from a body (RFC 7644 section 3.4.3), so that what is looked for is
// in no log of addresses.
func (q *request) search() error {
	in, err := decode(q.body)
	if err != nil {
		return err
	}
	q.query, q.method, q.id = url.Values{}, http.MethodGet, ""
	for name, value := range in {
		switch value := value.(type) {
		case string:
			q.query.Set(name, value)
		case float64:
			q.query.Set(name, number(value))
		case []any:
			var list []string
			for _, one := range value {
				if text, ok := one.(string); ok {
					list = append(list, text)
				}
			}
			q.query.Set(name, strings.Join(list, ","))
		}
	}
	return nil
}
