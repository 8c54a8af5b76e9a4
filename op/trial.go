package op

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

// TrialConfig is what a [Trial] is made of: what a [Provider] reads to judge requests.
type TrialConfig struct {
	Issuer  string
	Clients clients
	Hasher  *keys.Hasher
	Access  *access.Catalog
	Requirements
	// SignUp, TrustedIssuers, MutualTLS and Fetch are as in [Config]; Fetch calls the addresses
	// of the client, and nothing else.
	SignUp         bool
	TrustedIssuers map[string]string
	MutualTLS      *MutualTLS
	Fetch          fetcher
	// EncryptionAlgs are those by which request objects can be encrypted to the provider.
	EncryptionAlgs []string
	Now            func() time.Time
}

// Trial judges requests of a client as the endpoints would, by the same code (a dry run). It
// has no store and no keys: it can neither issue nor keep anything, and whatever a real
// endpoint takes once it takes any number of times.
type Trial struct {
	p              *Provider
	encryptionAlgs []string
}

// NewTrial makes a Trial.
func NewTrial(cfg TrialConfig) *Trial {
	c := Config{
		Issuer: cfg.Issuer, Clients: cfg.Clients, Hasher: cfg.Hasher, Access: cfg.Access, Requirements: cfg.Requirements,
		SignUp: cfg.SignUp, TrustedIssuers: cfg.TrustedIssuers, MutualTLS: cfg.MutualTLS, Fetch: cfg.Fetch,
		Log: slog.New(slog.DiscardHandler), Now: cfg.Now,
	}
	return &Trial{encryptionAlgs: cfg.EncryptionAlgs, p: &Provider{
		cfg: c, prompts: c.prompts(), make: maker{issuer: c.Issuer, catalog: c.Access, log: c.Log}, audiences: c.assertionAudiences(),
		assertions: ephemeral.NewValues[struct{}](forgetful{}, c.Hasher, assertionKind, maxAssertionLifetime),
		nonces:     newDPoPNonces(c.Hasher, c.Now),
	}}
}

// forgetful is an [ephemeral.Store] in which nothing stays.
type forgetful struct{}

func (forgetful) Get(context.Context, string) ([]byte, error)  { return nil, storage.ErrNotFound }
func (forgetful) Take(context.Context, string) ([]byte, error) { return nil, storage.ErrNotFound }
func (forgetful) TakeIf(context.Context, string, []byte) error { return storage.ErrNotFound }

func (forgetful) Put(context.Context, string, []byte, time.Duration) error { return nil }

func (forgetful) Swap(context.Context, string, []byte, []byte, time.Duration) error { return nil }

// Refusal is why a request would be refused.
type Refusal struct {
	// Code is the error of the specification; empty where people would see a page, because
	// nobody can be told.
	Code        string `json:"error,omitempty"`
	Description string `json:"error_description"`
	// Cause is what a node would log.
	Cause string `json:"cause,omitempty"`
	// Page says that the description is of a page that a person would see.
	Page bool `json:"-"`
	// Untried says that it is not known what would become of the request, and the
	// description why.
	Untried bool `json:"untried,omitempty"`
}

// refusalOf is nil of no error.
func refusalOf(err error) *Refusal {
	if err == nil {
		return nil
	}
	refused := &Refusal{}
	if errors.Is(err, errUnknowable) {
		refused.Untried, refused.Description = true, err.Error()
		return refused
	}
	shown, told := (*Error)(nil), false // to the client; the page is then what its cause is made of
	if page := (*web.Error)(nil); errors.As(err, &shown) {
		told = errors.As(shown.Cause, &page)
	}
	if page := (*web.Error)(nil); !told && errors.As(err, &page) {
		refused.Page, refused.Description = true, page.Title
		if page.Cause != nil {
			refused.Cause = page.Cause.Error()
		}
		return refused
	}
	known := errorOf(err)
	refused.Code, refused.Description = known.Code, known.Description
	if known.Cause != nil {
		refused.Cause = known.Cause.Error()
	}
	return refused
}

// errUnknowable says that only nodes can judge something.
var errUnknowable = errors.New("only the nodes can judge it")

// Authorize judges the query of an authorization request, as a browser would bring it, with
// its request object, which is fetched where it is at an address of the client's; nil is
// that a person would be asked to sign in. What was pushed or encrypted to us is not known
// to it.
func (t *Trial) Authorize(ctx context.Context, query string) *Refusal {
	return refusalOf(t.authorize(ctx, query, false))
}

// AuthorizeOpened is Authorize of a request whose object the client encrypts to us, given
// as it is before: judged is what it says, and whether it can be encrypted.
func (t *Trial) AuthorizeOpened(ctx context.Context, query string) *Refusal {
	return refusalOf(t.authorize(ctx, query, true))
}

func (t *Trial) authorize(ctx context.Context, query string, opened bool) error {
	form, faulty, err := parseParameters(query, authorizationParameters)
	if err != nil {
		return badForm(err)
	}
	if isPushed(form) {
		return fmt.Errorf("%w: try the request that was pushed", errUnknowable)
	}
	c, err := t.p.cfg.Clients.Client(ctx, form.Get("client_id"))
	if errors.Is(err, client.ErrUnknown) {
		return unknownClientPage(form.Get("client_id"), err)
	}
	if err != nil {
		return err
	}
	if hasObject(form) && len(faulty) == 0 {
		inside, err := t.object(ctx, form, c, false, opened)
		if err != nil {
			if _, nowhere := recipient(form, c); nowhere != nil && !errors.Is(err, errUnknowable) {
				return nowhere
			}
			return err
		}
		form = inside
	}
	to, err := recipient(form, c)
	if err != nil {
		return err
	}
	if t.p.mustPush(c) {
		return errUnpushed()
	}
	_, err = t.p.parseAuthorization(ctx, form, faulty, c, to)
	return err
}

// object returns the parameters of a request object.
func (t *Trial) object(ctx context.Context, form url.Values, c *client.Client, pushed, opened bool) (url.Values, error) {
	object, err := t.p.objectOf(ctx, form, c)
	if err != nil {
		return nil, err
	}
	if err := t.p.maySendObjects(c); err != nil {
		return nil, err
	}
	alg := c.RequestObjectEncryptionAlg
	switch encrypted := strings.Count(object, ".") == 4; {
	case encrypted && len(t.encryptionAlgs) > 0:
		return nil, fmt.Errorf("%w: it is encrypted; try the request object as it is before that", errUnknowable)
	case encrypted:
		return nil, errNoEncryption()
	case alg != "" && !opened:
		return nil, errPlainObject()
	case alg != "" && !slices.Contains(t.encryptionAlgs, alg):
		return nil, &Error{Code: codeRequestNotSupported, Description: "there is no key that request objects could be encrypted to with " + alg}
	}
	return t.p.readObject(ctx, object, form, c, pushed)
}
