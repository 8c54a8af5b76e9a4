package config

import (
	"path/filepath"
	"testing"
)

func TestMail(t *testing.T) {
	mail := func(url string) string { return "mail: {from: id@example.com, smtp_url: '" + url + "'}" }
	runValidatorCases(t, map[string]validatorCase{
		"STARTTLS":          {yaml: mail("smtp://u:p@mail.example:587")},
		"TLS":               {yaml: mail("smtps://mail.example")},
		"clear on loopback": {yaml: mail("smtp://127.0.0.1:25?tls=none")},
		"clear elsewhere":   {yaml: mail("smtp://mail.example?tls=none"), want: []string{"mail.smtp_url (line 1): tls=none is only for a server on this machine"}},
		"clear and TLS":     {yaml: mail("smtps://127.0.0.1?tls=none"), want: []string{"contradicts smtps"}},
		"other parameter":   {yaml: mail("smtp://127.0.0.1?tls=maybe"), want: []string{"the only parameter"}},
		"path":              {yaml: mail("smtp://mail.example/inbox"), want: []string{"has a path"}},
		"answers":           {yaml: "mail: {reply_to: 'Help <help@example.com>'}"},
		"bad answers":       {yaml: "mail: {reply_to: help}", want: []string{"mail.reply_to (line 1): \"help\" is not an address"}},
		"hasty":             {yaml: "mail: {timeout: 1ms}", want: []string{"mail.timeout"}},
	})
}

func TestEO4_SMS(t *testing.T) {
	const twilio = "provider: twilio, account: AC1, token: env:STRONG, from: MG1"
	runValidatorCases(t, map[string]validatorCase{
		"off":              {yaml: "sms: {countries: [DE]}"},
		"twilio":           {yaml: "sms: {" + twilio + ", countries: [DE, AT]}"},
		"no country":       {yaml: "sms: {" + twilio + "}", want: []string{"sms.countries (line 1): required"}},
		"no such country":  {yaml: "sms: {" + twilio + ", countries: [DE, UK]}", want: []string{`sms.countries[1] (line 1): "UK" is not a country`}},
		"country twice":    {yaml: "sms: {" + twilio + ", countries: [DE, DE]}", want: []string{"DE is listed twice"}},
		"twilio, bare":     {yaml: "sms: {provider: twilio, countries: [DE]}", want: []string{"sms.from (line 1): required", "sms.account (line 1): required", "sms.token (line 1): required"}},
		"clear text token": {yaml: "sms: {provider: twilio, account: AC1, from: MG1, countries: [DE], token: abc}", want: []string{"sms.token (line 1): the configuration must not contain secrets"}},
		"headers, twilio":  {yaml: "sms: {" + twilio + ", countries: [DE], headers: [{name: A, value: env:STRONG}]}", want: []string{"only sms.provider: http"}},
		"http":             {yaml: "sms: {provider: http, url: 'https://sms.example/send', from: Example, countries: [DE], headers: [{name: X-Key, value: env:STRONG}]}"},
		"http, bare":       {yaml: "sms: {provider: http, countries: [DE]}", want: []string{"sms.from (line 1): required", "sms.url (line 1): required"}},
		"http in clear":    {yaml: "sms: {provider: http, url: 'http://sms.example', from: E, countries: [DE]}", want: []string{"use https"}},
		"bad header":       {yaml: "sms: {provider: http, url: 'https://sms.example', from: E, countries: [DE], headers: [{name: 'A: b'}]}", want: []string{"is not a header name", "sms.headers[0].value (line 1): required"}},
		"no provider":      {yaml: "sms: {from: Example, account: a}", want: []string{"sms.account (line 1): it has no effect without sms.provider", "sms.from (line 1)"}},
		"no cap":           {yaml: "sms: {daily_cap: 0, per_number_day: -1, per_country_day: 10000000}", want: []string{"sms.daily_cap", "sms.per_number_day", "sms.per_country_day"}},
		"factor":           {yaml: "mfa: {factors: [totp, sms]}", want: []string{"sms needs sms.provider"}},
		"factor, gateway":  {yaml: "mfa: {factors: [totp, sms]}\nsms: {" + twilio + ", countries: [DE]}"},
	})
}

func TestOutboxLimits(t *testing.T) {
	runValidatorCases(t, map[string]validatorCase{
		"good":        {yaml: "outbox: {workers: 1, poll: 10s, give_up_after: 1d, max_age: 0s}"},
		"no workers":  {yaml: "outbox: {workers: 0}", want: []string{"outbox.workers"}},
		"busy":        {yaml: "outbox: {poll: 1ms}", want: []string{"outbox.poll"}},
		"gives up":    {yaml: "outbox: {give_up_after: 1m}", want: []string{"outbox.give_up_after"}},
		"never ready": {yaml: "outbox: {max_age: 1s}", want: []string{"outbox.max_age"}},
	})
}

func TestTemplatesStartAtTheFolder(t *testing.T) {
	c := mustLoad(t, "messages: {templates: mail}", serveEnv())
	if !filepath.IsAbs(c.Messages.Templates) || filepath.Base(c.Messages.Templates) != "mail" {
		t.Errorf("templates at %s", c.Messages.Templates)
	}
}
