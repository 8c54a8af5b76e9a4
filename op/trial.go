package op

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
)

// TrialConfig is what a [Trial] is made of: what a [Provider] reads to judge requests.
type TrialConfig struct {
	Issuer  string
	Clients clients
	Hasher  *keys.Hasher
	Access  *access.Catalog
	Requirements
	// SignUp and TrustedIssuers are as in [Config].
	SignUp         bool
	TrustedIssuers map[string]string
	Now            func() time.Time
}

// Trial judges requests of a client as the endpoints would, by the same code (a dry run). It
// has no store and no keys: it can neither issue nor keep anything.
type Trial struct{ p *Provider }

// NewTrial makes a Trial.
func NewTrial(cfg TrialConfig) *Trial {
	c := Config{
		Issuer: cfg.Issuer, Clients: cfg.Clients, Hasher: cfg.Hasher, Access: cfg.Access, Requirements: cfg.Requirements,
		SignUp: cfg.SignUp, TrustedIssuers: cfg.TrustedIssuers, Log: slog.New(slog.DiscardHandler), Now: cfg.Now,
	}
	return &Trial{&Provider{cfg: c, prompts: c.prompts(), make: maker{issuer: c.Issuer, catalog: c.Access, log: c.Log}}}
}

// Refusal is why a request would be refused.
type Refusal struct {
	// Code is the error of the specification; empty where people would see a page, because
	// nobody can be told.
	Code        string `json:"error,omitempty"`
	Description string `json:"error_description"`
	// Cause is what a node would log.
	Cause string `json:"cause,omitempty"`
}

// refusalOf is nil of no error.
func refusalOf(err error) *Refusal {
	if err == nil {
		return nil
	}
	refused := &Refusal{}
	if page := (*web.Error)(nil); errors.As(err, &page) {
		refused.Description = page.Title
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

// Authorize judges the query of an authorization request, as a browser would bring it; nil
// is that a person would be asked to sign in. What a request object or a pushed request
// says is not known to it.
func (t *Trial) Authorize(ctx context.Context, query string) *Refusal {
	return refusalOf(t.authorize(ctx, query))
}

func (t *Trial) authorize(ctx context.Context, query string) error {
	form, faulty, err := parseParameters(query, authorizationParameters)
	if err != nil {
		return badForm(err)
	}
	c, err := t.p.cfg.Clients.Client(ctx, form.Get("client_id"))
	if errors.Is(err, client.ErrUnknown) {
		return unknownClientPage(form.Get("client_id"), err)
	}
	if err != nil {
		return err
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

// TokenTrial is a token request that is tried.
type TokenTrial struct {
	ClientID string
	// AuthMethod is how the client authenticates: one of client_secret_basic,
	// client_secret_post and none. With a Secret it is tried whether that is right.
	AuthMethod, Secret string
	GrantType          string
}

// Token judges a token request as far as nothing is spent: the client's authentication,
// where its secret is known, and whether it may use the grant; nil is that what it
// exchanges would be looked at.
func (t *Trial) Token(ctx context.Context, trial TokenTrial) *Refusal {
	return refusalOf(t.token(ctx, trial))
}

func (t *Trial) token(ctx context.Context, trial TokenTrial) error {
	form := url.Values{"grant_type": {trial.GrantType}}
	for i := range grantTypes {
		if grantTypes[i].name == trial.GrantType {
			for _, parameter := range grantTypes[i].required {
				form.Set(parameter, "-")
			}
		}
	}
	c, err := t.p.cfg.Clients.Client(ctx, trial.ClientID)
	if errors.Is(err, client.ErrUnknown) {
		return errInvalidClient(errors.New("no client has this id"))
	}
	if err != nil {
		return err
	}
	if err := t.authenticate(ctx, c, trial, form); err != nil {
		return err
	}
	request := &tokenRequest{Form: form, Client: c, Now: t.p.cfg.Now()}
	if _, err := t.p.grantFor(request); err != nil {
		return err
	}
	return t.p.requireProof(request)
}

// authenticate tries a secret, or says without one whether the method is the client's.
func (t *Trial) authenticate(ctx context.Context, c *client.Client, trial TokenTrial, form url.Values) error {
	if trial.Secret == "" && trial.AuthMethod != client.AuthMethodNone {
		if !c.AllowsAuthMethod(trial.AuthMethod) {
			i := slices.IndexFunc(authMethods, func(m authMethod) bool { return m.name == trial.AuthMethod })
			if i < 0 {
				return errInvalidClient(errors.New("there is no such way to authenticate"))
			}
			return errInvalidClient(whyRefused(c, credentials{ClientID: c.ID, method: &authMethods[i]}, nil))
		}
		return nil
	}
	r := &http.Request{Method: http.MethodPost, Header: http.Header{}}
	switch trial.AuthMethod {
	case client.AuthMethodBasic:
		r.SetBasicAuth(url.QueryEscape(c.ID), url.QueryEscape(trial.Secret))
	case client.AuthMethodPost:
		form.Set("client_id", c.ID)
		form.Set("client_secret", trial.Secret)
	default:
		form.Set("client_id", c.ID)
	}
	shown, err := presentedCredentials(r, form, authMethods)
	if err == nil {
		_, err = t.p.authenticate(ctx, shown)
	}
	return err
}
