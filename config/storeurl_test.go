package config

import (
	"strings"
	"testing"
)

// A special character in a password must not end the host early: a part of the
// password would be looked up and logged, and the connection go elsewhere.
func TestLG2_UnescapedPasswordsAreRefused(t *testing.T) {
	const unescaped = "percent-encode the special characters of the password"
	for _, password := range []string{"12#" + canary, "a#" + canary, "12/" + canary, "a@" + canary, "12?" + canary, "12?a=" + canary, canary + "%zz", canary + "["} {
		for variable, url := range map[string]string{
			"LATCHKEY_DATABASE_URL":  "postgres://u:" + password + "@db/x?sslmode=require",
			"LATCHKEY_REDIS_URL":     "rediss://u:" + password + "@cache:6379",
			"LATCHKEY_MAIL_SMTP_URL": "smtps://u:" + password + "@mail.example",
			"LATCHKEY_SMS_URL":       "https://u:" + password + "@sms.example/send",
		} {
			vars := serveEnv()
			vars[variable] = url
			vars["LATCHKEY_MAIL_FROM"] = "id@example.com"
			if variable == "LATCHKEY_SMS_URL" {
				vars["LATCHKEY_SMS_PROVIDER"], vars["LATCHKEY_SMS_COUNTRIES"], vars["LATCHKEY_SMS_FROM"] = "http", "DE", "id"
			}
			_, err := load(t, "", vars)
			if err == nil || !strings.Contains(err.Error(), unescaped) || strings.Contains(err.Error(), canary) {
				t.Errorf("%s=%s: %v", variable, url, err)
			}
		}
	}
}

func TestURLParameters(t *testing.T) {
	database := []string{"LATCHKEY_DATABASE_URL"}
	at := func(url string) string { return "database: {url: '" + url + "'}" }
	redis := func(url string) string { return "redis: {url: '" + url + "'}" }
	runValidatorCases(t, map[string]validatorCase{
		"encoded password":  {yaml: at("postgres://u:a%23%2F%3F%40@db/x?sslmode=require"), unset: database},
		"several":           {yaml: at("postgres://u@db/x?sslmode=verify-full&application_name=latchkey&connect_timeout=5"), unset: database},
		"two hosts":         {yaml: at("postgres://u@one:5432,two:5432/x?sslmode=require&target_session_attrs=read-write"), unset: database},
		"socket":            {yaml: at("postgres:///x?host=/var/run/postgresql"), unset: database},
		"name as parameter": {yaml: at("postgres://db?dbname=x&sslmode=require"), unset: database},
		"typo":              {yaml: at("postgres://db/x?ssl_mode=require"), unset: database, want: []string{"database.url (line 1): it has an unknown parameter; did you mean sslmode?"}},
		"of sqlite":         {yaml: at("sqlite:///var/x.db?mode=ro"), unset: database, want: []string{"it takes no parameters"}},
		"folder with an @":  {yaml: at("sqlite:///srv/@id/x.db"), unset: database},
		"redis":             {yaml: redis("redis://cache/1?dial_timeout=5s&client_name=id")},
		"redis, typo":       {yaml: redis("redis://cache?dial_timout=5s"), want: []string{"did you mean dial_timeout?"}},
		"redis, nonsense":   {yaml: redis("redis://cache?q=canary"), want: []string{"it has an unknown parameter; known parameters are addr, "}},
	})
}

func TestCF1_ADatabaseAcrossANetworkWithoutTLSIsWarnedOf(t *testing.T) {
	for url, warned := range map[string]bool{
		"postgres://u@db.example/x":                       true,
		"postgres://u@127.0.0.1,db.example/x":             true,
		"postgres:///x?host=db.example":                   true,
		"postgres://u@db.example/x?sslmode=disable":       false,
		"postgres://u@db.example/x?sslmode=verify-full":   false,
		"postgres://u@127.0.0.1:5432/x":                   false,
		"postgres://u@[::1]/x":                            false,
		"postgres://u@localhost/x":                        false,
		"postgres:///x":                                   false,
		"postgres:///x?host=/run/postgresql":              false,
		"postgres://u@db.example/x?host=/run/postgresql":  false,
		"sqlite:///var/lib/latchkey/latchkey.db":          false,
		"postgres://u@127.0.0.1/x?service=s&passfile=/pw": false,
	} {
		vars := serveEnv()
		vars["LATCHKEY_DATABASE_URL"] = url
		c := mustLoad(t, "", vars)
		if got := len(c.Warnings) == 1 && strings.Contains(c.Warnings[0].Message, "sslmode=verify-full"); got != warned || len(c.Warnings) > 1 {
			t.Errorf("%s: warnings %v", url, c.Warnings)
		}
	}
}
