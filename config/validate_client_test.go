package config

import (
	"strings"
	"testing"
)

// clientYAML writes a clients list of one from its lines.
func clientYAML(lines ...string) string {
	return "clients:\n  - " + strings.Join(lines, "\n    ") + "\n"
}

func TestCL1_ClientContradictions(t *testing.T) {
	const (
		secret   = "secret: env:STRONG"
		redirect = "redirect_uris: [https://a.example/cb]"
	)
	runValidatorCases(t, map[string]validatorCase{
		"confidential":           {yaml: clientYAML("id: a", secret, redirect)},
		"public":                 {yaml: clientYAML("id: a", "type: public", redirect)},
		"native":                 {yaml: clientYAML("id: a", "type: native", redirect)},
		"service":                {yaml: clientYAML("id: a", "type: service", secret)},
		"no id":                  {yaml: clientYAML("type: public", redirect), want: []string{"clients[0].id (line 2): required"}},
		"id with a space":        {yaml: clientYAML("id: a b", "type: public", redirect), want: []string{"printable ASCII characters without spaces"}},
		"same id":                {yaml: clientYAML("id: a", "type: public", redirect) + "  - {id: a, type: public, redirect_uris: [https://b.example/cb]}", want: []string{`clients[1].id (line 5): "a" is the id of clients[0] too`}},
		"no secret":              {yaml: clientYAML("id: a", redirect), want: []string{"clients[0].secret (line 2): required with auth_method client_secret_basic or client_secret_post"}},
		"no redirect":            {yaml: clientYAML("id: a", secret), want: []string{"clients[0].redirect_uris (line 2): required"}},
		"public with a secret":   {yaml: clientYAML("id: a", "type: public", secret, redirect), want: []string{"clients[0].secret (line 4): auth_method none uses no secret"}},
		"public with basic":      {yaml: clientYAML("id: a", "type: public", "auth_method: client_secret_basic", redirect), want: []string{"a public client cannot keep a secret; use none"}},
		"confidential with none": {yaml: clientYAML("id: a", "auth_method: none", redirect), want: []string{"a confidential client has to authenticate"}},
		"service with none":      {yaml: clientYAML("id: a", "type: service", "auth_method: none"), want: []string{"a service client has to authenticate"}},
		"service with a code":    {yaml: clientYAML("id: a", "type: service", secret, redirect, "grant_types: [authorization_code]", "response_types: [code]", "response_modes: [query]"), want: []string{"only client_credentials"}},
		"service with redirect":  {yaml: clientYAML("id: a", "type: service", secret, redirect), want: []string{"redirect_uris (line 5): it has no effect without the authorization_code grant"}},
		"service with openid":    {yaml: clientYAML("id: a", "type: service", secret, "scopes: [openid]"), want: []string{`clients[0].scopes[0] (line 5): "openid": this scope is about a person`}},
		"public by credentials":  {yaml: clientYAML("id: a", "type: public", redirect, "grant_types: [authorization_code, client_credentials]"), want: []string{"client_credentials needs a client that authenticates"}},
		"refresh without a code": {yaml: clientYAML("id: a", secret, "scopes: [x]", "grant_types: [refresh_token]"), want: []string{"refresh_token needs authorization_code"}},
		"no grants":              {yaml: clientYAML("id: a", secret, "scopes: [x]", "grant_types: []"), want: []string{"name at least one grant type"}},
		"grant twice":            {yaml: clientYAML("id: a", secret, redirect, "grant_types: [authorization_code, authorization_code]"), want: []string{"listed twice"}},
		"offline without grant":  {yaml: clientYAML("id: a", secret, redirect, "scopes: [openid, offline_access]", "grant_types: [authorization_code]"), want: []string{"offline_access needs refresh_token"}},
		"scope with a quote":     {yaml: clientYAML("id: a", secret, redirect, `scopes: [openid, 'a"b']`), want: []string{"a scope is printable ASCII"}},
		"no PKCE when public":    {yaml: clientYAML("id: a", "type: public", redirect, "require_pkce: false"), want: []string{"can prove itself only with PKCE"}},
		"no PKCE when it may":    {yaml: clientYAML("id: a", secret, redirect, "require_pkce: false")},
		"no response type":       {yaml: clientYAML("id: a", secret, redirect, "response_types: []"), want: []string{"response_types (line 5): name at least one: code"}},
		"no response mode":       {yaml: clientYAML("id: a", secret, redirect, "response_modes: []"), want: []string{"response_modes (line 5): name at least one"}},
		"alg without a key":      {yaml: clientYAML("id: a", secret, redirect, "id_token_signing_alg: EdDSA") + "signing_keys: {algs: [RS256, ES256]}", want: []string{"no key signs with EdDSA; add it to signing_keys.algs or use RS256 or ES256"}},
		"opaque needs no alg":    {yaml: clientYAML("id: a", secret, redirect, "access_token_format: opaque") + "signing_keys: {algs: [RS256]}"},
		"own lifetimes":          {yaml: clientYAML("id: a", secret, redirect, "refresh_lifetime: 1h", "refresh_idle_lifetime: 2h"), want: []string{"clients[0].refresh_idle_lifetime (line 6): it is longer than refresh_lifetime (1h)"}},
		"only a shorter refresh": {yaml: clientYAML("id: a", secret, redirect, "refresh_lifetime: 1h")},
		"max age of zero":        {yaml: clientYAML("id: a", secret, redirect, "default_max_age: 0s"), want: []string{"default_max_age (line 5): use at least 1s"}},
		"origin with a path":     {yaml: clientYAML("id: a", "type: public", redirect, "origins: ['https://a.example/']"), want: []string{"write https://a.example"}},
		"any origin":             {yaml: clientYAML("id: a", "type: public", redirect, "origins: ['*']"), want: []string{"wildcards are not supported"}},
		"logo by script":         {yaml: clientYAML("id: a", "type: public", redirect, "logo_uri: 'javascript:alert(1)'"), want: []string{"logo_uri (line 5): \"javascript:alert(1)\": use https"}},
	})
}

