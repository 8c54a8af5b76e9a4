package op

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// Where nonces are required a client learns one from a refusal, and the next from each
// answer (RFC 9449 sections 8 and 9).
func TestPR1_NoncesOfTheServer(t *testing.T) {
	t.Parallel()
	s := signedInSite(t, func(c *Config) { c.RequireDPoPNonce = true })
	p := s.prover()
	code := s.code("wiki")
	refused := s.exchange(p.with(asWiki), code).want(t, http.StatusBadRequest, codeUseDPoPNonce)
	p.nonce = refused.Header().Get("DPoP-Nonce")
	a := s.exchange(p.with(asWiki), code).want(t, http.StatusOK, "") // the code was left alone
	if p.nonce == "" || a.Header().Get("DPoP-Nonce") == "" || refused.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%v, then %v", refused.Header(), a.Header())
	}
	s.clock.Advance(2 * time.Minute)
	p.nonce = a.Header().Get("DPoP-Nonce")
	s.refresh(p.with(asWiki), a.RefreshToken).want(t, http.StatusOK, "") // a nonce is good for more than one

	p.nonce = ""
	w := s.ask(p.possess(a.AccessToken))
	if w.Code != http.StatusUnauthorized || !strings.Contains(w.Header().Get("WWW-Authenticate"), `DPoP realm="`+testIssuer+`"`) ||
		!strings.Contains(w.Header().Get("WWW-Authenticate"), `error="use_dpop_nonce"`) {
		t.Errorf("userinfo: %d %v", w.Code, w.Header())
	}
	p.nonce = w.Header().Get("DPoP-Nonce")
	if w = s.ask(p.possess(a.AccessToken)); w.Code != http.StatusOK || w.Header().Get("DPoP-Nonce") == "" {
		t.Errorf("userinfo: %d %v", w.Code, w.Header())
	}
	s.push(p.with(asWiki), authorization()).want(t, http.StatusCreated, "")
	p.nonce = ""
	s.push(p.with(asWiki), authorization()).want(t, http.StatusBadRequest, codeUseDPoPNonce)
	if a := s.token(asRobot).want(t, http.StatusOK, ""); a.Header().Get("DPoP-Nonce") != "" {
		t.Error("a client without proofs is offered a nonce")
	}
}

// A nonce that is not ours, or old, is refused also where none is needed.
func TestPR1_NoncesOfOthers(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	p := n.prover()
	p.nonce = n.provider.nonces.make()
	n.token(p.with(asRobot)).want(t, http.StatusOK, "")
	n.clock.Advance(nonceLifetime - time.Second)
	n.token(p.with(asRobot)).want(t, http.StatusOK, "")
	n.clock.Advance(time.Second)
	made := p.nonce
	for name, nonce := range map[string]any{
		"old": made, "empty": "", "made up": "x", "cut off": made[:20], "changed": "A" + made[1:], "longer": made + "A",
		"another node's, of a key that we do not know": newDPoPNonces(hasherOf(t, "p9"), n.clock.Now).make(),
		"of the future": newDPoPNonces(testHasher(t), func() time.Time { return n.clock.Now().Add(nonceLifetime) }).make(),
	} {
		a := n.token(p.with(asRobot, map[string]any{"nonce": nonce}))
		if a.Code != http.StatusBadRequest || a.Error != codeUseDPoPNonce || a.Header().Get("DPoP-Nonce") == "" {
			t.Errorf("%s: %d %v", name, a.Code, a.Header())
		}
	}
	n.token(p.with(asRobot, map[string]any{"nonce": 7})).want(t, http.StatusBadRequest, codeInvalidDPoPProof)
}

// Any node checks the nonce of any other without a store, while their keys roll and
// their clocks differ.
func TestPR1_NodesShareNoncesWithoutAStore(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	at := func(skew time.Duration) func() time.Time { return func() time.Time { return now.Add(skew) } }
	older, newer := newDPoPNonces(hasherOf(t, "p1"), at(0)), newDPoPNonces(hasherOf(t, "p2", "p1"), at(2*time.Minute))
	if !newer.fresh(older.make()) {
		t.Error("the nonce of an older key is refused")
	}
	if older.fresh(newer.make()) {
		t.Error("a nonce that cannot be checked is taken")
	}
	if same := newDPoPNonces(hasherOf(t, "p1"), at(-2*time.Minute)); !same.fresh(older.make()) || !older.fresh(same.make()) {
		t.Error("clocks that differ are not tolerated")
	}
}

// A page may read the nonce and send a proof.
func TestL7_PagesMayProve(t *testing.T) {
	t.Parallel()
	s := signedInSite(t, func(c *Config) { c.RequireDPoPNonce = true })
	r := formRequest(http.MethodOptions, tokenPath, "")
	r.Header.Set("Origin", spaOrigin)
	r.Header.Set("Access-Control-Request-Method", "POST")
	r.Header.Set("Access-Control-Request-Headers", "dpop")
	if got := s.send(r).Header().Get("Access-Control-Allow-Headers"); !strings.Contains(strings.ToLower(got), "dpop") {
		t.Errorf("allowed are %q", got)
	}
	r = s.prover().possess("x")
	r.Header.Set("Origin", spaOrigin)
	if got := s.send(r).Header().Get("Access-Control-Expose-Headers"); !strings.Contains(got, "DPoP-Nonce") {
		t.Errorf("exposed are %q", got)
	}
}
