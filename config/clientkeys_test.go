package config

import (
	"strings"
	"testing"
)

const publicKey = `{"keys": [{"kty": "EC", "crv": "P-256", "kid": "k1", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}`

func TestCL1_ClientsThatSignAssertions(t *testing.T) {
	const (
		redirect = "redirect_uris: [https://a.example/cb]"
		private  = "auth_method: private_key_jwt"
	)
	inline := "jwks: '" + publicKey + "'"
	withPrivate := "jwks: '" + strings.Replace(publicKey, `"kty"`, `"d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE", "kty"`, 1) + "'"
	runValidatorCases(t, map[string]validatorCase{
		"keys":             {yaml: clientYAML("id: a", private, redirect, inline)},
		"their address":    {yaml: clientYAML("id: a", private, redirect, "jwks_uri: https://a.example/keys")},
		"an HMAC secret":   {yaml: clientYAML("id: a", "auth_method: client_secret_jwt", redirect, "secret: env:STRONG")},
		"no keys":          {yaml: clientYAML("id: a", private, redirect), want: []string{"jwks_uri (line 2): private_key_jwt needs the client's keys"}},
		"both":             {yaml: clientYAML("id: a", private, redirect, inline, "jwks_uri: https://a.example/keys"), want: []string{"not both"}},
		"in clear":         {yaml: clientYAML("id: a", private, redirect, "jwks_uri: http://a.example/keys"), want: []string{"use https"}},
		"a private key":    {yaml: clientYAML("id: a", private, redirect, withPrivate), want: []string{"jwks (line 5): it is not a JWK Set of public keys in JSON: a key holds a private"}},
		"no JSON":          {yaml: clientYAML("id: a", private, redirect, "jwks: x"), want: []string{"it is not a JWK Set"}},
		"no key in it":     {yaml: clientYAML("id: a", private, redirect, "jwks: '{}'"), want: []string{"use 1 to 32 keys"}},
		"a secret besides": {yaml: clientYAML("id: a", private, redirect, inline, "secret: env:STRONG"), want: []string{"secret (line 6): auth_method private_key_jwt uses keys and no secret"}},
		"public with keys": {yaml: clientYAML("id: a", "type: public", private, redirect, inline), want: []string{"cannot keep a secret"}},
	})
	vars := serveEnv()
	vars["FAIR"] = "twenty-four characters!!"
	c, err := load(t, clientYAML("id: a", "auth_method: client_secret_jwt", "allow_weak_secret: true", redirect, "secret: env:FAIR"), vars)
	if err == nil || !strings.Contains(err.Error(), "at least 32 characters") {
		t.Errorf("a short HMAC secret: %v, %v", c, err)
	}
}

// A secret is kept as it is only for those who sign with it, and prints nothing.
func TestCL1_OnlyHMACSecretsAreKept(t *testing.T) {
	for method, kept := range map[string]bool{"client_secret_basic": false, "client_secret_post": false, "client_secret_jwt": true} {
		c := mustLoad(t, clientYAML("id: a", "auth_method: "+method, "redirect_uris: [https://a.example/cb]", "secret: env:STRONG"), serveEnv())
		secret := clientsOf(t, c)[0].Secrets[0]
		if got := string(secret.Key); got != map[bool]string{true: keyThree, false: ""}[kept] {
			t.Errorf("%s keeps %q", method, got)
		}
	}
}
