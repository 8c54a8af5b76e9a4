package op

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/client/registration"
	"github.com/latchkey-id/latchkey/internal/fetch"
	"github.com/latchkey-id/latchkey/storage"
)

// registrationPath is the client registration endpoint (RFC 7591 section 3); below it
// is a client configuration endpoint for each client (RFC 7592 section 2).
const registrationPath = "/register"

var registrationEndpoint = endpoint{
	path: registrationPath, member: "registration_endpoint",
	offered: func(c *Config) bool { return c.Registration != nil },
	mount: func(p *Provider, to routes, path string) {
		to.Handle(path, p.serveRegistration([]string{http.MethodPost}, p.register))
		to.Handle(path+"/{client}", p.serveRegistration([]string{http.MethodGet, http.MethodPut, http.MethodDelete}, p.manage))
	},
}

// Registration is how clients register themselves; nil in a [Config]: they do not.
type Registration struct {
	Registrar registrar
	// Issuers are those whose software statements are trusted, with where their keys are.
	Issuers map[string]string
	// PerAddress is how often one network address may register or change a client.
	PerAddress storage.Bucket
}

// registrar writes clients; client/registration.Registrar in the binary.
type registrar interface {
	Register(ctx context.Context, s *registration.Submission, token string, attested bool, e storage.Event) (*registration.Registered, error)
	Open(ctx context.Context, id, token string) (*registration.Registered, error)
	Update(ctx context.Context, found *registration.Registered, s *registration.Submission, attested bool, e storage.Event) (*registration.Registered, error)
	Delete(ctx context.Context, found *registration.Registered, e storage.Event) error
}

// serveRegistration answers a request that registers: no answer may be kept, and any page
// may read it, for it speaks for nobody but whoever has the token (CORS without
// credentials).
func (p *Provider) serveRegistration(methods []string, answer func(http.ResponseWriter, *http.Request) (status int, body any, err error)) http.Handler {
	allowed := strings.Join(append(slices.Clone(methods), http.MethodOptions), ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Cache-Control"], h["Pragma"] = noStore, noCache
		if r.Header.Get("Origin") != "" {
			h["Access-Control-Allow-Origin"] = anyOrigin
			h.Set("Access-Control-Expose-Headers", "WWW-Authenticate, Retry-After")
		}
		if r.Method == http.MethodOptions {
			allowPreflight(h, r, "*", allowed)
			h.Set("Allow", allowed)
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if !slices.Contains(methods, r.Method) {
			h.Set("Allow", allowed)
			p.refuse(w, r, "", &Error{Code: codeInvalidRequest, Description: "the endpoint takes " + allowed, Status: http.StatusMethodNotAllowed})
			return
		}
		status, body, err := answer(w, r)
		switch {
		case err != nil:
			p.refuse(w, r, r.PathValue("client"), p.registrationError(err, r))
		case body == nil:
			w.WriteHeader(status)
		default:
			writeJSON(w, status, body)
		}
	})
}

// registrationError is what a client is told of why it is not registered.
func (p *Provider) registrationError(err error, r *http.Request) error {
	refused := (*registration.Error)(nil)
	switch {
	case errors.As(err, &refused):
		return &Error{Code: refused.Code, Description: describable(refused.Description)}
	case errors.Is(err, registration.ErrToken) && bearerOf(r) == "":
		return &Error{Status: http.StatusUnauthorized, Header: http.Header{"Www-Authenticate": {p.bearerChallenge(&Error{})}}, Cause: err}
	case errors.Is(err, registration.ErrToken):
		refused := &Error{Code: codeInvalidToken, Description: "the token does not allow this", Cause: err}
		refused.Header = http.Header{"Www-Authenticate": {p.bearerChallenge(refused)}}
		return refused
	case errors.Is(err, storage.ErrFull):
		return &Error{Code: codeTemporarilyUnavailable, Description: "the limit of registered clients has been reached", Cause: err}
	}
	return err
}

// describable is a text in the characters of an error_description (RFC 6749 section 5.2).
func describable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case r < ' ', r > '~', r == '\\':
			return '?'
		}
		return r
	}, text)
}

