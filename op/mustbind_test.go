package op

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/client"
)

// PR1: what every token is bound to, by registration and for all.
func TestPR1_WhatTokensMustBeBoundTo(t *testing.T) {
	t.Parallel()
	none, key, certificate := client.Metadata{}, client.Metadata{DPoPBound: true}, client.Metadata{CertificateBound: true}
	both := client.Metadata{DPoPBound: true, CertificateBound: true}
	for _, tc := range []struct {
		dpop, certified bool
		of              client.Metadata
		want            binding
	}{
		{false, false, none, binding{}},
		{false, false, key, binding{Key: true}},
		{false, false, certificate, binding{Certificate: true}},
		{false, false, both, binding{Key: true, Certificate: true}},
		{true, false, none, binding{Key: true}},
		{true, false, certificate, binding{Certificate: true}},
		{true, false, both, binding{Key: true, Certificate: true}},
		{false, true, none, binding{Certificate: true}},
		{false, true, key, binding{Key: true}},
		{false, true, both, binding{Key: true, Certificate: true}},
		{true, true, none, binding{Either: true}},
		{true, true, key, binding{Key: true}},
		{true, true, certificate, binding{Certificate: true}},
		{true, true, both, binding{Key: true, Certificate: true}},
	} {
		p := &Provider{cfg: Config{Requirements: Requirements{RequireDPoP: tc.dpop, RequireCertificate: tc.certified}}}
		if got := p.mustBind(&client.Client{Metadata: tc.of}); got != tc.want {
			t.Errorf("%+v: %+v", tc, got)
		}
	}
}

// requiring is a node of whose clients certificates are required, by choice proofs too.
func requiring(t *testing.T, dpop bool) *certifiedNode {
	t.Helper()
	n := newCertifiedNode(t)
	cfg := n.provider.cfg
	cfg.RequireCertificate, cfg.RequireDPoP = true, dpop
	n.start(cfg)
	return n
}

// PR1: who must show a certificate gets nothing without, and nothing that works without;
// what was shown in vain is left alone.
func TestPR1_CertificatesMayBeRequired(t *testing.T) {
	t.Parallel()
	n := requiring(t, false)
	n.post(tokenPath, with("own", "own"), "grant_type", "client_credentials").want(t, http.StatusOK, "")
	robot := func(certificate string) as {
		return func(r *http.Request, f url.Values) {
			asRobot(r, f)
			r.Header.Set(certificateHeader, certificate)
		}
	}
	refused := n.post(tokenPath, robot(""), "grant_type", "client_credentials").want(t, http.StatusBadRequest, "invalid_request")
	if !strings.Contains(refused.Description, "TLS certificate") {
		t.Errorf("it is told %s", refused.Description)
	}
	a := n.post(tokenPath, robot("stranger"), "grant_type", "client_credentials").want(t, http.StatusOK, "")
	if cnf, _ := claimsOf(t, a.AccessToken)["cnf"].(map[string]any); cnf["x5t#S256"] != certificateThumbprint(n.shown["stranger"].Leaf) {
		t.Errorf("cnf is %v", cnf)
	}
	code := n.code("phone")
	n.exchange(with("phone", ""), code).want(t, http.StatusBadRequest, "invalid_request")
	person := n.exchange(with("phone", "own"), code).want(t, http.StatusOK, "") // the code was left alone
	n.refresh(with("phone", ""), person.RefreshToken).want(t, http.StatusBadRequest, "invalid_request")
	for certificate, status := range map[string]int{"own": 200, "": 401, "stranger": 401} {
		if w := n.userinfoWith(person.AccessToken, certificate); w.Code != status {
			t.Errorf("with %q: %d", certificate, w.Code)
		}
	}
}

// PR1: where proofs and certificates are required of all, either is enough, and none is not.
func TestPR1_EitherBindingWillDo(t *testing.T) {
	t.Parallel()
	n := requiring(t, true)
	p := n.prover()
	refused := n.post(tokenPath, asRobot, "grant_type", "client_credentials").want(t, http.StatusBadRequest, "invalid_request")
	if !strings.Contains(refused.Description, "DPoP proof or connect with a TLS certificate") {
		t.Errorf("it is told %s", refused.Description)
	}
	byKey := n.post(tokenPath, p.with(asRobot), "grant_type", "client_credentials").want(t, http.StatusOK, "")
	if cnf, _ := claimsOf(t, byKey.AccessToken)["cnf"].(map[string]any); cnf["jkt"] == nil || cnf["x5t#S256"] != nil {
		t.Errorf("by a key: cnf is %v", cnf)
	}
	byCertificate := n.post(tokenPath, func(r *http.Request, f url.Values) {
		asRobot(r, f)
		r.Header.Set(certificateHeader, "own")
	}, "grant_type", "client_credentials").want(t, http.StatusOK, "")
	if cnf, _ := claimsOf(t, byCertificate.AccessToken)["cnf"].(map[string]any); cnf["jkt"] != nil || cnf["x5t#S256"] == nil {
		t.Errorf("by a certificate: cnf is %v", cnf)
	}
}