func TestCL1_ClientSecrets(t *testing.T) {
	with := func(value string) map[string]string { return map[string]string{"S": value} }
	weakly := clientYAML("id: wiki-of-the-house", "secret: env:S", "redirect_uris: [https://a.example/cb]")
	runValidatorCases(t, map[string]validatorCase{
		"generated":       {yaml: weakly, vars: with(keyThree)},
		"long enough":     {yaml: weakly, vars: with("a long sentence nobody would ever guess")},
		"weak":            {yaml: weakly, vars: with("hunter2-hunter2"), want: []string{"clients[0].secret (line 3): it is too weak"}},
		"long but dull":   {yaml: weakly, vars: with(strings.Repeat("ab", 32)), want: []string{"too weak"}},
		"weak by leave":   {yaml: weakly + "    allow_weak_secret: true\n", vars: with("hunter2-hunter2")},
		"too weak anyway": {yaml: weakly + "    allow_weak_secret: true\n", vars: with("hunter2"), want: []string{"too short even with allow_weak_secret"}},
		"its own id":      {yaml: weakly, vars: with("wiki-of-the-house"), want: []string{"the client's id, which everyone knows"}},
		"empty":           {yaml: weakly, vars: with(""), want: []string{"env:S: it is empty"}},
		"in plain":        {yaml: clientYAML("id: a", "secret: "+keyThree, "redirect_uris: [https://a.example/cb]"), want: []string{"the configuration must not contain secrets; write file:/path or env:NAME"}},
		"shared": {
			yaml: weakly + "  - {id: b, secret: env:S, redirect_uris: [https://b.example/cb]}\n", vars: with(keyThree),
			want: []string{"clients[1].secret (line 5): it is the same secret as clients[0].secret"},
		},
		"two live":   {yaml: weakly + "    secrets: [{value: env:STRONG_TOO, expires_at: 2026-12-01T00:00:00Z}]\n", vars: with(keyThree)},
		"three live": {yaml: weakly + "    secrets: [{value: env:STRONG_TOO}, {value: env:T}]\n", vars: map[string]string{"S": keyThree, "T": "zzXcVbNmAsDfGhJkLqWeRtYuIoP0123456789-_aBcDe"}, want: []string{"3 secrets are live"}},
		"all dead": {
			yaml: clientYAML("id: a", "secrets: [{value: env:STRONG, expires_at: 2026-10-01T00:00:00Z}]", "redirect_uris: [https://a.example/cb]"),
			want: []string{"clients[0].secret (line 2): required"},
		},
		"no value": {
			yaml: weakly + "    secrets: [{expires_at: 2026-12-01T00:00:00Z}]\n", vars: with(keyThree),
			want: []string{"clients[0].secrets[0].value (line 5): required"},
		},
		"no time": {
			yaml: weakly + "    secrets: [{value: env:STRONG_TOO, expires_at: soon}]\n", vars: with(keyThree),
			want: []string{`clients[0].secrets[0].expires_at (line 5): "soon" is not a time; write it like 2027-01-31T00:00:00Z`},
		},
	})
}