// bearerOf is the bearer token of a request, which is in its header and nowhere else.
func bearerOf(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// register is the client registration endpoint (RFC 7591 section 3).
func (p *Provider) register(w http.ResponseWriter, r *http.Request) (int, any, error) {
	ctx := r.Context()
	if err := p.admitRegistration(ctx); err != nil {
		return 0, nil, err
	}
	s, attested, err := p.submission(w, r)
	if err != nil {
		return 0, nil, err
	}
	e, err := p.event(ctx, &tokenRequest{HTTP: r, Client: &client.Client{}, Now: p.cfg.Now()}, storage.EventClientRegistered, nil)
	if err != nil {
		return 0, nil, err
	}
	made, err := p.cfg.Registration.Registrar.Register(ctx, s, bearerOf(r), attested, e)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusCreated, p.information(made), nil
}

// manage is the client configuration endpoint (RFC 7592 section 2).
func (p *Provider) manage(w http.ResponseWriter, r *http.Request) (int, any, error) {
	ctx, id := r.Context(), r.PathValue("client")
	found, err := p.cfg.Registration.Registrar.Open(ctx, id, bearerOf(r))
	if err != nil {
		return 0, nil, err
	}
	switch _, err := p.cfg.Clients.Client(ctx, id); {
	case errors.Is(err, client.ErrUnknown): // it is locked down
		return 0, nil, fmt.Errorf("%w: %w", registration.ErrToken, err)
	case err != nil:
		return 0, nil, unavailable("look up client", err)
	case r.Method == http.MethodGet:
		return http.StatusOK, p.information(found), nil
	}
	if err := p.admitRegistration(ctx); err != nil {
		return 0, nil, err
	}
	typ := storage.EventClientChanged
	if r.Method == http.MethodDelete {
		typ = storage.EventClientDeleted
	}
	e, err := p.event(ctx, &tokenRequest{HTTP: r, Client: &client.Client{ID: id}, Now: p.cfg.Now()}, typ, nil)
	if err != nil {
		return 0, nil, err
	}
	if r.Method == http.MethodDelete {
		return http.StatusNoContent, nil, p.cfg.Registration.Registrar.Delete(ctx, found, e)
	}
	s, attested, err := p.submission(w, r)
	if err != nil {
		return 0, nil, err
	}
	made, err := p.cfg.Registration.Registrar.Update(ctx, found, s, attested, e)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, p.information(made), nil
}

// information is the client information response (RFC 7591 section 3.2.1).
func (p *Provider) information(made *registration.Registered) map[string]any {
	answer := made.Members
	answer["client_id"] = made.Client.ID
	answer["client_id_issued_at"] = made.Client.CreatedAt.Unix()
	answer["registration_access_token"] = made.AccessToken
	answer["registration_client_uri"] = p.cfg.Issuer + registrationPath + "/" + made.Client.ID
	if made.Secret != "" {
		answer["client_secret"] = made.Secret
	}
	if len(made.Client.Secrets) > 0 {
		answer["client_secret_expires_at"] = 0
	}
	return answer
}

// admitRegistration is the rate limit on what is registered from one network address
// (requirement TH1).
func (p *Provider) admitRegistration(ctx context.Context) error {
	return p.admitAddress(ctx, "registration", p.cfg.Registration.PerAddress)
}

// submission reads what a client says of itself, and verifies its software statement.
func (p *Provider) submission(w http.ResponseWriter, r *http.Request) (s *registration.Submission, attested bool, err error) {
	if !isJSON(r) {
		return nil, false, invalidRequest("the body must be application/json", errors.New("it is "+loggable(r.Header.Get("Content-Type"))))
	}
	body, err := readBody(w, r)
	if err != nil {
		return nil, false, err
	}
	if s, err = registration.Parse([]byte(body)); err != nil || s.Statement() == "" {
		return s, false, err
	}
	claims, err := p.verifyStatement(r.Context(), s.Statement())
	if err != nil {
		return nil, false, err
	}
	return s, true, s.Attest(claims)
}

func isJSON(r *http.Request) bool {
	mediaType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(mediaType), "application/json")
}

// verifyStatement returns the claims of a software statement (RFC 7591 section 2.3):
// signed by an issuer that is trusted, with a key that it publishes. Where nobody is
// trusted, statements are refused: to ignore one would drop what vouches for the rest.
func (p *Provider) verifyStatement(ctx context.Context, statement string) ([]byte, error) {
	unverified := func(cause error) error {
		return &registration.Error{Code: registration.CodeInvalidStatement, Description: "the software statement cannot be verified: " + cause.Error()}
	}
	parsed, err := jose.ParseSignedCompact(statement, clientAlgs)
	if err != nil {
		return nil, unverified(errors.New("it is no JWT that is signed with an algorithm of ours"))
	}
	var claims struct {
		Issuer    string `json:"iss"`
		ExpiresAt int64  `json:"exp"`
		NotBefore int64  `json:"nbf"`
	}
	if err := decodeClaims(parsed.UnsafePayloadWithoutVerification(), &claims); err != nil {
		return nil, unverified(errors.New("its claims are not a JSON object"))
	}
	keys, trusted := p.cfg.Registration.Issuers[claims.Issuer]
	if !trusted {
		return nil, &registration.Error{Code: registration.CodeUnapprovedStatement, Description: "the issuer of the software statement is not trusted here"}
	}
	payload, err := p.verifyByClient(ctx, &client.Client{ID: claims.Issuer, Metadata: client.Metadata{JWKSURI: keys}}, statement)
	if cannotJudge(err) {
		return nil, err
	}
	if err != nil {
		return nil, unverified(errors.New("no key of its issuer fits"))
	}
	switch now := p.cfg.Now().Unix(); {
	case claims.ExpiresAt != 0 && now >= claims.ExpiresAt:
		return nil, unverified(errors.New("it is over"))
	case now < claims.NotBefore:
		return nil, unverified(errors.New("it is not valid yet"))
	}
	return payload, nil
}

// Document fetches a document of a client, for whoever judges what it registers.
func Document(from fetcher) func(ctx context.Context, address string) ([]byte, error) {
	return func(ctx context.Context, address string) ([]byte, error) {
		answer, err := from.Get(ctx, address, fetch.Request{Accept: "application/json", Keep: keysKept})
		if err != nil {
			return nil, fmt.Errorf("fetch a document of a client: %w", err)
		}
		return answer.Body, nil
	}
}
