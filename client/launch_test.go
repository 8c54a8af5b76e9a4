package client

import "testing"

// An application is opened where it begins a sign-in by itself, or at its page, and
// only where somebody could sign in to it.
func TestWhereAClientIsOpened(t *testing.T) {
	const issuer = "https://id.example.com"
	opened := Metadata{GrantTypes: []string{GrantAuthorizationCode}, ClientURI: "https://wiki.example.com/", InitiateLoginURI: "https://wiki.example.com/start?idp=1"}
	for name, c := range map[string]struct {
		change func(*Metadata)
		want   string
	}{
		"where it begins":      {func(*Metadata) {}, "https://wiki.example.com/start?idp=1&iss=https%3A%2F%2Fid.example.com"},
		"its page":             {func(m *Metadata) { m.InitiateLoginURI = "" }, "https://wiki.example.com/"},
		"nowhere":              {func(m *Metadata) { m.InitiateLoginURI, m.ClientURI = "", "" }, ""},
		"not listed":           {func(m *Metadata) { m.Unlisted = true }, ""},
		"acts for no person":   {func(m *Metadata) { m.GrantTypes = []string{GrantClientCredentials} }, ""},
		"an issuer of its own": {func(m *Metadata) { m.InitiateLoginURI = "https://wiki.example.com/?iss=https://evil.example" }, "https://wiki.example.com/?iss=https%3A%2F%2Fid.example.com"},
	} {
		m := opened
		c.change(&m)
		if got := m.Launch(issuer); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
