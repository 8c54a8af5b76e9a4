package op

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

func TestKY4_IDTokenAlgorithmByClient(t *testing.T) {
	t.Parallel()
	sha256Half := func(s string) []byte { sum := sha256.Sum256([]byte(s)); return sum[:16] }
	sha384Half := func(s string) []byte { sum := sha512.Sum384([]byte(s)); return sum[:24] }
	sha512Half := func(s string) []byte { sum := sha512.Sum512([]byte(s)); return sum[:32] }
	for _, tc := range []struct {
		registered, want string
		hash             func(string) []byte
	}{
		{registered: "", want: "RS256", hash: sha256Half},
		{registered: "RS256", want: "RS256", hash: sha256Half},
		{registered: "PS256", want: "PS256", hash: sha256Half},
		{registered: "ES256", want: "ES256", hash: sha256Half},
		{registered: "ES384", want: "ES384", hash: sha384Half},
		{registered: "EdDSA", want: "EdDSA", hash: sha512Half},
	} {
		t.Run("registered "+tc.registered, func(t *testing.T) {
			c := wikiClient()
			c.ID, c.IDTokenSigningAlg = "other", tc.registered
			n := newNode(t, c)
			a := n.exchange(basicAuth("other", testSecret), n.code("other")).want(t, http.StatusOK, "")
			header := headerOf(t, a.IDToken)
			if header["alg"] != tc.want || header["typ"] != "JWT" || header["kid"] == "" {
				t.Errorf("header is %v, want alg %s", header, tc.want)
			}
			if access := headerOf(t, a.AccessToken); access["alg"] != "ES256" || access["typ"] != "at+jwt" {
				t.Errorf("access token's header is %v", access)
			}
			want := base64.RawURLEncoding.EncodeToString(tc.hash(a.AccessToken))
			if got := claimsOf(t, a.IDToken)["at_hash"]; got != want {
				t.Errorf("at_hash is %v, want %s", got, want)
			}
			if _, err := n.provider.cfg.Keys.Verify(t.Context(), a.IDToken, idTokenType, tc.want); err != nil {
				t.Errorf("verify: %v", err)
			}
		})
	}
}

func headerOf(t *testing.T, token string) map[string]any {
	t.Helper()
	encoded, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatalf("decode header: %v", err)
	}
	var header map[string]any
	if err := json.Unmarshal(raw, &header); err != nil {
		t.Fatalf("decode header: %v", err)
	}
	return header
}

func TestIDToken_NoStrayClaims(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	claims := claimsOf(t, n.signedIn().IDToken)
	got := slices.Sorted(maps.Keys(claims))
	want := []string{"acr", "amr", "at_hash", "aud", "auth_time", "exp", "iat", "iss", "nonce", "sid", "sub"}
	if !slices.Equal(got, want) {
		t.Errorf("claims %v, want %v", got, want)
	}
	if claims["aud"] != "wiki" || claims["nonce"] != "n-1" || claims["sub"] != string(testUserID) {
		t.Errorf("claims are %v", claims)
	}
}

func TestIDToken_RequestedClaims(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	code := n.code("wiki", func(c *issuedCode) {
		c.Request.Claims.IDToken = map[string]*storage.ClaimRequest{
			"email": nil, "name": {Essential: true}, "auth_time": nil, "sub": {Value: "somebody else"}, "unknown": nil,
		}
		c.Request.Claims.UserInfo = map[string]*storage.ClaimRequest{"preferred_username": nil}
	})
	claims := claimsOf(t, n.exchange(asWiki, code).want(t, http.StatusOK, "").IDToken)
	if claims["email"] != testUser.Email || claims["name"] != testUser.Profile.Name || claims["sub"] != string(testUserID) {
		t.Errorf("claims are %v", claims)
	}
	if claims["preferred_username"] != nil || claims["unknown"] != nil {
		t.Errorf("claims that were not asked for: %v", claims)
	}
}

func TestIDToken_OnlyWithOpenID(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	code := n.code("wiki", func(c *issuedCode) { c.Request.Scopes = []string{"email"} })
	if a := n.exchange(asWiki, code).want(t, http.StatusOK, ""); a.IDToken != "" {
		t.Error("an ID token without openid")
	}
}

