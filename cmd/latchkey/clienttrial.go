package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/op"
	"github.com/spf13/cobra"
)

// tried is what would become of a request of a client, as JSON: a form that others read, so
// its names stay as they are.
type tried struct {
	Request string `json:"request"`
	Taken   bool   `json:"taken"`
	*op.Refusal
}

func (t tried) write(out io.Writer) error {
	if t.Taken {
		return tell(out, "would be taken:   ", "%s", t.Request)
	}
	code, cause := t.Code, ""
	if code == "" {
		code = "people see a page"
	}
	if t.Cause != "" {
		cause = " (" + t.Cause + ")"
	}
	return tell(out, "would be refused: ", "%s: %s: %s%s", t.Request, code, t.Description, cause)
}

// trialOf judges requests of one client by the code of the endpoints, and can store nothing.
func (p *dependencies) trialOf(c *client.Client) *op.Trial {
	cfg := p.cfg
	return op.NewTrial(op.TrialConfig{
		Issuer: cfg.Issuer, Clients: client.NewRegistry(client.NewSnapshot([]client.Client{*c})), Hasher: p.hasher, Access: cfg.Catalog,
		Requirements: requirements(cfg.Tokens), SignUp: cfg.SignUp.Mode != account.SignUpOff,
		TrustedIssuers: cfg.Trusted(), Now: p.now,
	})
}

// walk tries what an application does, one after the other: it reads the discovery document,
// sends somebody to sign in, for each of its redirect URIs, and asks for tokens.
func (p *dependencies) walk(cmd *cobra.Command, c *client.Client, secret string) []tried {
	ctx, trial := cmd.Context(), p.trialOf(c)
	all := []tried{p.tryDiscovery(cmd)}
	add := func(what string, refused *op.Refusal) { all = append(all, tried{what, refused == nil, refused}) }
	for _, uri := range c.RedirectURIs {
		for _, responseType := range c.ResponseTypes {
			query := authorizationQuery(c, uri, responseType)
			add("authorization request for "+responseType+" to "+uri, trial.Authorize(ctx, query.Encode()))
			if client.InResponseType(responseType, "code") {
				query.Del("code_challenge")
				query.Del("code_challenge_method")
				add("the same without PKCE", trial.Authorize(ctx, query.Encode()))
			}
		}
	}
	for _, grant := range c.GrantTypes {
		for _, method := range []string{client.AuthMethodBasic, client.AuthMethodPost, client.AuthMethodNone} {
			if method == client.AuthMethodNone && !c.AllowsAuthMethod(method) {
				continue
			}
			add("token request for "+grant+" by "+method, trial.Token(ctx, op.TokenTrial{ClientID: c.ID, AuthMethod: method, Secret: secret, GrantType: grant}))
		}
	}
	return all
}

// authorizationQuery is an authorization request as the client's software would make it.
func authorizationQuery(c *client.Client, uri, responseType string) url.Values {
	challenge := sha256.Sum256([]byte("a verifier that nobody uses"))
	query := url.Values{
		"client_id": {c.ID}, "redirect_uri": {uri}, "response_type": {responseType}, "scope": {strings.Join(c.Scopes, " ")}, "state": {"trial"}, "nonce": {"trial"},
	}
	if client.InResponseType(responseType, "code") {
		query.Set("code_challenge", base64.RawURLEncoding.EncodeToString(challenge[:]))
		query.Set("code_challenge_method", "S256")
	}
	return query
}

// tryDiscovery reads the discovery document from where the client would.
func (p *dependencies) tryDiscovery(cmd *cobra.Command) tried {
	const what = "discovery"
	found, err := p.discover(cmd.Context(), http.Header{})
	switch {
	case err != nil:
		return tried{what, false, &op.Refusal{Description: "it cannot be read from here, `latchkey doctor` looks why: " + err.Error()}}
	case found.status != http.StatusOK || found.issuer == "":
		return tried{what, false, &op.Refusal{Description: fmt.Sprintf("another program answers there, with status %d", found.status)}}
	case found.issuer != p.cfg.Issuer:
		return tried{what, false, &op.Refusal{Description: "who answers there calls itself " + found.issuer}}
	}
	return tried{what, true, nil}
}

// tryRequest tries an authorization request that an application made: its whole address, or
// its query.
func (p *dependencies) tryRequest(cmd *cobra.Command, c *client.Client, request string) tried {
	query := request
	if _, after, whole := strings.Cut(request, "?"); whole {
		query = after
	}
	refused := p.trialOf(c).Authorize(cmd.Context(), query)
	return tried{"the authorization request", refused == nil, refused}
}
