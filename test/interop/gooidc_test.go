package interop

import (
	"context"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// goOIDC is a relying party made with go-oidc and x/oauth2.
type goOIDC struct {
	provider *oidc.Provider
	oauth    *oauth2.Config
	verifier *oidc.IDTokenVerifier
	ctx      context.Context
}

func newGoOIDC(t *testing.T, p *provider, c client) *goOIDC {
	t.Helper()
	ctx := oidc.ClientContext(t.Context(), p.HTTP())
	found, err := oidc.NewProvider(ctx, p.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	endpoint := found.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInParams
	if c.Method == "client_secret_basic" {
		endpoint.AuthStyle = oauth2.AuthStyleInHeader
	}
	return &goOIDC{
		ctx: ctx, provider: found,
		oauth:    &oauth2.Config{ClientID: c.ID, ClientSecret: c.Secret, Endpoint: endpoint, RedirectURL: redirectURI, Scopes: scopes},
		verifier: found.VerifierContext(ctx, &oidc.Config{ClientID: c.ID, SupportedSigningAlgs: []string{c.Alg}}),
	}
}

// check verifies the tokens of one answer of the token endpoint.
func (rp *goOIDC) check(t *testing.T, token *oauth2.Token, nonce string) (raw string, _ *oidc.IDToken) {
	t.Helper()
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		t.Fatal("no ID token")
	}
	verified, err := rp.verifier.Verify(rp.ctx, raw)
	if err != nil {
		t.Fatal(err)
	}
	if verified.Nonce != nonce {
		t.Errorf("nonce = %q, want %q", verified.Nonce, nonce)
	}
	if err := verified.VerifyAccessToken(token.AccessToken); err != nil {
		t.Errorf("at_hash: %v", err)
	}
	return raw, verified
}

// signIn goes through the code flow.
func (rp *goOIDC) signIn(t *testing.T, p *provider, browser *testbrowser.Browser) (token *oauth2.Token, raw string, _ *oidc.IDToken) {
	t.Helper()
	state, nonce, verifier := oauth2.GenerateVerifier(), oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	answer := p.visit(t, browser, rp.oauth.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)))
	if got := answer.Query(); got.Get("state") != state || got.Get("iss") != p.Issuer {
		t.Fatalf("state or iss does not fit: %s", answer)
	}
	token, err := rp.oauth.Exchange(rp.ctx, answer.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	raw, verified := rp.check(t, token, nonce)
	return token, raw, verified
}

// refresh trades a refresh token for new tokens.
func (rp *goOIDC) refresh(token *oauth2.Token) (*oauth2.Token, error) {
	expired := &oauth2.Token{RefreshToken: token.RefreshToken, Expiry: time.Unix(1, 0)}
	return rp.oauth.TokenSource(rp.ctx, expired).Token()
}

func (rp *goOIDC) checkUserInfo(t *testing.T, token *oauth2.Token, subject string) {
	t.Helper()
	info, err := rp.provider.UserInfo(rp.ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		t.Fatal(err)
	}
	if info.Subject != subject || info.Email != email || !info.EmailVerified {
		t.Errorf("userinfo = %+v, want %s of %s", info, email, subject)
	}
}

func (rp *goOIDC) endSessionURL(t *testing.T, params url.Values) string {
	t.Helper()
	var metadata struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := rp.provider.Claims(&metadata); err != nil {
		t.Fatal(err)
	}
	return metadata.EndSession + "?" + params.Encode()
}

func TestGoOIDC(t *testing.T) {
	t.Parallel()
	p := start(t)
	forEach(t, func(t *testing.T, c client) {
		browser := p.Browser(t)
		rp := newGoOIDC(t, p, c)
		token, _, first := rp.signIn(t, p, browser)

		refreshed, err := rp.refresh(token)
		if err != nil {
			t.Fatal(err)
		}
		if refreshed.RefreshToken == token.RefreshToken {
			t.Error("the refresh token did not change")
		}
		raw, second := rp.check(t, refreshed, "")
		if second.Subject != first.Subject {
			t.Errorf("sub changed from %s to %s", first.Subject, second.Subject)
		}
		rp.checkUserInfo(t, refreshed, first.Subject)

		mustLeave(t, p.visit(t, browser, rp.endSessionURL(t, url.Values{
			"id_token_hint": {raw}, "post_logout_redirect_uri": {postLogoutURI}, "state": {"x y&z"},
		})), "x y&z")
		silent := rp.oauth.AuthCodeURL("s", oauth2.S256ChallengeOption(oauth2.GenerateVerifier()), oauth2.SetAuthURLParam("prompt", "none"))
		mustRefuse(t, p.visit(t, browser, silent))
	})
	t.Run("service", func(t *testing.T) {
		rp := newGoOIDC(t, p, service)
		config := clientcredentials.Config{
			ClientID: service.ID, ClientSecret: service.Secret, TokenURL: rp.oauth.Endpoint.TokenURL,
			Scopes: []string{serviceScope}, AuthStyle: oauth2.AuthStyleInHeader,
		}
		token, err := config.Token(rp.ctx)
		if err != nil {
			t.Fatal(err)
		}
		if token.RefreshToken != "" || token.Extra("id_token") != nil || token.Extra("scope") != serviceScope {
			t.Errorf("token for scope %v, with refresh token %t and ID token %v", token.Extra("scope"), token.RefreshToken != "", token.Extra("id_token"))
		}
		config.ClientSecret += "x"
		var refused *oauth2.RetrieveError
		if _, err := config.Token(rp.ctx); !errors.As(err, &refused) || refused.ErrorCode != "invalid_client" {
			t.Errorf("a wrong secret is answered with %v, want invalid_client", err)
		}
	})
}
