package config

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// Whatever a file holds, Load answers with a configuration or with problems
// that the file is to blame for; it neither panics nor gives up half way.
func FuzzLoad(f *testing.F) {
	example, err := os.ReadFile(exampleFile)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(example))
	f.Add("clients:\n  - &a {id: a, secrets: [{value: x, expires_at: 2027-01-01}]}\n  - {<<: *a}\n")
	f.Add("log: &a {level: *a}\n")
	f.Add("sms: {}\nclients: [null, 1, [], {}]\ntrusted_proxies: [null]\n")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.IndexByte(text, 0) >= 0 {
			return // the environment cannot hold it
		}
		setenv(t, map[string]string{"LATCHKEY_CLIENTS": text})
		l := newLoader(LoadOptions{Dev: true})
		if c, err := l.read(); err != nil {
			t.Fatal(err)
		} else {
			l.validate(c)
		}
		_, err := load(t, text, nil)
		var problems *Error
		if err != nil && !errors.As(err, &problems) {
			t.Fatal(err)
		}
	})
}
