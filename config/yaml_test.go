package config

import "testing"

func TestStrictDecoding(t *testing.T) {
	for name, c := range map[string]struct {
		yaml string
		want []string
	}{
		"typo at the top": {"isuer: https://id.example.com\n", []string{"isuer (line 1): unknown key, did you mean issuer?"}},
		"typo in a client": {
			"clients:\n  - id: one\n    type: public\n    redirect_uris: [https://a.example/cb]\n  - id: two\n    type: public\n    redirect_urls: [https://b.example/cb]\n",
			[]string{"clients[1].redirect_urls (line 7): unknown key, did you mean redirect_uris?"},
		},
		"a key unlike any": {"log: {color: red}\n", []string{"log.color (line 1): unknown key; known keys are level, format"}},
		"case matters":     {"Listen: :80\n", []string{"Listen (line 1): unknown key, did you mean listen?"}},
		"given twice":      {"log: {level: info}\nlisten: :1\nlog: {level: debug}\n", []string{"log (line 3): given twice, first on line 1"}},
		"value for a list": {"trusted_proxies: 10.0.0.0/8\n", []string{"trusted_proxies (line 1): expected a list here, not one value"}},
		"list for a value": {"listen: [a]\n", []string{"listen (line 1): expected one value here, not a list"}},
		"value for a map":  {"log: info\n", []string{"log (line 1): expected a mapping (key: value) here, not one value"}},
		"client by name":   {"clients:\n  wiki: {type: public}\n", []string{"clients (line 1): expected a list here, not a mapping"}},
		"bad duration":     {"sessions:\n  idle: 12\n", []string{`sessions.idle (line 2): "12" is not a duration; write a number with a unit`}},
		"bad number":       {"database: {max_conns: many}\n", []string{`database.max_conns (line 1): "many" is not a whole number`}},
		"bad small number": {"password: {argon2: {parallelism: 300}}\n", []string{`"300" is not a whole number from 0 to 255`}},
		"bad bool":         {"insecure_http: yes\n", []string{`insecure_http (line 1): "yes" is neither true nor false`}},
		"bad network":      {"trusted_proxies:\n  - 10.0.0.0/8\n  - 10.1.2.3/8\n", []string{"trusted_proxies[1] (line 3): \"10.1.2.3/8\" has bits set beyond its length; did you mean 10.0.0.0/8"}},
		"out of its set":   {"log: {level: verbose}\n", []string{`log.level (line 1): "verbose" is not supported; use debug, info, warn or error`}},
		"unsupported method": {
			"clients:\n  - id: a\n    auth_method: client_secret_saml\n    secret: env:STRONG\n    redirect_uris: [https://a.example/cb]\n",
			[]string{`clients[0].auth_method (line 3): "client_secret_saml" is not supported; use client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt, tls_client_auth, self_signed_tls_client_auth or none`},
		},
		"unsupported response type": {
			"clients:\n  - {id: a, type: public, redirect_uris: [https://a.example/cb], response_types: [code, token]}\n",
			[]string{`clients[0].response_types[1] (line 2): "token" is not supported; use code, id_token, id_token token, code id_token, code token or code id_token token`},
		},
		"unsupported alg":   {"signing_keys: {algs: [RS256, ES256, none]}\n", []string{`signing_keys.algs[2] (line 1): "none" is not supported; use RS256, PS256, ES256, ES384 or EdDSA`}},
		"bad type silences": {"clients:\n  - {id: a, type: web}\n", []string{`clients[0].type (line 2): "web" is not supported; use confidential, public, native or service`}},
		"not YAML":          {"listen: [\n", []string{"not YAML: yaml: line 1"}},
		"two documents":     {"listen: :1\n---\nlisten: :2\n", []string{"more than one YAML document"}},
		"alias of itself":   {"log: &a {level: *a}\n", []string{"anchor 'a' value contains itself"}},
		"empty file":        {"", nil},
		"only a comment":    {"# nothing\n", nil},
		"key without value": {"log:\nclients:\n", nil},
		"merge keys": {
			"clients:\n  - &one {id: a, type: public, redirect_uris: [https://a.example/cb]}\n  - {<<: *one, id: b}\n", nil,
		},
		"typo beside several others": {
			"issuer: http://id.example.com/\nlisten: 80\nclients:\n  - {id: a, typ: public}\n",
			[]string{
				"clients[0].typ (line 4): unknown key, did you mean type?",
				"issuer (line 1): its path may hold letters",
				"issuer (line 1): use https",
				`listen (line 2): "80" is not an address to listen on`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			vars := serveEnv()
			if name == "typo at the top" || name == "typo beside several others" {
				delete(vars, "LATCHKEY_ISSUER")
			}
			_, err := load(t, c.yaml, vars)
			checkProblems(t, problemsOf(t, err), c.want)
		})
	}
}

func TestMergeKeyLosesToOwnKey(t *testing.T) {
	c := mustLoad(t, "clients:\n  - &one {id: a, name: A, type: public, redirect_uris: [https://a.example/cb]}\n  - {<<: [*one], id: b}\n", serveEnv())
	if b := c.Clients[1]; b.ID != "b" || b.Name != "A" {
		t.Errorf("got id %q and name %q, want b and A", b.ID, b.Name)
	}
}

func TestNearest(t *testing.T) {
	words := root.field("clients").elem.keys()
	for key, want := range map[string]string{
		"redirect_urls": "redirect_uris", "redirect_uri": "redirect_uris", "scope": "scopes", "idd": "id",
		"grants": "", "color": "", "postlogout_redirect_uris": "post_logout_redirect_uris", "x": "",
	} {
		if got := nearest(key, words); got != want {
			t.Errorf("nearest(%q) = %q, want %q", key, got, want)
		}
	}
}
