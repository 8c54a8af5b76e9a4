package config

import (
	"maps"
	"testing"
)

// validatorCase is one configuration and what must be said of it.
type validatorCase struct {
	yaml string
	// unset removes variables of serveEnv that the file speaks of.
	unset []string
	vars  map[string]string
	want  []string
}

func runValidatorCases(t *testing.T, cases map[string]validatorCase) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			vars := serveEnv()
			maps.Copy(vars, c.vars)
			for _, name := range c.unset {
				delete(vars, name)
			}
			_, err := load(t, c.yaml, vars)
			checkProblems(t, problemsOf(t, err), c.want)
		})
	}
}

func TestCF2_Issuer(t *testing.T) {
	issuer := []string{"LATCHKEY_ISSUER"}
	noProxy := []string{"LATCHKEY_ISSUER", "LATCHKEY_TRUSTED_PROXIES"}
	runValidatorCases(t, map[string]validatorCase{
		"missing":               {unset: issuer, want: []string{"issuer: required"}},
		"good":                  {yaml: "issuer: https://id.example.com:8443", unset: issuer},
		"http":                  {yaml: "issuer: http://id.example.com", unset: issuer, want: []string{"use https; http is only for a loopback host"}},
		"http by flag":          {yaml: "issuer: http://id.example.com\ninsecure_http: true", unset: issuer, want: []string{"issuer (line 1): use https", "insecure_http (line 2): it is only for"}},
		"loopback without flag": {yaml: "issuer: http://127.0.0.1:8080", unset: issuer, want: []string{"set insecure_http: true"}},
		"loopback by flag":      {yaml: "issuer: http://127.0.0.1:8080\ninsecure_http: true", unset: noProxy},
		"localhost by flag":     {yaml: "issuer: http://localhost:8080\ninsecure_http: true", unset: noProxy},
		"like loopback":         {yaml: "issuer: http://127.0.0.1.example.com\ninsecure_http: true", unset: issuer, want: []string{"issuer (line 1): use https", "insecure_http (line 2)"}},
		"trailing slash":        {yaml: "issuer: https://id.example.com/", unset: issuer, want: []string{"or https://id.example.com"}},
		"path":                  {yaml: "issuer: https://example.com/id", unset: issuer},
		"path of two":           {yaml: "issuer: https://example.com/a-1/b_2", unset: issuer},
		"path with a slash":     {yaml: "issuer: https://example.com/id/", unset: issuer, want: []string{"must not end with one"}},
		"path with dots":        {yaml: "issuer: https://example.com/a/../id", unset: issuer, want: []string{"without . and .. segments"}},
		"path with a dot":       {yaml: "issuer: https://example.com/id.v2", unset: issuer, want: []string{"letters, digits"}},
		"path that is encoded":  {yaml: "issuer: https://example.com/%69d", unset: issuer, want: []string{"write https://example.com/id"}},
		"path with a query":     {yaml: "issuer: https://example.com/id?a=b", unset: issuer, want: []string{"no query"}},
		"query":                 {yaml: "issuer: https://id.example.com?a=b", unset: issuer, want: []string{"no query"}},
		"fragment":              {yaml: "issuer: 'https://id.example.com#a'", unset: issuer, want: []string{"fragment"}},
		"userinfo":              {yaml: "issuer: https://me@id.example.com", unset: issuer, want: []string{"user name or password"}},
		"default port":          {yaml: "issuer: https://id.example.com:443", unset: issuer, want: []string{"write https://id.example.com"}},
		"upper case":            {yaml: "issuer: https://ID.example.com", unset: issuer, want: []string{"host in lower case"}},
		"no scheme":             {yaml: "issuer: id.example.com", unset: issuer, want: []string{"not an absolute address"}},
		"other scheme":          {yaml: "issuer: ftp://id.example.com", unset: issuer, want: []string{"use https"}},
		"no host":               {yaml: "issuer: 'https://'", unset: issuer, want: []string{"no host"}},
	})
}

