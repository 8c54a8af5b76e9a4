package op

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

const (
	pushedKind, spentKind = "pushed", "pushed-spent"
	// requestURIPrefix begins the request_uri of a pushed request (RFC 9126 section 2.2).
	requestURIPrefix = "urn:ietf:params:oauth:request_uri:"
	// defaultPushedLifetime is for how long a browser may come with a request_uri.
	defaultPushedLifetime = time.Minute
	// maxPushedLifetime is the longest that RFC 9126 section 2.2 recommends.
	maxPushedLifetime = 10 * time.Minute
)

const pushPath = "/par"

var pushEndpoint = clientEndpoint{
	path: pushPath, member: "pushed_authorization_request_endpoint",
	metadata: func(c *Config) map[string]any { // RFC 9126 section 5
		return map[string]any{"require_pushed_authorization_requests": c.RequirePushed}
	},
	parameters: pushedParameters(), authMethods: authMethods,
	proves: true, status: http.StatusCreated, answer: (*Provider).push,
}

// pushedParameters are those that a pushed request may have: all but request_uri,
// which readPushed refuses by name.
func pushedParameters() []string { return slices.Sorted(maps.Keys(authorizationParameters)) }

// pushedRequest is an authorization request that a client sent ahead of the browser.
// It is judged when it comes, and again when the browser does.
type pushedRequest struct {
	ClientID string     `json:"client_id"`
	Form     url.Values `json:"form"`
}

// pushedRequests keeps what was pushed until its browser comes, and then that it is spent.
type pushedRequests struct {
	waiting  *ephemeral.Values[pushedRequest]
	spent    *ephemeral.Values[struct{}]
	lifetime time.Duration
}

func newPushedRequests(cfg *Config) pushedRequests {
	lifetime := cfg.PushedLifetime
	if lifetime <= 0 {
		lifetime = defaultPushedLifetime
	}
	lifetime = min(lifetime, maxPushedLifetime)
	return pushedRequests{
		waiting:  ephemeral.NewIssued[pushedRequest](cfg.Ephemeral, cfg.Hasher, pushedKind, lifetime),
		spent:    ephemeral.NewValues[struct{}](cfg.Ephemeral, cfg.Hasher, spentKind, lifetime),
		lifetime: lifetime,
	}
}

// pushedResponse is the answer to a pushed request (RFC 9126 section 2.2).
type pushedResponse struct {
	RequestURI string `json:"request_uri"`
	// ExpiresIn is in seconds.
	ExpiresIn int64 `json:"expires_in"`
}

// push is the pushed authorization request endpoint (RFC 9126 section 2).
func (p *Provider) push(ctx context.Context, r *tokenRequest) (any, error) {
	form, err := p.pushedContent(r, func(form url.Values) (url.Values, error) { return p.requestObject(ctx, form, r.Client, true) })
	if err != nil {
		return nil, err
	}
	if err := p.admitUnauthenticated(ctx, r.Client, pushedKind); err != nil {
		return nil, err
	}
	if _, err := p.judgePushed(ctx, r.Client, form); err != nil {
		return nil, err
	}
	if err := p.spendProof(ctx, r.Proof); err != nil {
		return nil, err
	}
	id := p.pushed.waiting.NewID()
	if _, err := p.pushed.waiting.Put(ctx, id, pushedRequest{ClientID: r.Client.ID, Form: form}); err != nil {
		return nil, unavailable("keep pushed request", err)
	}
	return pushedResponse{RequestURI: requestURIPrefix + id, ExpiresIn: int64(p.pushed.lifetime / time.Second)}, nil
}

// pushedContent returns the parameters of a pushed request: those of its request object,
// where it has one.
func (p *Provider) pushedContent(r *tokenRequest, object func(url.Values) (url.Values, error)) (url.Values, error) {
	if !r.Client.UsesBrowsers() {
		return nil, &Error{Code: codeUnauthorizedClient, Description: "the client is not registered for sign-in in a browser"}
	}
	if r.Form.Has("request_uri") {
		return nil, invalidRequest("a pushed request must not contain request_uri", nil)
	}
	form := maps.Clone(r.Form)
	for _, name := range []string{"client_secret", "client_assertion", "client_assertion_type"} {
		form.Del(name)
	}
	form.Set("client_id", r.Client.ID)
	if hasObject(form) {
		inside, err := object(form)
		if err != nil {
			return nil, err
		}
		form = inside
	}
	if r.Proof != nil { // as if dpop_jkt said so (RFC 9449 section 10.1)
		if named := form.Get("dpop_jkt"); named != "" && named != r.Proof.Key {
			return nil, invalidRequest("dpop_jkt does not match the key of the DPoP proof", nil)
		}
		form.Set("dpop_jkt", r.Proof.Key)
	}
	return form, nil
}

// judgePushed is the judgement of the authorization endpoint, told to the client
// itself.
func (p *Provider) judgePushed(ctx context.Context, c *client.Client, form url.Values) (*interaction.AuthorizationRequest, error) {
	to, err := recipient(form, c)
	if err != nil {
		return nil, invalidRequest("redirect_uri is missing or not registered for the client", err)
	}
	return p.parseAuthorization(ctx, form, nil, c, to)
}

// pushedForm returns the parameters of a pushed request by its request_uri. Those
// beside it do not count (RFC 9126 section 4, RFC 9101 section 6.3). Its error is a
// page: of a request that is not there nobody knows where its answer goes.
func (p *Provider) pushedForm(ctx context.Context, requestURI string, c *client.Client) (form url.Values, id string, err error) {
	id, _ = strings.CutPrefix(requestURI, requestURIPrefix)
	request, _, err := p.pushed.waiting.Get(ctx, id)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, "", goneRequestPage(err)
	case err != nil:
		return nil, "", web.Unavailable(err)
	case request.ClientID != c.ID:
		return nil, "", goneRequestPage(errors.New("client " + c.ID + " came with the request_uri of " + request.ClientID))
	}
	return request.Form, id, nil
}

// spendPushed spends a pushed request when a code is issued for it, however often the
// browser came with it before (RFC 9126 section 7.3): of many that come this far one
// goes on (replay, requirement PR1). What is spent is remembered for longer than any
// browser may have been on its way.
func (p *Provider) spendPushed(ctx context.Context, id string) error {
	err := p.pushed.spent.PutNew(ctx, id, struct{}{}, p.pushed.lifetime+interaction.Lifetime)
	switch {
	case errors.Is(err, storage.ErrConflict):
		return goneRequestPage(errors.New("its request_uri was used before"))
	case err != nil:
		return web.Unavailable(fmt.Errorf("spend pushed request: %w", err))
	}
	if err := p.pushed.waiting.Delete(ctx, id); err != nil {
		p.cfg.Log.ErrorContext(ctx, "forget a pushed request", "reason", err.Error()) // it is spent all the same
	}
	return nil
}

func goneRequestPage(cause error) error {
	return &web.Error{
		Status: http.StatusBadRequest, Key: "signin_over",
		Title:  "This sign-in has ended",
		Detail: "It was finished already, perhaps in another tab, or it took too long. Start again from the app.",
		Cause:  cause,
	}
}

// mustPush reports whether the client's requests must be pushed.
func (p *Provider) mustPush(c *client.Client) bool { return p.cfg.RequirePushed || c.RequirePushed }
