package registration

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// Config is what a [Registrar] is made of.
type Config struct {
	Store  store
	Tokens tokens
	Hasher *keys.Hasher
	// Judge is what metadata is judged against, and Policy what those that register
	// themselves may have besides.
	Judge  client.Policy
	Policy Policy
	// Lifetimes are those of clients that have none of their own.
	Lifetimes client.Lifetimes
	// Stored says when a client ends.
	Stored *client.Stored
	// Fetch returns what is at an address of a client.
	Fetch  func(ctx context.Context, address string) ([]byte, error)
	Now    func() time.Time
	Random io.Reader
}

// store keeps clients; storage/sqlstore.Clients in the binary.
type store interface {
	Create(ctx context.Context, c *storage.Client, a storage.ClientAdmission, e storage.Event) error
	ByID(ctx context.Context, id string) (*storage.Client, error)
	Replace(ctx context.Context, c *storage.Client, version int64, e storage.Event) error
	Delete(ctx context.Context, gone storage.ClientRemoval, e storage.Event) error
	Ended(ctx context.Context, by time.Time, limit int) ([]storage.Client, error)
}

// tokens keeps initial access tokens; storage/sqlstore.RegistrationTokens in the binary.
type tokens interface {
	Create(ctx context.Context, t *storage.RegistrationToken, e storage.Event) error
}

// Registrar is the one door to the clients of the database. Each of its methods that
// writes is given the event of it, which its caller began for an actor that may.
type Registrar struct{ cfg Config }

// New makes a Registrar.
func New(cfg Config) *Registrar { return &Registrar{cfg} }

// Registered is a client as it is told of itself once: what was made for it is in no
// store.
type Registered struct {
	Client *storage.Client
	// Secret is a new one, and AccessToken the registration access token that is good
	// from now on; empty: none was made.
	Secret, AccessToken string
	// Members are its metadata, in the names of RFC 7591.
	Members map[string]any
}

// Register creates a client of what it says of itself. token is an initial access token,
// where the mode wants one. It answers an [*Error], [ErrToken], storage.ErrFull where
// there are as many as may be, or keys.ErrUnknownKey of a token that cannot be judged.
func (r *Registrar) Register(ctx context.Context, s *Submission, token string, attested bool, e storage.Event) (*Registered, error) {
	now := r.cfg.Now()
	c := &storage.Client{Source: storage.ClientByAnybody, Version: 1, CreatedAt: now, UpdatedAt: now}
	admission := storage.ClientAdmission{Most: r.cfg.Policy.Most}
	switch r.cfg.Policy.Mode {
	case ModeOpen:
	case ModeToken:
		sum, err := r.cfg.Hasher.SumToken(purposeInitialToken, token)
		if err != nil {
			return nil, badToken(err)
		}
		c.Source, admission = storage.ClientByToken, storage.ClientAdmission{TokenHash: sum}
	case ModeStatement:
		if !attested {
			return nil, &Error{Code: CodeInvalidStatement, Description: "software_statement is missing"}
		}
		c.Source, admission = storage.ClientByStatement, storage.ClientAdmission{}
	default:
		return nil, errors.New("registration is off")
	}
	made, err := r.prepare(ctx, c, s)
	if err != nil {
		return nil, err
	}
	if c.ID, err = r.text(clientBytes); err != nil {
		return nil, err
	}
	if err := r.addSecret(made, now); err != nil {
		return nil, err
	}
	if err := r.rotate(made); err != nil {
		return nil, err
	}
	c.EndsAt = r.cfg.Stored.EndsAt(c.Source, now, now)
	e.ClientID, e.Detail = c.ID, "by itself, "+string(c.Source)
	err = r.cfg.Store.Create(ctx, c, admission, e)
	if errors.Is(err, storage.ErrConsumed) {
		return nil, fmt.Errorf("%w: %w", ErrToken, err)
	}
	return made, err
}

// badToken is the error of a token that is none of ours, or that cannot be judged here.
func badToken(err error) error {
	if errors.Is(err, keys.ErrUnknownKey) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrToken, err)
}

