package op

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/keys"
)

// opaqueClient gets sealed access tokens.
func opaqueClient() client.Client {
	c := wikiClient()
	c.ID, c.AccessTokenFormat = "opaque", client.AccessTokenOpaque
	return c
}

func TestAccessToken_Claims(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	a := n.signedIn()
	claims := claimsOf(t, a.AccessToken)
	g := n.grant()
	for name, want := range map[string]any{
		"iss": testIssuer, "sub": string(testUserID), "client_id": "wiki", "acr": "aal1", "sid": string(g.SID),
		"gid": string(g.ID), "scope": "openid profile email offline_access",
		"iat": float64(n.clock.Now().Unix()), "exp": float64(n.clock.Now().Add(10 * time.Minute).Unix()),
		"auth_time": float64(g.Authentication.Time.Unix()),
	} {
		if claims[name] != want {
			t.Errorf("%s is %v, want %v", name, claims[name], want)
		}
	}
	if claims["jti"] == "" || claims["nonce"] != nil || claims["email"] != nil {
		t.Errorf("claims are %v", claims)
	}
}

func TestTK5_OnlyAccessTokensPass(t *testing.T) {
	t.Parallel()
	n := newNode(t, opaqueClient())
	a := n.signedIn()
	sealed := n.exchange(basicAuth("opaque", testSecret), n.code("opaque")).want(t, http.StatusOK, "")
	for name, token := range map[string]string{"signed": a.AccessToken, "sealed": sealed.AccessToken} {
		active, err := n.provider.checkAccessToken(t.Context(), token)
		if err != nil {
			t.Fatalf("%s token does not work: %v", name, err)
		}
		if active.Grant == nil || active.Client.ID != active.Claims.ClientID || active.Grant.User.ID != testUserID {
			t.Errorf("%s token is %+v", name, active)
		}
	}
	other := n.encode(t, wikiClient(), func(c *accessTokenClaims) { c.Issuer = "https://other.example.com" })
	elsewhere := n.encode(t, wikiClient(), func(c *accessTokenClaims) { c.Audience = []string{"api"} })
	ended := n.encode(t, wikiClient(), func(c *accessTokenClaims) { c.ExpiresAt = n.clock.Now().Unix() })
	stranger := n.encode(t, wikiClient(), func(c *accessTokenClaims) { c.ClientID = "stranger" })
	wrongGrant := n.encode(t, wikiClient(), func(c *accessTokenClaims) { c.Subject = "somebody else" })
	for name, token := range map[string]string{
		"nothing": "", "ID token": a.IDToken, "refresh token": a.RefreshToken, "code": n.code("wiki"),
		"garbage": "a.b.c", "none": "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0." + strings.Split(a.AccessToken, ".")[1] + ".",
		"cut signed": a.AccessToken[:len(a.AccessToken)-1], "cut sealed": sealed.AccessToken[:len(sealed.AccessToken)-1],
		"longer sealed": sealed.AccessToken + "A", "another issuer": other, "another audience": elsewhere, "expired": ended,
		"unknown client": stranger, "another person's grant": wrongGrant,
	} {
		if _, err := n.provider.checkAccessToken(t.Context(), token); !errors.Is(err, errInvalidToken) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

// encode makes a token of the store's first grant with changed claims.
func (n *node) encode(t *testing.T, client client.Client, change func(*accessTokenClaims)) string {
	t.Helper()
	claims := accessTokenClaims{
		Issuer: testIssuer, Subject: string(testUserID), Audience: []string{testIssuer}, ClientID: client.ID, ID: "j1",
		IssuedAt: n.clock.Now().Unix(), ExpiresAt: n.clock.Now().Add(time.Minute).Unix(),
	}
	for _, g := range n.store.grants() {
		if g.ClientID == client.ID {
			claims.GrantID = g.ID
		}
	}
	change(&claims)
	token, err := n.provider.access.encode(n.provider.make.target(&client, nil, ""), &claims, nil)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	return token
}

func TestAccessToken_EndsWithGrantUserAndTime(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*node){
		"revoked":     (*node).endGrant,
		"disabled":    func(n *node) { n.store.disable(n.clock.Now()) },
		"locked down": func(n *node) { n.store.lockDown(n.clock.Now()) },
		"expired":     func(n *node) { n.clock.Advance(10 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			n := newNode(t)
			a := n.signedIn()
			end(n)
			if _, err := n.provider.checkAccessToken(t.Context(), a.AccessToken); !errors.Is(err, errInvalidToken) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestAccessToken_StoreFailureIsNotInvalid(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	a := n.signedIn()
	n.store.Err.Set(errors.New("down"))
	if _, err := n.provider.checkAccessToken(t.Context(), a.AccessToken); err == nil || errors.Is(err, errInvalidToken) {
		t.Errorf("error is %v", err)
	}
}

func TestSealedToken(t *testing.T) {
	t.Parallel()
	codec := func(issuer string, ids ...string) *accessTokenCodec {
		var list []keys.SecretKey
		for _, id := range ids {
			list = append(list, keys.SecretKey{ID: id, Key: bytes.Repeat([]byte(id[:1]), 32)})
		}
		sealer, err := keys.NewSealer(list)
		if err != nil {
			t.Fatalf("make sealer: %v", err)
		}
		return &accessTokenCodec{issuer: issuer, sealer: sealer}
	}
	old, both, gone := codec(testIssuer, "old"), codec(testIssuer, "new", "old"), codec(testIssuer, "new")
	claims := accessTokenClaims{
		Issuer: testIssuer, Subject: string(testUserID), Audience: []string{"https://api.example.com", testIssuer}, ClientID: "wiki",
		Scope: "openid profile email address phone offline_access", ID: "01a196fb160045bc2b7c1f658c04c8be",
		IssuedAt: 1790000000, ExpiresAt: 1790000600, AuthTime: 1790000000, ACR: "aal2", AMR: []string{"pwd", "otp", "mfa"},
		SID: "01a196fb160045bc2b7c1f658c04c8bf", GrantID: "01a196fb160045bc2b7c1f658c04c8bd",
	}
	token, err := old.seal(&claims)
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	if strings.Contains(token, "wiki") || !strings.HasPrefix(token, sealedTokenPrefix) || len(token) > 512 {
		t.Errorf("token of %d characters is %q", len(token), token)
	}
	got, err := both.open(token)
	if err != nil || got.ClientID != "wiki" || got.Scope != claims.Scope || got.ID != claims.ID || got.GrantID != claims.GrantID ||
		got.ExpiresAt != claims.ExpiresAt || !slices.Equal(got.Audience, claims.Audience) || got.Issuer != testIssuer {
		t.Errorf("opened %+v, %v", got, err)
	}
	if _, err := gone.open(token); !errors.Is(err, keys.ErrUnknownKey) {
		t.Errorf("KY5 without its key: %v", err)
	}
	if _, err := codec("https://other.example.com", "old").open(token); !errors.Is(err, errSealedTokenForm) {
		t.Errorf("of another issuer: %v", err)
	}
	again, err := old.seal(&claims)
	if err != nil || again == token {
		t.Errorf("sealed twice to the same token (%v)", err)
	}
	for i := len(sealedTokenPrefix); i < len(token); i++ {
		changed := []byte(token)
		changed[i] ^= 1
		if _, err := old.open(string(changed)); err == nil {
			t.Errorf("character %d may be changed", i)
		}
	}
}

// A resource server may insist on the type JWT (Spring Security does): the token is
// still no ID token, and an ID token none of these.
func TestTK5_AccessTokensOfTheTypeJWT(t *testing.T) {
	t.Parallel()
	plain := wikiClient()
	plain.ID, plain.AccessTokenTypeHeader = "plain", client.TypeHeaderJWT
	n := newNode(t, plain, resourceServer("api", false))
	asPlain := basicAuth("plain", testSecret)
	a := n.exchange(asPlain, n.code("plain")).want(t, http.StatusOK, "")
	if typ := headerOf(t, a.AccessToken)["typ"]; typ != "JWT" {
		t.Errorf("typ is %v", typ)
	}
	for _, who := range []as{asPlain, basicAuth("api", testSecret)} {
		if !n.introspect(who, a.AccessToken).want(t, http.StatusOK, "").Active {
			t.Error("the access token is inactive")
		}
		if n.introspect(who, a.IDToken).want(t, http.StatusOK, "").Active {
			t.Error("an ID token is active")
		}
	}
	s := &site{node: n}
	if w := s.send(userinfoRequest("GET", "", "", "Bearer "+a.AccessToken)); w.Code != http.StatusOK {
		t.Errorf("userinfo: %d %s", w.Code, w.Body)
	}
	wantBearer(t, s.send(userinfoRequest("GET", "", "", "Bearer "+a.IDToken)), http.StatusUnauthorized, "invalid_token")
	if _, err := n.provider.readIDTokenHint(t.Context(), a.IDToken); err != nil {
		t.Errorf("an ID token is no hint: %v", err)
	}
	if hint, err := n.provider.readIDTokenHint(t.Context(), a.AccessToken); err == nil {
		t.Errorf("an access token is a hint: %+v", hint)
	}
	n.revoke(asPlain, a.AccessToken).want(t, http.StatusOK, "")
	if n.introspect(asPlain, a.AccessToken).Active {
		t.Error("active after it was revoked")
	}
}
