package op

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/client/registration"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage"
)

// signBytes signs whatever a fuzzer makes of a payload.
func signBytes(t testing.TB, key jose.JSONWebKey, payload []byte) string {
	t.Helper()
	return testenv.SignJWT(t, jose.ES256, key, nil, payload)
}

// audiences are the values of an aud, whether it is one or a list.
func audiences(aud any) (all []string) {
	list, is := aud.([]any)
	if !is {
		list = []any{aud}
	}
	for _, v := range list {
		if text, is := v.(string); is {
			all = append(all, text)
		}
	}
	return all
}

// FuzzClientAssertion: no assertion is our fault, none that the client did not sign proves
// it, and of those that it did only such as are of it, for us, young and named (RFC 7523
// section 3).
func FuzzClientAssertion(f *testing.F) {
	n := newNode(f, signerClient())
	key := signingKey(f, "k1")
	n.keys.set(key)
	good := encoded(f, n.assertion("signer"))
	f.Add("", good)
	f.Add(signBytes(f, key, good), []byte{})
	f.Add("", []byte(`{"iss":"signer","sub":"signer","aud":["https://id.example.com"],"jti":"1","exp":1e300,"iat":-1}`))
	f.Add("", []byte(`{"iss":"signer","iss":"x","sub":null,"aud":{},"jti":7}`))
	f.Add("eyJhbGciOiJub25lIn0.e30.", []byte{})
	f.Fuzz(func(t *testing.T, text string, payload []byte) {
		n.t = t
		n.provider.failures = failureLimit{}
		signed := text == ""
		if signed {
			text = signBytes(t, key, payload)
		}
		a := n.token(asserting(text))
		if a.Code >= http.StatusInternalServerError {
			t.Fatalf("status %d for %q: %s", a.Code, text, a.Body)
		}
		if a.Code != http.StatusOK {
			return
		}
		var claims map[string]any
		if !signed {
			payload = decodedPayload(t, text)
		}
		if err := json.Unmarshal(payload, &claims); err != nil {
			t.Fatalf("%q is taken: %v", payload, err)
		}
		exp, _ := claims["exp"].(float64)
		now := float64(n.clock.Now().Unix())
		jti, _ := claims["jti"].(string)
		if claims["iss"] != "signer" || claims["sub"] != "signer" || jti == "" || exp < now-60 || exp > now+3600 ||
			!slices.ContainsFunc(audiences(claims["aud"]), func(aud string) bool { return aud == testIssuer || aud == testIssuer+tokenPath }) {
			t.Errorf("%q is taken", payload)
		}
		if again := n.token(asserting(text)); again.Code == http.StatusOK {
			t.Errorf("%q is taken twice", payload)
		}
	})
}

// decodedPayload is the payload of a JWT that was taken.
func decodedPayload(t *testing.T, text string) []byte {
	t.Helper()
	parsed, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatalf("%q is taken: %v", text, err)
	}
	return parsed.UnsafePayloadWithoutVerification()
}

