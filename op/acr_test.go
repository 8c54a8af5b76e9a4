package op

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/latchkey-id/latchkey/client"
)

const (
	silver      = "urn:mace:incommon:iap:silver"
	substantial = "http://eidas.europa.eu/LoA/substantial"
)

// reaching is a site whose browser reached a class, with other names for two.
func reaching(t *testing.T, class string, clients ...client.Client) *site {
	t.Helper()
	s := signedInSite(t, func(c *Config) {
		c.ACRValues, c.ACRAliases = []string{"aal1", "aal2"}, []ACRAlias{{silver, "aal1"}, {substantial, "aal2"}, {"urn:second", "aal2"}, {"urn:high", "phr"}}
	})
	if clients != nil {
		cfg := s.provider.cfg
		cfg.Clients = client.NewRegistry(client.NewSnapshot(clients))
		s.start(cfg)
	}
	s.signIn.Who.Session.Authentication.ACR = class
	return s
}

// claimsOfBody is an answer that is JSON.
func claimsOfBody(t testing.TB, a *answer) map[string]any {
	t.Helper()
	var claims map[string]any
	if err := json.Unmarshal(a.Body.Bytes(), &claims); err != nil {
		t.Fatalf("%s: %v", a.Body, err)
	}
	return claims
}

// A class may be asked for by another name: it is judged as the class, and told by the
// name, in every token and for as long as the grant lives.
func TestACR_AskedAndToldByAnotherName(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		pairs     []string
		reached   string
		essential []string
		values    []string
		told      string
	}{
		"acr_values":            {[]string{"acr_values", substantial}, "aal2", nil, []string{"aal2"}, substantial},
		"the class itself":      {[]string{"acr_values", "aal2"}, "aal2", nil, []string{"aal2"}, "aal2"},
		"the first name counts": {[]string{"acr_values", "urn:second " + substantial}, "aal2", nil, []string{"aal2", "aal2"}, "urn:second"},
		"its own name first":    {[]string{"acr_values", "aal2 " + substantial}, "aal2", nil, []string{"aal2", "aal2"}, "aal2"},
		"another was reached":   {[]string{"acr_values", substantial + " " + silver}, "aal1", nil, []string{"aal2", "aal1"}, silver},
		"nobody asked":          {nil, "aal2", nil, nil, "aal2"},
		"no such name":          {[]string{"acr_values", "urn:unknown"}, "aal2", nil, []string{"urn:unknown"}, "aal2"},
		"essential":             {[]string{"claims", `{"id_token":{"acr":{"essential":true,"values":["` + substantial + `"]}}}`}, "aal2", []string{"aal2"}, nil, substantial},
		"a name of the client's making": {
			[]string{"claims", `{"acr_name":"urn:forged","id_token":{"acr_name":null}}`}, "aal2", nil, nil, "aal2",
		},
	} {
		s := reaching(t, tc.reached)
		code := answerAt(t, s.get(authorizePath, authorization(append(tc.pairs, "scope", "openid offline_access")...)), testRedirect).Get("code")
		if asked := s.signIn.Checked[0].Request; !slices.Equal(asked.EssentialACR, tc.essential) || !slices.Equal(asked.ACRValues, tc.values) {
			t.Errorf("%s: judged as %q and %q", name, asked.EssentialACR, asked.ACRValues)
		}
		a := s.exchange(asWiki, code).want(t, http.StatusOK, "")
		next := s.refresh(asWiki, a.RefreshToken).want(t, http.StatusOK, "")
		for what, token := range map[string]string{"ID token": a.IDToken, "access token": a.AccessToken, "refreshed": next.IDToken} {
			if got := claimsOf(t, token)["acr"]; got != tc.told {
				t.Errorf("%s: the %s says %v, want %s", name, what, got, tc.told)
			}
		}
		for _, token := range []string{a.AccessToken, next.RefreshToken} {
			if got := claimsOfBody(t, s.introspect(asWiki, token))["acr"]; got != tc.told {
				t.Errorf("%s: introspection says %v", name, got)
			}
		}
	}
}

// Default classes of a client may have other names too, and the client's registration
// stays as it is.
func TestACR_DefaultByAnotherName(t *testing.T) {
	t.Parallel()
	c := siteClient()
	c.DefaultACR = []string{substantial}
	c.Secrets = nil
	s := reaching(t, "aal2", c)
	for range 2 {
		answerAt(t, s.get(authorizePath, authorization()), testRedirect)
	}
	for _, in := range s.signIn.Checked {
		if !slices.Equal(in.Request.ACRValues, []string{"aal2"}) || in.Request.ACRNames["aal2"] != substantial {
			t.Errorf("asked for %q, %v", in.Request.ACRValues, in.Request.ACRNames)
		}
	}
	if c.DefaultACR[0] != substantial {
		t.Error("the client was changed")
	}
}

// Discovery names what can be reached, by every name; claims in several languages are
// not promised, and asking for languages is no error (Core 5.2).
func TestDiscovery_ACRs(t *testing.T) {
	t.Parallel()
	s := reaching(t, "aal2")
	got := claimsOfBody(t, &answer{ResponseRecorder: s.get(openIDConfigurationPath, url.Values{})})
	if !equalJSON(t, got["acr_values_supported"], []any{"aal1", "aal2", silver, substantial, "urn:second"}) {
		t.Errorf("acr_values_supported is %v", got["acr_values_supported"])
	}
	if got["claims_locales_supported"] != nil {
		t.Errorf("claims in languages are promised: %v", got["claims_locales_supported"])
	}
	if answer := answerAt(t, s.get(authorizePath, authorization("claims_locales", "de fr-CA")), testRedirect); answer.Get("code") == "" {
		t.Errorf("claims_locales: %v", answer)
	}
}
