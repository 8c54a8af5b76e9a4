package interop

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/client/rs"
	httphelper "github.com/zitadel/oidc/v3/pkg/http"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/oauth2"
)

type zitadelTokens = oidc.Tokens[*oidc.IDTokenClaims]

// zitadel is a relying party made with zitadel's client/rp: its own handlers,
// with state and PKCE verifier in cookies.
type zitadel struct {
	rp.RelyingParty
}

func newZitadel(t *testing.T, p *provider, c client) zitadel {
	t.Helper()
	cookies := httphelper.NewCookieHandler([]byte("0123456789abcdef0123456789abcdef"), nil, httphelper.WithUnsecure())
	style := oauth2.AuthStyleInParams
	if c.Method == "client_secret_basic" {
		style = oauth2.AuthStyleInHeader
	}
	party, err := rp.NewRelyingPartyOIDC(t.Context(), p.Issuer, c.ID, c.Secret, redirectURI, scopes,
		rp.WithHTTPClient(p.HTTP()), rp.WithPKCE(cookies), rp.WithCookieHandler(cookies), rp.WithAuthStyle(style),
		rp.WithSigningAlgsFromDiscovery(),
		rp.WithVerifierOpts(rp.WithNonce(expectedNonce)),
	)
	if err != nil {
		t.Fatal(err)
	}
	return zitadel{party}
}

// nonceKey is the key of a context's nonce, which is where the library looks
// for it.
type nonceKey struct{}

// expectedNonce is empty for a refresh, which has none.
func expectedNonce(ctx context.Context) string {
	nonce, _ := ctx.Value(nonceKey{}).(string)
	return nonce
}

// begin asks the relying party's sign-in handler where the browser should go,
// and returns the cookies that it sets as well.
func (z zitadel) begin(t *testing.T, options ...rp.URLParamOpt) (address string, cookies []*http.Cookie) {
	t.Helper()
	answer := httptest.NewRecorder()
	rp.AuthURLHandler(oauth2.GenerateVerifier, z, options...)(answer, httptest.NewRequest(http.MethodGet, "/login", nil))
	return answer.Header().Get("Location"), answer.Result().Cookies()
}

// signIn goes through the code flow; the library verifies what it gets.
func (z zitadel) signIn(t *testing.T, p *provider, browser *testbrowser.Browser) (tokens *zitadelTokens, info *oidc.UserInfo) {
	t.Helper()
	nonce := oauth2.GenerateVerifier()
	address, cookies := z.begin(t, rp.WithURLParam("nonce", nonce))
	callback := httptest.NewRequest(http.MethodGet, p.visit(t, browser, address).String(), nil)
	callback = callback.WithContext(context.WithValue(t.Context(), nonceKey{}, nonce))
	for _, c := range cookies {
		callback.AddCookie(c)
	}
	answer := httptest.NewRecorder()
	rp.CodeExchangeHandler(rp.UserinfoCallback(func(_ http.ResponseWriter, _ *http.Request, got *zitadelTokens, _ string, _ rp.RelyingParty, i *oidc.UserInfo) {
		tokens, info = got, i
	}), z)(answer, callback)
	if tokens == nil {
		t.Fatalf("the callback answers %d: %s", answer.Code, answer.Body)
	}
	return tokens, info
}

func TestZitadelRP(t *testing.T) {
	t.Parallel()
	p := start(t)
	forEach(t, func(t *testing.T, c client) {
		browser := p.Browser(t)
		party := newZitadel(t, p, c)
		tokens, info := party.signIn(t, p, browser)
		if info.Email != email {
			t.Errorf("userinfo = %+v, want %s", info, email)
		}
		subject := tokens.IDTokenClaims.Subject

		refreshed := party.refresh(t, tokens)
		if refreshed.IDTokenClaims.Subject != subject || refreshed.RefreshToken == tokens.RefreshToken {
			t.Errorf("refreshed: sub %s (before %s), same refresh token %t",
				refreshed.IDTokenClaims.Subject, subject, refreshed.RefreshToken == tokens.RefreshToken)
		}
		if _, err := rp.Userinfo[*oidc.UserInfo](t.Context(), refreshed.AccessToken, "Bearer", subject, party); err != nil {
			t.Error(err)
		}
		if c.Method == "client_secret_basic" { // the only way in which the library introspects with a secret
			introspectsUntilRevoked(t, p, c, party, refreshed)
		}

		// The library asks the end-session endpoint itself, without the browser's
		// cookies: the ID token names the session that ends, and the answer where to
		// send the browser.
		left, err := rp.EndSession(t.Context(), party, refreshed.IDToken, postLogoutURI, "s1", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		if left.String() != postLogoutURI+"?state=s1" {
			t.Errorf("the browser is to be sent to %s", left)
		}
		silent, _ := party.begin(t, rp.WithURLParam("prompt", "none"))
		mustRefuse(t, p.visit(t, browser, silent))
	})
	t.Run("service", func(t *testing.T) {
		party := newZitadel(t, p, service)
		party.OAuthConfig().Scopes = []string{serviceScope}
		token, err := rp.ClientCredentials(t.Context(), party, nil)
		if err != nil {
			t.Fatal(err)
		}
		if state := introspect(t, p, service, token.AccessToken); !state.Active || state.ClientID != service.ID {
			t.Errorf("introspection = %+v", state)
		}
	})
}

func (z zitadel) refresh(t *testing.T, tokens *zitadelTokens) *zitadelTokens {
	t.Helper()
	refreshed, err := rp.RefreshTokens[*oidc.IDTokenClaims](t.Context(), z, tokens.RefreshToken, "", "")
	if err != nil {
		t.Fatal(err)
	}
	return refreshed
}

func introspectsUntilRevoked(t *testing.T, p *provider, c client, party zitadel, tokens *zitadelTokens) {
	t.Helper()
	if state := introspect(t, p, c, tokens.AccessToken); !state.Active || state.Subject != tokens.IDTokenClaims.Subject {
		t.Errorf("introspection = %+v", state)
	}
	if err := rp.RevokeToken(t.Context(), party, tokens.RefreshToken, "refresh_token"); err != nil {
		t.Fatal(err)
	}
	if state := introspect(t, p, c, tokens.AccessToken); state.Active {
		t.Error("the access token outlives its grant")
	}
}

func introspect(t *testing.T, p *provider, c client, token string) *oidc.IntrospectionResponse {
	t.Helper()
	server, err := rs.NewResourceServerClientCredentials(t.Context(), p.Issuer, c.ID, c.Secret, rs.WithClient(p.HTTP()))
	if err != nil {
		t.Fatal(err)
	}
	state, err := rs.Introspect[*oidc.IntrospectionResponse](t.Context(), server, token)
	if err != nil {
		t.Fatal(err)
	}
	return state
}