// prepare judges what a client says of itself, and puts it into the row.
func (r *Registrar) prepare(ctx context.Context, c *storage.Client, s *Submission) (*Registered, error) {
	d := s.document
	if problems := d.bounded(); len(problems) > 0 {
		return nil, invalidMetadata(problems...)
	}
	if problems := r.cfg.Policy.narrow(&d.Metadata); len(problems) > 0 {
		return nil, invalidMetadata(problems...)
	}
	r.cfg.Policy.fit(&d.Metadata)
	r.complete(&d.Metadata)
	if err := r.checkSector(ctx, &d.Metadata); err != nil {
		return nil, err
	}
	judged := d.Metadata
	judged.Complete(r.cfg.Lifetimes)
	problems := judged.Validate(r.cfg.Judge)
	for _, list := range []struct {
		field string
		uris  []string
	}{{"redirect_uris", judged.RedirectURIs}, {"post_logout_redirect_uris", judged.PostLogoutRedirectURIs}} {
		for i, uri := range list.uris {
			if !r.cfg.Policy.allows(uri) {
				problems = append(problems, client.Problem{Field: fmt.Sprintf("%s[%d]", list.field, i), Message: "clients of this host do not register here"})
			}
		}
	}
	problems = append(problems, r.cfg.Policy.exceeded(&judged)...)
	if judged.AuthMethod == client.AuthMethodSecretJWT {
		problems = append(problems, noSecretJWT)
	}
	if len(problems) > 0 {
		return nil, invalidMetadata(problems...)
	}
	// What was completed is told and kept, the provider's own defaults are neither.
	d.GrantTypes, d.ResponseTypes, d.Scopes, d.AuthMethod = judged.GrantTypes, judged.ResponseTypes, judged.Scopes, judged.AuthMethod
	d.IDTokenSigningAlg, d.Type = judged.IDTokenSigningAlg, judged.Type
	return r.keep(c, &d, &judged)
}

// noSecretJWT: it takes the secret itself, and the database keeps verifiers.
var noSecretJWT = client.Problem{
	Field: "token_endpoint_auth_method", Message: "client_secret_jwt takes the secret itself, of which only a hash is kept; use private_key_jwt",
}

// keep puts a document into the row of a client.
func (r *Registrar) keep(c *storage.Client, d *document, completed *client.Metadata) (*Registered, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("keep client metadata: %w", err)
	}
	c.Metadata, c.Origins, c.Scopes = text, completed.Origins, completed.Scopes
	made := &Registered{Client: c}
	made.Members, err = d.shown()
	return made, err
}

// complete fills in what RFC 7591 section 2 has as default. A client without a secret
// whose codes all go to a program on the person's own machine is a native one, whether it
// says so or not: most do not know application_type.
func (r *Registrar) complete(m *client.Metadata) {
	native := client.StaysOnMachine(m.RedirectURIs) || r.cfg.Policy.PublicOnly && slices.ContainsFunc(m.RedirectURIs, leavesWeb)
	if m.AuthMethod == client.AuthMethodNone && m.ApplicationType == "" && native {
		m.Type = client.TypeNative
	}
	if m.AuthMethod == "" && m.ApplicationType != "native" {
		m.AuthMethod = client.AuthMethodBasic
	}
}

// checkSector holds redirect URIs to the document of the sector (OpenID Connect Core
// 8.1): it has all of them.
func (r *Registrar) checkSector(ctx context.Context, m *client.Metadata) error {
	const field = "sector_identifier_uri"
	if m.SectorIdentifierURI == "" {
		return nil
	}
	if err := client.CheckPage(m.SectorIdentifierURI, r.cfg.Judge.Dev); err != nil {
		return invalidMetadata(client.Problem{Field: field, Message: err.Error()})
	}
	problems := client.CheckSector(ctx, func(ctx context.Context, address string) ([]byte, error) {
		body, err := r.cfg.Fetch(ctx, address)
		if err != nil {
			return nil, errNotFetched // why is nobody's to ask who may name any address (SSRF)
		}
		return body, nil
	}, m)
	if len(problems) > 0 {
		return &Error{Code: CodeInvalidMetadata, Description: invalidMetadata(problems...).Description, Problems: problems}
	}
	if m.SubjectType != client.SubjectPairwise {
		m.SectorIdentifierURI = "" // of no use
	}
	return nil
}

var errNotFetched = errors.New("it cannot be fetched")

// addSecret gives a client a secret that it authenticates by, unless it has one.
func (r *Registrar) addSecret(made *Registered, now time.Time) error {
	method, _ := made.Members["token_endpoint_auth_method"].(string)
	needs := method == client.AuthMethodBasic || method == client.AuthMethodPost
	if !needs || len(made.Client.Secrets) > 0 {
		return nil
	}
	return r.newSecret(made, now)
}

func (r *Registrar) newSecret(made *Registered, now time.Time) (err error) {
	if made.Secret, err = r.text(secretBytes); err != nil {
		return err
	}
	id, err := r.text(6)
	if err != nil {
		return err
	}
	made.Client.Secrets = append(made.Client.Secrets, storage.ClientSecret{
		ID: id, Verifier: r.cfg.Hasher.Sum(client.SecretPurpose, made.Client.ID, made.Secret), CreatedAt: now,
	})
	return nil
}

// rotate gives a client another registration access token.
func (r *Registrar) rotate(made *Registered) (err error) {
	made.AccessToken, made.Client.RegistrationHash, err = r.cfg.Hasher.NewToken(r.cfg.Random, purposeAccessToken)
	return err
}

// text is so many random bytes, to be carried in URLs, headers and forms alike.
func (r *Registrar) text(n int) (string, error) {
	raw := make([]byte, n)
	if _, err := io.ReadFull(r.cfg.Random, raw); err != nil {
		return "", fmt.Errorf("read randomness: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}
