package main

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/op"
	"github.com/spf13/cobra"
)

// walked is a walk through what an application does, one thing after the other.
type walked struct {
	ctx   context.Context
	trial *op.Trial
	c     *client.Client
	has   *shown
	all   []tried
}

// walk reads the discovery document, judges the keys of the application, sends somebody to
// sign in for each of its redirect URIs, and asks for tokens.
func (p *dependencies) walk(cmd *cobra.Command, trial *op.Trial, c *client.Client, has *shown) []tried {
	w := &walked{ctx: cmd.Context(), trial: trial, c: c, has: has, all: []tried{p.tryDiscovery(cmd)}}
	for _, key := range trial.Keys(w.ctx, c) {
		w.add(key.What, key.Refused)
	}
	for _, uri := range c.RedirectURIs {
		for _, responseType := range c.ResponseTypes {
			w.authorization(uri, responseType)
		}
	}
	for _, grant := range c.GrantTypes {
		for _, method := range w.methods() {
			w.token(grant, method)
		}
	}
	return w.all
}

func (w *walked) add(what string, refused *op.Refusal) {
	w.all = append(w.all, tried{what, refused == nil, refused})
}

func untried(why string) *op.Refusal { return &op.Refusal{Untried: true, Description: why} }

// authorization tries what the application sends people with to a redirect URI, in every
// form that it may: as parameters, in a request object, and without PKCE.
func (w *walked) authorization(uri, responseType string) {
	query, pushed := authorizationQuery(w.c, uri, responseType), w.trial.MustPush(w.c)
	what := "authorization request for " + responseType + " to " + uri
	try := func(query url.Values, opened bool) *op.Refusal {
		switch {
		case pushed:
			return w.push(query, opened)
		case opened:
			return w.trial.AuthorizeOpened(w.ctx, query.Encode())
		}
		return w.trial.Authorize(w.ctx, query.Encode())
	}
	if pushed {
		what = "pushed " + what
	}
	w.add(what, try(query, false))
	if pushed {
		w.add("the same with a browser", w.trial.Authorize(w.ctx, query.Encode()))
	}
	w.objects(query, uri, try)
	if client.InResponseType(responseType, "code") {
		query.Del("code_challenge")
		query.Del("code_challenge_method")
		w.add("the same without PKCE", try(query, false))
	}
}

// objects tries the request in a request object, where the application may send such.
func (w *walked) objects(query url.Values, uri string, try func(query url.Values, opened bool) *op.Refusal) {
	const unsigned = "none"
	what, opened := "the same in a signed request object", w.c.RequestObjectEncryptionAlg != ""
	var key *op.TrialKey
	switch alg := w.c.RequestObjectSigningAlg; {
	case alg == unsigned:
		what = "the same in an unsigned request object"
	case w.has.key != nil && (w.c.JWKS != nil || w.c.JWKSURI != ""):
		key = w.has.key
	case alg != "" || opened:
		w.add(what, untried("give a key of the application with --key"))
		return
	default:
		w.addresses(uri, try)
		return
	}
	if opened {
		what += ", encrypted with " + w.c.RequestObjectEncryptionAlg
	}
	object, err := w.trial.RequestObject(w.c, key, query)
	if err != nil {
		w.add(what, &op.Refusal{Description: err.Error()})
	} else {
		w.add(what, try(url.Values{"client_id": {w.c.ID}, "redirect_uri": {uri}, "request": {object}}, opened))
	}
	w.addresses(uri, try)
}

// addresses tries the request objects that the application publishes, which no pushed
// request may name.
func (w *walked) addresses(uri string, try func(query url.Values, opened bool) *op.Refusal) {
	if w.trial.MustPush(w.c) {
		return
	}
	for _, address := range w.c.RequestURIs {
		w.add("the request object at "+address, try(url.Values{"client_id": {w.c.ID}, "redirect_uri": {uri}, "request_uri": {address}}, false))
	}
}

// methods are the ways to authenticate that are tried: those of the client, and those that
// software takes by itself.
func (w *walked) methods() []string {
	methods := []string{client.AuthMethodBasic, client.AuthMethodPost}
	for _, method := range w.c.AuthMethods() {
		if !slices.Contains(methods, method) {
			methods = append(methods, method)
		}
	}
	return methods
}

// request makes a request of the client with what it shows by a method, or says what is
// missing for that.
func (w *walked) request(method string) (op.TokenTrial, *op.Refusal) {
	trial := op.TokenTrial{ClientID: w.c.ID, AuthMethod: method, Secret: w.has.secret, Certificates: w.has.certificates}
	if !w.c.AllowsAuthMethod(method) {
		return trial, nil
	}
	var err error
	switch method {
	case client.AuthMethodSecretJWT:
		if w.has.secret == "" {
			return trial, untried("give the application's secret with --secret-stdin")
		}
		trial.Assertion, err = w.trial.SecretAssertion(w.c, w.has.secret)
	case client.AuthMethodPrivateKeyJWT:
		switch {
		case w.c.Workload != nil:
			return trial, untried("its assertions are of " + w.c.Workload.Issuer + ", which alone can make them")
		case w.has.key == nil:
			return trial, untried("give a key of the application with --key")
		}
		trial.Assertion, err = w.trial.Assertion(w.c, w.has.key)
	case client.AuthMethodTLS, client.AuthMethodSelfSignedTLS:
		if w.has.certificates == nil {
			return trial, untried("give the application's certificate with --cert")
		}
	}
	if err != nil {
		return trial, &op.Refusal{Description: err.Error()}
	}
	return trial, nil
}

// push tries a pushed request, by the client's own method.
func (w *walked) push(form url.Values, opened bool) *op.Refusal {
	trial, refused := w.request(w.c.AuthMethods()[0])
	if refused != nil {
		return refused
	}
	trial.Opened = opened
	return w.trial.Push(w.ctx, trial, form)
}

// token tries a token request, with a DPoP proof and a certificate where tokens are bound
// to them, and without.
func (w *walked) token(grant, method string) {
	what := "token request for " + grant + " by " + method
	trial, refused := w.request(method)
	trial.GrantType = grant
	key, certificate, either := w.trial.Bound(w.c)
	bound := key || either && w.has.certificates == nil
	if bound {
		what += " with a DPoP proof"
	}
	trial.Proven = bound
	switch {
	case refused == nil && certificate && w.has.certificates == nil && w.c.AllowsAuthMethod(method):
		refused = untried("tokens are bound to the application's certificate: give it with --cert")
	case refused == nil:
		refused = w.trial.Token(w.ctx, trial)
	}
	w.add(what, refused)
	if refused != nil {
		return
	}
	if bound {
		trial.Proven = false
		w.add("the same without a DPoP proof", w.trial.Token(w.ctx, trial))
	}
	if certificate && !strings.Contains(method, "tls_client_auth") {
		trial.Certificates = nil
		w.add("the same without a certificate", w.trial.Token(w.ctx, trial))
	}
}
