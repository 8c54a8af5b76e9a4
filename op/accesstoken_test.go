package op

import (
	"bytes"
	"crypto/rand"
	"errors"
	"net/http"
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
	token, err := n.provider.access.encode(&client, &claims)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	return token
}

func TestAccessToken_EndsWithGrantUserAndTime(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*node){
		"revoked":  (*node).endGrant,
		"disabled": func(n *node) { n.store.disable(n.clock.Now()) },
		"expired":  func(n *node) { n.clock.Advance(10 * time.Minute) },
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
	newCodec := func(ids ...string) *sealedTokenCodec {
		var secrets []keys.SecretKey
		for _, id := range ids {
			secrets = append(secrets, keys.SecretKey{ID: id, Key: bytes.Repeat([]byte(id[:1]), 32)})
		}
		hasher, err := keys.NewHasher(secrets)
		if err != nil {
			t.Fatalf("make hasher: %v", err)
		}
		return newSealedTokenCodec(hasher, rand.Reader)
	}
	old, both, gone := newCodec("old"), newCodec("new", "old"), newCodec("new")
	payload := []byte(`{"sub":"ada"}`)
	token, err := old.seal(payload)
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	if strings.Contains(token, "ada") || !strings.HasPrefix(token, sealedTokenPrefix) {
		t.Errorf("token is %q", token)
	}
	if got, err := both.open(token); err != nil || !bytes.Equal(got, payload) {
		t.Errorf("opened %q, %v", got, err)
	}
	if _, err := gone.open(token); !errors.Is(err, keys.ErrUnknownKey) {
		t.Errorf("KY5 without its key: %v", err)
	}
	again, err := old.seal(payload)
	if err != nil || again == token {
		t.Errorf("sealed twice to the same token (%v)", err)
	}
	raw, err := strictBase64.DecodeString(strings.TrimPrefix(token, sealedTokenPrefix))
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	for i := range raw {
		raw[i] ^= 1
		if _, err := old.open(sealedTokenPrefix + strictBase64.EncodeToString(raw)); err == nil {
			t.Errorf("byte %d may be changed", i)
		}
		raw[i] ^= 1
	}
}