// FuzzTrustedAssertion: the same of a JWT of an issuer that is trusted, as a grant and as
// the subject of an exchange: nobody but those whom the client may speak about.
func FuzzTrustedAssertion(f *testing.F) {
	n, key := trustedNode(f)
	f.Add(encoded(f, n.job()))
	f.Add([]byte(`{"iss":"` + buildIssuer + `","sub":"repo:acme/shop","aud":"` + testIssuer + `","jti":"1","owner_id":["4711"],"exp":1e300}`))
	f.Add([]byte(`{"iss":"` + buildIssuer + `","sub":"repo:acme/\u0000","exp":"now"}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		n.t = t
		text := signBytes(t, key, payload)
		for _, a := range []*answer{n.bear(text), n.exchangeJWT(text)} {
			if a.Code >= http.StatusInternalServerError {
				t.Fatalf("status %d for %q: %s", a.Code, payload, a.Body)
			}
			if a.Code != http.StatusOK {
				continue
			}
			var claims map[string]any
			if err := json.Unmarshal(payload, &claims); err != nil {
				t.Fatalf("%q is taken: %v", payload, err)
			}
			exp, _ := claims["exp"].(float64)
			subject, _ := claims["sub"].(string)
			if claims["iss"] != buildIssuer || len(subject) <= len("repo:acme/") && subject != "repo:acme/" || subject[:10] != "repo:acme/" ||
				exp < float64(n.clock.Now().Unix()) || !slices.Contains([]string{testIssuer, testIssuer + tokenPath}, audiences(claims["aud"])[0]) {
				t.Errorf("%q is taken", payload)
			}
		}
	})
}

// FuzzRequestObject: no object that a client signed is our fault, and what is taken of one
// is of that client, for us, and holds no other object.
func FuzzRequestObject(f *testing.F) {
	c := objectClient()
	n := newNode(f, c)
	key := signingKey(f, "k1")
	n.keys.set(key)
	f.Add(encoded(f, objectOf("objects")), true)
	f.Add(encoded(f, objectOf("objects", "max_age", "7", "claims", `{"userinfo":{"name":null}}`)), false)
	f.Add([]byte(`{"client_id":"objects","resource":["a","b"],"max_age":1e9,"claims":{"id_token":{}},"exp":-1}`), false)
	f.Add([]byte(`{"iss":7,"aud":[],"scope":["openid"],"state":"\u0000"}`), true)
	f.Fuzz(func(t *testing.T, payload []byte, pushed bool) {
		form := url.Values{"client_id": {"objects"}, "request": {signBytes(t, key, payload)}, "scope": {"outside"}}
		inside, err := n.provider.requestObject(t.Context(), form, &c, pushed)
		if err != nil {
			var refusal *Error
			if !errors.As(err, &refusal) || refusal.status() >= http.StatusInternalServerError {
				t.Fatalf("%q: %v", payload, err)
			}
			return
		}
		var claims map[string]any
		if err := json.Unmarshal(payload, &claims); err != nil {
			t.Fatalf("%q is taken: %v", payload, err)
		}
		if inside.Get("client_id") != "objects" || inside.Has("request") || inside.Has("request_uri") || inside.Get("scope") == "outside" && claims["scope"] != "outside" {
			t.Errorf("%q is taken as %v", payload, inside)
		}
		for name, values := range inside {
			for _, value := range values {
				if !authorizationParameters[name] || !isText(value) {
					t.Errorf("%q is taken as %v", payload, inside)
				}
			}
		}
	})
}

// FuzzClaimsParameter: what is taken of a claims request is bounded, and nothing that the
// client may not have.
func FuzzClaimsParameter(f *testing.F) {
	for _, text := range []string{
		`{"userinfo":{"given_name":{"essential":true},"nickname":null},"id_token":{"auth_time":{"essential":true},"acr":{"values":["aal2"]}}}`,
		`{"id_token":{"sub":{"value":"x"},"acr":{"essential":true,"value":"aal1"}}}`, `{"userinfo":{"email":{"value":7},"address":{"values":[{}]}}}`,
		`{"userinfo":{"":null,"\u0000":{}},"other":[]}`, `{}`, `[]`, ` {"id_token":null}`,
	} {
		f.Add(text)
	}
	registry := client.NewSnapshot([]client.Client{siteClient(), spaClient(), nativeClient()})
	f.Fuzz(func(t *testing.T, text string) {
		request, _, err := parseAuthorization(authorization("claims", text))
		if err != nil {
			var refusal *Error
			if !errors.As(err, &refusal) || refusal.Code == "" {
				t.Fatalf("refusal without a code: %v", err)
			}
			return
		}
		c, err := registry.Client(t.Context(), request.ClientID)
		if err != nil {
			t.Fatal(err)
		}
		checkReadRequest(t, c, request)
		for _, member := range []map[string]*storage.ClaimRequest{request.Claims.UserInfo, request.Claims.IDToken} {
			if len(member) > maxClaims {
				t.Errorf("%d claims", len(member))
			}
			for name := range member {
				if !plainMaker.mayName(c, name) {
					t.Errorf("the claim %q", name)
				}
			}
		}
		if len(request.EssentialACR) > maxACRs {
			t.Errorf("%d classes", len(request.EssentialACR))
		}
		if _, err := json.Marshal(request); err != nil { // it has to wait in a store
			t.Errorf("%q: %v", text, err)
		}
	})
}

// FuzzClientDocument: no document makes the judge fail other than by blaming it, and what
// it comes to is the client of its address, without a secret or an extension of ours.
func FuzzClientDocument(f *testing.F) {
	f.Add(encoded(f, documentOf(documentID)))
	f.Add(encoded(f, documentOf(documentID, "token_endpoint_auth_method", "private_key_jwt", "jwks_uri", "https://agent.example/jwks")))
	f.Add(encoded(f, documentOf(documentID, "consent", "implied", "client_secret", nil, "scope", "admin:people.write")))
	f.Add([]byte(`{"client_id":"` + documentID + `","client_id":"x","redirect_uris":[""],"client_name#de":7}`))
	f.Add([]byte(`null`))
	now := time.Unix(1_800_000_000, 0)
	clock := func() time.Time { return now }
	lifetimes := client.Lifetimes{AccessToken: 10 * time.Minute, IDToken: 10 * time.Minute, RefreshIdle: time.Hour, Refresh: time.Hour}
	policy := registration.Policy{
		GrantTypes: []string{client.GrantAuthorizationCode, client.GrantRefreshToken}, ResponseTypes: []string{"code"}, Scopes: []string{"openid", "profile"},
	}
	judge := registration.New(registration.Config{
		Judge: client.Policy{SigningAlgs: []string{"RS256", "ES256"}}, Policy: policy, Lifetimes: lifetimes, Now: clock, Random: rand.Reader,
	})
	rows := client.NewStored(client.StoredConfig{Lifetimes: lifetimes, Now: clock})
	f.Fuzz(func(t *testing.T, body []byte) {
		judged, err := judge.Published(t.Context(), documentID, body)
		if err != nil {
			var blamed *registration.Error
			if !errors.As(err, &blamed) || blamed.Code == "" {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		c, err := rows.Read(judged.Client)
		if err != nil {
			t.Fatalf("%q is kept as what cannot be read: %v", body, err)
		}
		if c.ID != documentID || c.Vouched() || len(c.Secrets) > 0 || c.AuthMethod != client.AuthMethodNone && c.AuthMethod != client.AuthMethodPrivateKeyJWT ||
			c.Consent == client.ConsentImplied || c.IntrospectAny || len(c.TokenExchange) > 0 || len(c.RedirectURIs) == 0 {
			t.Errorf("%q comes to %+v", body, c)
		}
		for _, scope := range c.Scopes {
			if !slices.Contains(policy.Scopes, scope) {
				t.Errorf("%q gets the scope %q", body, scope)
			}
		}
		for _, grant := range c.GrantTypes {
			if !slices.Contains(policy.GrantTypes, grant) {
				t.Errorf("%q gets the grant %q", body, grant)
			}
		}
	})
}