// What a client is registered to find in each ID token is asked about like what it
// names itself, and no longer told once its registration says so.
func TestRF5_NamedClaimsAreAskedAboutAndTakenBack(t *testing.T) {
	t.Parallel()
	reader := siteClient()
	reader.ID, reader.Consent, reader.IDTokenClaims = "reader", client.ConsentRemember, []string{"email", "given_name"}
	narrow := reader
	narrow.Scopes = []string{"openid", "offline_access"}
	s := signedInSite(t)
	cfg := s.config([]client.Client{reader})
	s.start(cfg)
	form := authorization("client_id", "reader", "scope", "openid offline_access", "claims", `{"userinfo":{"nickname":null,"name":null}}`)
	code := answerAt(t, s.get(authorizePath, form), testRedirect).Get("code")
	if got, want := s.signIn.Checked[0].Request.ClaimScopes, []string{"profile", "email"}; !slices.Equal(got, want) {
		t.Errorf("people are asked about %v besides, want %v", got, want)
	}
	a := s.exchange(basicAuth("reader", testSecret), code).want(t, http.StatusOK, "")
	if a.Scope != "openid offline_access" || claimsOf(t, a.AccessToken)["scope"] != "openid offline_access" {
		t.Errorf("naming claims widened the scope of the token to %q", a.Scope)
	}
	told := func(a *answer) (idToken, userinfo bool) {
		r := httptest.NewRequest(http.MethodGet, testIssuer+userinfoPath, nil)
		r.Header.Set("Authorization", "Bearer "+a.AccessToken)
		return claimsOf(t, a.IDToken)["email"] != nil, strings.Contains(s.send(r).Body.String(), "Ada Lovelace")
	}
	if inIDToken, inUserinfo := told(a); !inIDToken || !inUserinfo {
		t.Errorf("the email address is in the ID token: %t; the name in userinfo: %t", inIDToken, inUserinfo)
	}
	narrowed := s.config([]client.Client{narrow})
	narrowed.Keys = cfg.Keys
	s.start(narrowed)
	again := s.refresh(basicAuth("reader", testSecret), a.RefreshToken).want(t, http.StatusOK, "")
	if inIDToken, inUserinfo := told(again); inIDToken || inUserinfo {
		t.Errorf("after its registration was narrowed, the address is in the ID token: %t; the name in userinfo: %t", inIDToken, inUserinfo)
	}
}

// Much software reads nothing but the ID token: a client may be registered to find
// claims in each, as if it had asked for them by name.
func TestIDToken_ClaimsThatTheClientIsRegisteredFor(t *testing.T) {
	t.Parallel()
	reader := wikiClient()
	reader.ID, reader.Scopes = "reader", []string{"openid", "email", "profile", "offline_access"}
	reader.IDTokenClaims = []string{"email", "email_verified", "name", "preferred_username", "phone_number"}
	asked := reader
	asked.ID, asked.Consent, asked.Secrets = "asked", client.ConsentRemember, wikiClient().Secrets
	n := newNode(t, reader, asked)
	for _, tc := range []struct {
		id     string
		scopes []string
		want   []string
	}{
		{"reader", []string{"openid", "email", "profile", "offline_access"}, []string{"email", "email_verified", "name", "preferred_username"}},
		{"reader", []string{"openid", "offline_access"}, []string{"email", "email_verified", "name", "preferred_username"}},
		{"asked", []string{"openid", "email", "offline_access"}, []string{"email", "email_verified"}},
		{"asked", []string{"openid", "offline_access"}, nil},
		{"wiki", []string{"openid", "email", "profile", "offline_access"}, nil},
	} {
		who := basicAuth(tc.id, testSecret)
		first := n.exchange(who, n.code(tc.id, func(c *issuedCode) { c.Request.Scopes = tc.scopes })).want(t, http.StatusOK, "")
		again := n.refresh(who, first.RefreshToken).want(t, http.StatusOK, "")
		for when, token := range map[string]string{"first": first.IDToken, "refreshed": again.IDToken} {
			claims := claimsOf(t, token)
			for _, name := range reader.IDTokenClaims {
				if _, got := claims[name]; got != slices.Contains(tc.want, name) {
					t.Errorf("%s %v, %s: %s is there: %t", tc.id, tc.scopes, when, name, got)
				}
			}
		}
	}
}
