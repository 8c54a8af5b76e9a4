package client

import (
	"strings"
	"testing"
)

func TestAZ4_ResponseTypesBringTheirGrants(t *testing.T) {
	for text, want := range map[string]string{
		`{"redirect_uris": ["https://a.example/cb"], "response_types": ["id_token"]}`:                                                            "implicit",
		`{"redirect_uris": ["https://a.example/cb"], "response_types": ["token id_token", "code"]}`:                                              "implicit authorization_code",
		`{"redirect_uris": ["https://a.example/cb"], "response_types": ["code id_token"], "scope": "openid offline_access"}`:                     "authorization_code implicit refresh_token",
		`{"redirect_uris": ["https://a.example/cb"], "response_types": ["code"]}`:                                                                "authorization_code",
		`{"redirect_uris": ["https://a.example/cb"], "response_types": ["code id_token"], "grant_types": ["authorization_code", "implicit"]}`:    "authorization_code implicit",
		`{"redirect_uris": ["https://a.example/cb"], "response_types": ["id_token token"], "grant_types": ["implicit"], "client_name": "a spa"}`: "implicit",
	} {
		m := registered(t, text)
		if got := strings.Join(m.GrantTypes, " "); got != want {
			t.Errorf("%s: grants %s, want %s", text, got, want)
		}
		if problems := m.Validate(policy); len(problems) != 0 {
			t.Errorf("%s: %v", text, problems)
		}
		for _, responseType := range m.ResponseTypes {
			if !m.AllowsResponseType(CanonicalResponseType(responseType)) {
				t.Errorf("%s: not allowed", responseType)
			}
		}
		if m.AllowsResponseType("code token") || m.AllowsResponseType("none") {
			t.Errorf("%s: allows others", text)
		}
	}
}

func TestAZ4_ResponseTypesThatDoNotFit(t *testing.T) {
	for text, want := range map[string]string{
		`{"redirect_uris": ["https://a.example/cb"], "response_types": ["id_token"], "grant_types": ["authorization_code"]}`:         `response_types[0]: "id_token" needs implicit in grant_types`,
		`{"redirect_uris": ["https://a.example/cb"], "response_types": ["code token"], "grant_types": ["implicit"]}`:                 `response_types[0]: "code token" needs authorization_code in grant_types`,
		`{"redirect_uris": ["https://a.example/cb"], "response_types": ["code"], "grant_types": ["authorization_code", "implicit"]}`: "grant_types: implicit has no effect",
		`{"redirect_uris": ["https://a.example/cb"], "response_types": ["id_token token"], "dpop_bound_access_tokens": true}`:        "response_types[0]: \"id_token token\" issues a token that is bound to no key",
		`{"redirect_uris": ["https://a.example/cb"], "response_types": ["token"]}`:                                                   `response_types[0]: "token" is not supported`,
		`{"response_types": ["id_token"]}`: "redirect_uris: required",
		`{"redirect_uris": ["https://a.example/cb"], "authorization_signed_response_alg": "none"}`:                                                               "authorization_signed_response_alg: no key signs with none",
		`{"redirect_uris": ["https://a.example/cb"], "response_modes": ["query", "web_message"]}`:                                                                `response_modes[1]: "web_message" is not supported`,
		`{"grant_types": ["client_credentials", "implicit"], "client_type": "service", "response_types": ["id_token"], "redirect_uris": ["https://a.example/"]}`: "grant_types: a service client acts for no person",
	} {
		m := registered(t, text)
		var all []string
		for _, p := range m.Validate(policy) {
			all = append(all, p.Field+": "+p.Message)
		}
		if !strings.Contains(strings.Join(all, "\n"), want) {
			t.Errorf("%s: %q lacks %q", text, all, want)
		}
	}
}

// Tokens in addresses are advised against, with the reason (RFC 9700 section 2.1.2).
func TestImplicitIsAdvisedAgainst(t *testing.T) {
	for responseType, warned := range map[string]bool{
		"code": false, "id_token": false, "code id_token": false, "id_token token": true, "code token": true, "code id_token token": true,
	} {
		m := registered(t, `{"redirect_uris": ["https://a.example/cb"], "response_types": ["`+responseType+`"]}`)
		advice := m.Advise(policy)
		if (len(advice) == 1) != warned || warned && (advice[0].Field != "response_types[0]" || !strings.Contains(advice[0].Message, "RFC 9700")) {
			t.Errorf("%s: %v", responseType, advice)
		}
	}
}