func TestCF2_Listeners(t *testing.T) {
	runValidatorCases(t, map[string]validatorCase{
		"nobody serves https": {unset: []string{"LATCHKEY_TRUSTED_PROXIES"}, want: []string{"tls: an https issuer needs"}},
		"own certificate":     {yaml: "tls: {cert_file: a, key_file: b}", unset: []string{"LATCHKEY_TRUSTED_PROXIES"}},
		"no key":              {yaml: "tls: {cert_file: a}", want: []string{"tls.key_file (line 1): required"}},
		"no certificate":      {yaml: "tls: {key_file: a}", want: []string{"tls.cert_file (line 1): required"}},
		"tls and http": {
			yaml: "issuer: http://localhost\ninsecure_http: true\ntls: {cert_file: a, key_file: b}", unset: []string{"LATCHKEY_ISSUER"},
			want: []string{"issuer (line 1): use https: tls has a certificate"},
		},
		"bad listen":        {yaml: "listen: '8080'", want: []string{"write host:port or :port"}},
		"same listener":     {yaml: "metrics: {listen: ':8080'}", want: []string{"must not be the public address"}},
		"no metrics":        {yaml: "metrics: {listen: ''}"},
		"everyone trusted":  {yaml: "trusted_proxies: [0.0.0.0/0]", unset: []string{"LATCHKEY_TRUSTED_PROXIES"}, want: []string{"trusted_proxies[0] (line 1): 0.0.0.0/0 would let anyone claim any address"}},
		"host with scheme":  {yaml: "allowed_hosts: ['https://id.example.net']", want: []string{"allowed_hosts[0] (line 1)"}},
		"host wildcard":     {yaml: "allowed_hosts: ['*.example.net']", want: []string{"is not a host"}},
		"host with a port":  {yaml: "allowed_hosts: ['id.example.net:8443']"},
		"single proxy":      {yaml: "trusted_proxies: [192.0.2.1, '2001:db8::1']"},
		"missing directory": {yaml: "clients_dir: nowhere", want: []string{"clients_dir (line 1): cannot be read"}},
	})
}

func TestCF1_Stores(t *testing.T) {
	database := []string{"LATCHKEY_DATABASE_URL"}
	runValidatorCases(t, map[string]validatorCase{
		"no database":                 {unset: database, want: []string{"database.url: required"}},
		"mysql":                       {yaml: "database: {url: mysql://db/x}", unset: database, want: []string{"database.url (line 1): it must begin with postgres:// or sqlite:///"}},
		"no name":                     {yaml: "database: {url: postgres://db}", unset: database, want: []string{"names no database"}},
		"relative sqlite":             {yaml: "database: {url: 'sqlite://x.db'}", unset: database, want: []string{"three slashes"}},
		"sqlite":                      {yaml: "database: {url: 'sqlite:///var/x.db'}", unset: database},
		"postgresql":                  {yaml: "database: {url: 'postgresql://db/x'}", unset: database},
		"unparsable":                  {vars: map[string]string{"LATCHKEY_DATABASE_URL": "postgres://a:canary%zz@db/x"}, want: []string{"database.url (LATCHKEY_DATABASE_URL): percent-encode"}},
		"no connections":              {yaml: "database: {max_conns: 0}", want: []string{"use 1 to 1000"}},
		"a timeout of none":           {yaml: "database: {timeout: 1ms}", want: []string{"database.timeout (line 1): "}},
		"a timeout beyond a request":  {yaml: "database: {timeout: 16s, statement_timeout: 20s}", want: []string{"database.timeout (line 1): it is longer than a request may take (three times timeouts.request, 15s)"}},
		"statements ended too early":  {yaml: "database: {timeout: 5s, statement_timeout: 2s, lock_timeout: 1s}", want: []string{"database.statement_timeout (line 1): it is shorter than database.timeout (5s)"}},
		"a lock longer than the rest": {yaml: "database: {lock_timeout: 11s}", want: []string{"database.lock_timeout (line 1): it is longer than database.statement_timeout (10s)"}},
		"idle ended too early":        {yaml: "database: {idle_in_transaction_timeout: 4s}", want: []string{"database.idle_in_transaction_timeout (line 1): it is shorter than database.timeout (5s)"}},
		"no lifetime":                 {yaml: "database: {max_conn_lifetime: 0s}", want: []string{"database.max_conn_lifetime (line 1): "}},
		"good timeouts":               {yaml: "database: {timeout: 2s, statement_timeout: 3s, lock_timeout: 1s, idle_in_transaction_timeout: 1m, max_conn_lifetime: 5m}"},
		"redis by http":               {yaml: "redis: {url: 'http://cache'}", want: []string{"redis.url (line 1): it must begin with redis:// or rediss://"}},
		"redis nowhere":               {yaml: "redis: {url: 'redis://'}", want: []string{"names no host"}},
		"mail without from":           {yaml: "mail: {smtp_url: 'smtp://mail'}", want: []string{"mail.from (line 1): required"}},
		"bad from":                    {yaml: "mail: {smtp_url: 'smtp://mail', from: nobody}", want: []string{"is not an address"}},
		"good mail":                   {yaml: "mail: {smtp_url: 'smtps://u:p@mail:465', from: Example <id@example.com>}"},
	})
}

