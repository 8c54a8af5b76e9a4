package conformance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	tokenPath, userinfoPath, introspectPath = "/token", "/userinfo", "/introspect"
	badProof                                = "invalid_dpop_proof"
)

// rfc9449 is DPoP.
var rfc9449 = specification{"9449", "DPoP", []sentence{
	{section: "4.2", demands: "the header MUST have typ dpop+jwt, alg and jwk", show: func(t *trial) {
		p := t.prover()
		for name, header := range map[string]map[string]any{
			"no typ": {"jwk": p.jwk()}, "no jwk": {"typ": "dpop+jwt"}, "another typ": {"typ": "JWT", "jwk": p.jwk()}, "a text": {"typ": "dpop+jwt", "jwk": "x"},
		} {
			t.Log(name)
			t.refused(t.own(signed(t, p.key, jose.ES256, header, p.claims(http.MethodPost, tokenPath))), http.StatusBadRequest, badProof)
		}
	}},
	{section: "4.2", demands: "alg MUST NOT be none or symmetric", show: func(t *trial) {
		p := t.prover()
		parts := strings.Split(p.proof(tokenPath), ".")
		jwk, err := p.jwk().MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		encode := base64.RawURLEncoding.EncodeToString
		t.refused(t.own(encode([]byte(`{"alg":"none","typ":"dpop+jwt","jwk":`+string(jwk)+`}`))+"."+parts[1]+"."), http.StatusBadRequest, badProof)
		secret := []byte(strings.Repeat("k", 32))
		for _, shown := range []any{map[string]any{"kty": "oct", "k": encode(secret)}, p.jwk()} {
			t.refused(t.own(signed(t, secret, jose.HS256, map[string]any{"typ": "dpop+jwt", "jwk": shown}, p.claims(http.MethodPost, tokenPath))), http.StatusBadRequest, badProof)
		}
	}},
	{section: "4.2", demands: "jwk MUST NOT hold a private key", show: func(t *trial) {
		p := t.prover()
		header := map[string]any{"typ": "dpop+jwt", "jwk": jose.JSONWebKey{Key: p.key}}
		t.refused(t.own(signed(t, p.key, jose.ES256, header, p.claims(http.MethodPost, tokenPath))), http.StatusBadRequest, badProof)
	}},
	{section: "4.2", demands: "the payload MUST have jti, htm, htu and iat", show: func(t *trial) {
		t.prover().refusedProofs([]any{"jti", nil}, []any{"jti", ""}, []any{"htm", nil}, []any{"htu", nil}, []any{"iat", nil}, []any{"iat", "now"})
	}},
	{section: "4.2", demands: "with an access token the payload MUST have ath", show: func(t *trial) {
		p := t.prover()
		token := p.boundToken().text("access_token")
		t.challenged(t.possess("DPoP", token, p.possession(token, "ath", nil)), "DPoP", badProof)
	}},
	{section: "4.3", demands: "there MUST NOT be more than one DPoP header", show: func(t *trial) {
		p := t.prover()
		t.refused(t.own(p.proof(tokenPath), p.proof(tokenPath)), http.StatusBadRequest, badProof)
		t.refused(t.own(p.proof(tokenPath)+", "+p.proof(tokenPath)), http.StatusBadRequest, badProof)
	}},
	{section: "4.3", demands: "it MUST be a single well-formed JWT", show: func(t *trial) {
		for _, text := range []string{"", "x", "..", "a.b.c", strings.Repeat("x", 7<<10)} {
			t.refused(t.own(text), http.StatusBadRequest, badProof)
		}
	}},
	{section: "4.3", demands: "alg MUST be one that is supported", show: func(t *trial) {
		key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		header := map[string]any{"typ": "dpop+jwt", "jwk": jose.JSONWebKey{Key: key.Public()}}
		t.refused(t.own(signed(t, key, jose.ES512, header, t.prover().claims(http.MethodPost, tokenPath))), http.StatusBadRequest, badProof)
	}},
	{section: "4.3", demands: "the signature MUST verify with the key in jwk", show: func(t *trial) {
		p, other := t.prover(), t.prover()
		header := map[string]any{"typ": "dpop+jwt", "jwk": other.jwk()}
		t.refused(t.own(signed(t, p.key, jose.ES256, header, p.claims(http.MethodPost, tokenPath))), http.StatusBadRequest, badProof)
		parts := strings.Split(p.proof(tokenPath), ".")
		t.refused(t.own(parts[0]+"."+strings.Split(p.proof(tokenPath), ".")[1]+"."+parts[2]), http.StatusBadRequest, badProof)
		t.refused(t.own(parts[0]+"."+parts[1]+"."), http.StatusBadRequest, badProof)
	}},
	{section: "4.3", demands: "htm MUST be the method", show: func(t *trial) {
		t.prover().refusedProofs([]any{"htm", "GET"}, []any{"htm", "post"}, []any{"htm", ""})
	}},
	{section: "4.3", demands: "htu MUST be the address, query and fragment aside, after normalization", show: func(t *trial) {
		p := t.prover()
		at, host := t.node.Issuer+tokenPath, strings.TrimPrefix(t.node.Issuer, "http://")
		p.refusedProofs([]any{"htu", t.node.Issuer + userinfoPath}, []any{"htu", "https://" + host + tokenPath}, []any{"htu", at + "/"},
			[]any{"htu", "http://evil.example/token"}, []any{"htu", tokenPath}, []any{"htu", "http://x@" + host + tokenPath})
		for _, same := range []string{at + "?a=b#c", "HTTP://" + host + "/t%6Fken"} {
			t.ok(t.own(p.proof(tokenPath, "htu", same)), http.StatusOK)
		}
	}},
	{section: "4.3", demands: "a nonce MUST be one that the server gave", by: []string{"op.TestPR1_NoncesOfTheServer", "op.TestPR1_NoncesOfOthers"}},
	{section: "4.3", demands: "iat MUST be in an acceptable window", show: func(t *trial) {
		now := time.Now().Unix()
		t.prover().refusedProofs([]any{"iat", now - 3600}, []any{"iat", now + 3600}, []any{"iat", 0}, []any{"iat", 1e300}, []any{"iat", -1})
	}},
	{section: "4.3", demands: "ath MUST be the hash of the access token", show: func(t *trial) {
		p := t.prover()
		token := p.boundToken().text("access_token")
		for _, hash := range []any{hashOf("another"), "", 7, token} {
			t.challenged(t.possess("DPoP", token, p.possession(token, "ath", hash)), "DPoP", badProof)
		}
	}},
	{section: "4.3", demands: "the key MUST be that of the access token", show: func(t *trial) {
		token := t.prover().boundToken().text("access_token")
		t.challenged(t.possess("DPoP", token, t.prover().possession(token)), "DPoP", "invalid_token")
	}},
	{section: "5", demands: "token_type MUST be DPoP", show: func(t *trial) {
		if got := t.ok(t.own(t.prover().proof(tokenPath)), http.StatusOK); got.text("token_type") != "DPoP" {
			t.Errorf("token_type is %q", got.text("token_type"))
		}
	}},
	{section: "5", demands: "refresh tokens of public clients MUST be bound, and the binding MUST be validated", show: func(t *trial) {
		p := t.prover()
		token := p.boundToken().text("refresh_token")
		form := []string{"grant_type", "refresh_token", "refresh_token", token, "client_id", page.ID}
		t.refused(t.form(tokenPath, form), http.StatusBadRequest, "invalid_grant")
		t.refused(t.form(tokenPath, form, proving(t.prover().proof(tokenPath))), http.StatusBadRequest, "invalid_grant")
		t.refused(t.form(tokenPath, form, proving(p.proof(userinfoPath))), http.StatusBadRequest, badProof)
		t.ok(t.form(tokenPath, form, proving(p.proof(tokenPath))), http.StatusOK)
	}},
	{section: "5.1", demands: "dpop_signing_alg_values_supported are those that are taken", by: []string{"op.TestPR1_EveryAlgorithmOfProofs", "op.TestDiscovery"}},
	{section: "5.2", demands: "dpop_bound_access_tokens: the server MUST reject requests without a proof", show: func(t *trial) {
		t.refused(t.form(tokenPath, []string{"grant_type", "client_credentials"}, as(bound)), http.StatusBadRequest, badProof)
		t.ok(t.form(tokenPath, []string{"grant_type", "client_credentials"}, as(bound), proving(t.prover().proof(tokenPath))), http.StatusOK)
	}},
	{section: "6", demands: "resource servers MUST be able to tell that a token is bound, and to which key", show: func(t *trial) {
		p := t.prover()
		claims := payloadOf(t, t.ok(t.own(p.proof(tokenPath)), http.StatusOK).text("access_token"))
		if cnf, _ := claims["cnf"].(map[string]any); cnf["jkt"] != p.thumbprint() {
			t.Errorf("cnf is %v", claims["cnf"])
		}
	}},
	{section: "6.1", demands: "jkt MUST be the base64url of the SHA-256 thumbprint", show: func(t *trial) {
		claims := payloadOf(t, t.prover().boundToken().text("access_token"))
		cnf, _ := claims["cnf"].(map[string]any)
		text, _ := cnf["jkt"].(string)
		if sum, err := base64.RawURLEncoding.Strict().DecodeString(text); err != nil || len(sum) != sha256.Size {
			t.Errorf("jkt is %q", text)
		}
	}},
	{section: "6.2", demands: "token_type of an introspection MUST be DPoP, with the same cnf", show: func(t *trial) {
		p := t.prover()
		token := t.ok(t.own(p.proof(tokenPath)), http.StatusOK).text("access_token")
		got := t.ok(t.form(introspectPath, []string{"token", token}, as(robot)), http.StatusOK)
		if cnf, _ := got.json["cnf"].(map[string]any); got.json["active"] != true || got.text("token_type") != "DPoP" || cnf["jkt"] != p.thumbprint() {
			t.Errorf("answered %s", got.body)
		}
	}},
	{section: "7", demands: "requests MUST have a proof and the access token", show: func(t *trial) {
		p := t.prover()
		token := p.boundToken().text("access_token")
		t.challenged(t.possess("DPoP", token), "DPoP", badProof)
		t.challenged(t.possess("DPoP", "x", p.possession("x")), "DPoP", "invalid_token")
		if got := t.possess("DPoP", token, p.possession(token)); got.status != http.StatusOK || got.text("sub") == "" {
			t.Errorf("in order: %d %s", got.status, got.body)
		}
	}},
	{section: "7.1", demands: "the resource server MUST NOT grant access unless all checks succeed", show: func(t *trial) {
		p := t.prover()
		token := p.boundToken().text("access_token")
		for name, proof := range map[string]string{
			"another method": p.possession(token, "htm", "POST"), "another address": p.possession(token, "htu", t.node.Issuer+tokenPath),
			"old": p.possession(token, "iat", time.Now().Unix()-3600), "no jti": p.possession(token, "jti", nil), "no proof": "x",
		} {
			t.Log(name)
			t.challenged(t.possess("DPoP", token, proof), "DPoP", badProof)
		}
		t.challenged(t.possess("DPoP", token, p.possession(token), p.possession(token)), "DPoP", badProof)
	}},
	{section: "7.1", demands: "error SHOULD say why, and algs which algorithms are acceptable", show: func(t *trial) {
		t.challenged(t.possess("DPoP", "x"), "DPoP", "invalid_token")
	}},
	{section: "7.1", demands: "an unbound token is not taken as a bound one", show: func(t *trial) {
		code := t.code(t.signedIn(), ask(page))
		token := t.ok(t.form(tokenPath, append(codeForm(code), "client_id", page.ID)), http.StatusOK).text("access_token")
		t.challenged(t.possess("DPoP", token, t.prover().possession(token)), "DPoP", "invalid_token")
	}},
	{section: "7.2", demands: "a bound token MUST be rejected as a bearer token", show: func(t *trial) {
		p := t.prover()
		token := p.boundToken().text("access_token")
		t.challenged(t.possess("Bearer", token), "Bearer", "invalid_token")
		t.challenged(t.possess("Bearer", token, p.possession(token)), "Bearer", "invalid_token")
		t.challenged(t.send(t.T, http.MethodPost, userinfoPath, "application/x-www-form-urlencoded", "access_token="+token), "Bearer", "invalid_token")
	}},
	{section: "7.2", demands: "without authentication the challenges SHOULD NOT have an error", show: func(t *trial) {
		got := t.possess("", "")
		challenges := strings.Join(got.header.Values("WWW-Authenticate"), "\n")
		if got.status != http.StatusUnauthorized || !strings.Contains(challenges, "Bearer ") || !strings.Contains(challenges, "DPoP ") || strings.Contains(challenges, "error=") {
			t.Errorf("answered %d %q", got.status, challenges)
		}
	}},
	{section: "8", demands: "a nonce that the server did not give MUST be rejected with use_dpop_nonce and one DPoP-Nonce", show: func(t *trial) {
		p := t.prover()
		for _, nonce := range []string{"", "x", strings.Repeat("A", 60)} {
			got := t.own(p.proof(tokenPath, "nonce", nonce))
			t.refused(got, http.StatusBadRequest, "use_dpop_nonce")
			if given := got.header.Values("DPoP-Nonce"); len(given) != 1 || len(given[0]) < 22 {
				t.Errorf("nonces %q", given)
			}
		}
	}},
	{section: "8", demands: "nonces MUST be unpredictable", show: func(t *trial) {
		p := t.prover()
		given := t.own(p.proof(tokenPath, "nonce", "x")).header.Get("DPoP-Nonce")
		t.ok(t.own(p.proof(tokenPath, "nonce", given)), http.StatusOK)
		changed := []byte(given)
		changed[len(changed)-4] ^= 1
		t.refused(t.own(p.proof(tokenPath, "nonce", string(changed))), http.StatusBadRequest, "use_dpop_nonce")
	}},
	{section: "8", demands: "who has to use nonces gets nothing without", by: []string{"op.TestPR1_NoncesOfTheServer"}},
	{section: "8.2", demands: "a new nonce comes with an answer", by: []string{"op.TestPR1_NoncesOfTheServer"}},
	{section: "9", demands: "a protected resource gives its nonce with 401 and use_dpop_nonce", show: func(t *trial) {
		p := t.prover()
		token := p.boundToken().text("access_token")
		got := t.possess("DPoP", token, p.possession(token, "nonce", "x"))
		t.challenged(got, "DPoP", "use_dpop_nonce")
		if given := got.header.Values("DPoP-Nonce"); len(given) != 1 {
			t.Errorf("nonces %q", given)
		}
	}},
	{section: "10", demands: "a token request whose key is not dpop_jkt MUST be rejected", show: func(t *trial) {
		p := t.prover()
		code := t.code(t.signedIn(), ask(page, "dpop_jkt", p.thumbprint()))
		form := append(codeForm(code), "client_id", page.ID)
		t.refused(t.form(tokenPath, form), http.StatusBadRequest, "invalid_grant")
		t.refused(t.form(tokenPath, form, proving(t.prover().proof(tokenPath))), http.StatusBadRequest, "invalid_grant")
	}},
	{section: "10.1", demands: "the proof of a pushed request MUST be checked", show: func(t *trial) {
		p := t.prover()
		for _, proof := range []string{"x", p.proof(tokenPath), p.proof(pushPath, "iat", 1), p.proof(pushPath, "htm", "GET")} {
			t.refused(t.form(pushPath, ask(wiki), as(wiki), proving(proof)), http.StatusBadRequest, badProof)
		}
	}},
	{section: "10.1", demands: "it MUST bind the code as dpop_jkt does", show: func(t *trial) {
		p := t.prover()
		uri := t.ok(t.form(pushPath, ask(wiki), as(wiki), proving(p.proof(pushPath))), http.StatusCreated).text("request_uri")
		code := t.code(t.signedIn(), []string{"client_id", wiki.ID, "request_uri", uri})
		t.refused(t.form(tokenPath, codeForm(code), as(wiki)), http.StatusBadRequest, "invalid_grant")
		t.refused(t.form(tokenPath, codeForm(code), as(wiki), proving(t.prover().proof(tokenPath))), http.StatusBadRequest, "invalid_grant")
	}},
	{section: "10.1", demands: "both mechanisms MUST be supported, and a difference MUST be rejected", show: func(t *trial) {
		p := t.prover()
		t.refused(t.form(pushPath, ask(wiki, "dpop_jkt", t.prover().thumbprint()), as(wiki), proving(p.proof(pushPath))), http.StatusBadRequest, "invalid_request")
		t.ok(t.form(pushPath, ask(wiki, "dpop_jkt", p.thumbprint()), as(wiki), proving(p.proof(pushPath))), http.StatusCreated)
		t.ok(t.form(pushPath, ask(wiki, "dpop_jkt", p.thumbprint()), as(wiki)), http.StatusCreated)
	}},
	{section: "11.1", demands: "proofs MUST be accepted for a limited time, and are accepted once", show: func(t *trial) {
		p := t.prover()
		once := p.proof(tokenPath)
		t.ok(t.own(once), http.StatusOK)
		t.refused(t.own(once), http.StatusBadRequest, badProof)
		token := p.boundToken().text("access_token")
		once = p.possession(token)
		if got := t.possess("DPoP", token, once); got.status != http.StatusOK {
			t.Fatalf("answered %d %s", got.status, got.body)
		}
		t.challenged(t.possess("DPoP", token, once), "DPoP", badProof)
	}},
	{section: "11.2", demands: "bound access tokens SHOULD NOT live long", show: func(t *trial) {
		if in, _ := t.prover().boundToken().json["expires_in"].(float64); in <= 0 || in > 3600 {
			t.Errorf("expires_in is %v", in)
		}
	}},
	{section: "11.3", demands: "proofs without a nonce MUST NOT be accepted where one was provided", by: []string{"op.TestPR1_NoncesOfTheServer"}},
	{section: "11.5", demands: "typ MUST be verified", show: func(t *trial) {
		p := t.prover()
		for _, typ := range []string{"jwt", "at+jwt", "oauth-authz-req+jwt", ""} {
			header := map[string]any{"typ": typ, "jwk": p.jwk()}
			t.refused(t.own(signed(t, p.key, jose.ES256, header, p.claims(http.MethodPost, tokenPath))), http.StatusBadRequest, badProof)
		}
	}},
	{section: "11.6", demands: "only asymmetric algorithms that are secure MUST be used, none MUST NOT", by: []string{"op.TestPR1_WhatADPoPProofIs"}},
	{section: "11.1", demands: "one proof is taken once by all nodes", by: []string{"test.TestPR1_OfManyUsesOfOneProofOneSucceeds"}},
}}