func TestCF1_Keys(t *testing.T) {
	sealing := []string{"LATCHKEY_SECRETS_SEALING_KEYS_0_ID", "LATCHKEY_SECRETS_SEALING_KEYS_0_KEY"}
	with := func(value string) map[string]string { return map[string]string{"K": value} }
	const one = "secrets: {sealing_keys: [{id: a, key: env:K}]}"
	runValidatorCases(t, map[string]validatorCase{
		"none":     {unset: sealing, want: []string{"secrets.sealing_keys: required"}},
		"base64":   {yaml: one, unset: sealing, vars: with(keyThree)},
		"hex":      {yaml: one, unset: sealing, vars: with("8f14e45fceea167a5a36dedd4bea25430cc175b9c0f1b6a831c399e269772661")},
		"short":    {yaml: one, unset: sealing, vars: with("c2hvcnQ="), want: []string{"at least 32 random bytes"}},
		"words":    {yaml: one, unset: sealing, vars: with("correct horse battery staple correct horse"), want: []string{"at least 32 random bytes"}},
		"zeros":    {yaml: one, unset: sealing, vars: with("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), want: []string{"does not look random"}},
		"not set":  {yaml: one, unset: sealing, want: []string{"secrets.sealing_keys[0].key (line 1): env:K: this environment variable is not set"}},
		"empty":    {yaml: one, unset: sealing, vars: with(""), want: []string{"env:K: it is empty"}},
		"no file":  {yaml: "secrets: {sealing_keys: [{id: a, key: file:/nowhere/x}]}", unset: sealing, want: []string{"secrets.sealing_keys[0].key (line 1): file:/nowhere/x: cannot be read: no such file"}},
		"in plain": {yaml: "secrets: {sealing_keys: [{id: a, key: " + keyThree + "}]}", unset: sealing, want: []string{"the configuration must not contain secrets"}},
		"no id":    {yaml: "secrets: {sealing_keys: [{key: env:K}]}", unset: sealing, vars: with(keyThree), want: []string{"secrets.sealing_keys[0].id (line 1): required"}},
		"bad id":   {yaml: "secrets: {sealing_keys: [{id: a.b, key: env:K}]}", unset: sealing, vars: with(keyThree), want: []string{"sealing_keys[0].id"}},
		"same as the hash key": {
			yaml: one, unset: sealing, vars: with(keyTwo),
			want: []string{"secrets.hash_keys[0].key (LATCHKEY_SECRETS_HASH_KEYS_0_KEY): it is the same key as secrets.sealing_keys[0].key"},
		},
		"same in another alphabet": {
			yaml: "secrets: {sealing_keys: [{id: a, key: env:K}, {id: b, key: env:L}]}", unset: sealing,
			vars: map[string]string{"K": keyOne, "L": "9ZGRc5nTq1SgFQ7mS7xV4nFvbX5l7o2nJkqzD0TqH3g"}, want: []string{"it is the same key as"},
		},
		"same id": {
			yaml: "secrets: {sealing_keys: [{id: a, key: env:K}, {id: a, key: env:STRONG}]}", unset: sealing,
			vars: with(keyOne), want: []string{`sealing_keys[1].id (line 1): two keys have the id "a"`},
		},
	})
}

func TestLifetimesAndLimits(t *testing.T) {
	runValidatorCases(t, map[string]validatorCase{
		"code too long":        {yaml: "tokens: {code_lifetime: 61s}", want: []string{"tokens.code_lifetime (line 1): 1m1s is too long; use at most 1m"}},
		"code zero":            {yaml: "tokens: {code_lifetime: 0s}", want: []string{"0s is too short; use at least 1s"}},
		"negative":             {yaml: "tokens: {access_token_lifetime: -5m}", want: []string{"too short"}},
		"access too long":      {yaml: "tokens: {access_token_lifetime: 25h}\nsigning_keys: {keep_after: 2d}", want: []string{"25h is too long; use at most 1d"}},
		"grace too long":       {yaml: "tokens: {refresh_grace: 6m}", want: []string{"use at most 5m"}},
		"grace off":            {yaml: "tokens: {refresh_grace: 0s}"},
		"refresh idle":         {yaml: "tokens: {refresh_idle_lifetime: 91d}", want: []string{"tokens.refresh_idle_lifetime (line 1): it is longer than refresh_lifetime (90d)"}},
		"session idle":         {yaml: "sessions: {idle: 8d}", want: []string{"sessions.idle (line 1): it is longer than sessions.absolute (7d)"}},
		"remembered idle":      {yaml: "sessions: {remember_absolute: 20d}", want: []string{"sessions.remember_idle (line 1): it is longer than sessions.remember_absolute (20d)"}},
		"no algs":              {yaml: "signing_keys: {algs: []}", want: []string{"name at least one algorithm"}},
		"alg twice":            {yaml: "signing_keys: {algs: [RS256, RS256]}", want: []string{"signing_keys.algs[1] (line 1): \"RS256\" is listed twice"}},
		"published too late":   {yaml: "signing_keys: {publish_ahead: 5s}", want: []string{"5s is too short; use at least 10s"}},
		"published too early":  {yaml: "signing_keys: {publish_ahead: 30d}", want: []string{"must be shorter than signing_keys.sign_for (30d)"}},
		"dropped too early":    {yaml: "signing_keys: {keep_after: 5m}", want: []string{"5m is shorter than the longest token lives (10m)"}},
		"dropped for a client": {yaml: "signing_keys: {keep_after: 1h}\nclients: [{id: a, type: public, redirect_uris: [https://a.example/cb], id_token_lifetime: 2h}]", want: []string{"1h is shorter than the longest token lives (2h)"}},
		"cheap hash":           {yaml: "password: {argon2: {memory_kib: 1024, time: 1, parallelism: 0}}", want: []string{"memory_kib (line 1): use 19456", "time (line 1): use 2", "parallelism (line 1): use 1"}},
		"no attempts":          {yaml: "limits: {sign_in: {per_account: {free: 0}}}", want: []string{"limits.sign_in.per_account.free (line 1): use 1 to 1000000"}},
		"backwards":            {yaml: "limits: {reset: {per_address: {base: 1h, max: 1m}}}", want: []string{"limits.reset.per_address.base (line 1): it is longer than max (1m); shorten it"}},
		"a number":             {yaml: "limits: {messages: {per_destination: 3}}", want: []string{"limits.messages.per_destination (line 1): expected a mapping (key: value) here"}},
		"no memory":            {yaml: "limits: {sign_up: {per_account: {window: 0s}}}", want: []string{"limits.sign_up.per_account.window (line 1): 0s is too short"}},
		"header after read":    {yaml: "timeouts: {read_header: 20s}", want: []string{"timeouts.read_header (line 1): it is longer than timeouts.read (15s)"}},
		"no timeout":           {yaml: "timeouts: {read: 0s}", want: []string{"timeouts.read (line 1): 0s is too short", "timeouts.read_header (line 1): it is longer"}},
	})
}
