package test

import (
	"maps"
	"strings"
	"testing"
)

// TestGuardsFindViolations shows each guard code that breaks its rule, and code that
// does not: a guard that finds nothing is not one that is blind.
func TestGuardsFindViolations(t *testing.T) {
	t.Parallel()
	base := map[string]string{
		"storage": `type ID string; type Event struct{ Detail string }; func NewEvent() (Event, error) { return Event{Detail: "x"}, nil }`,
		"storage/sqlstore": `
import ("context"; "` + module + `/storage")
type (
	Store struct{}; Users struct{}; Invitations struct{}; Credentials struct{}; RecoveryCodes struct{}; TrustedDevices struct{}
	Lockouts struct{}; Sessions struct{}; Grants struct{}; Consents struct{}; Groups struct{}; Memberships struct{}; Provisions struct{}
)
func (Store) Users() *Users { return nil }
func (*Users) ByID(context.Context, storage.ID) error { return nil }
func (*Users) Disable(context.Context, storage.ID, storage.Event) error { return nil }
func (*Users) SomethingNew(context.Context) error { return nil }
func (*Sessions) Create(context.Context, storage.ID, storage.Event) error { return nil }`,
		"client": `func IsLoopback(string) bool { return false }`,
		"keys":   `type Hasher struct{}; func (*Hasher) Verify() bool { return false }; func (*Hasher) Judge() (bool, error) { return false, nil }`,
	}
	const context, sql, store = `import "context"; `, `import "` + module + `/storage/sqlstore"; `, `import "` + module + `/storage"; `
	guards := map[string]func(*typed) []string{
		"writers": func(m *typed) []string { return writersOfPeople(m, writersBeside) },
		"events":  eventLiterals, "clients": judgesOfClients, "hashes": verdictsOnUnknownKeys,
	}
	for _, c := range []struct{ guard, room, code, want string }{
		{"writers", "login/settings", context + store + `type users interface { Disable(context.Context, storage.ID, storage.Event) error }`, "asks for Users.Disable"},
		{"writers", "op", context + store + `type reader interface { ByID(context.Context, storage.ID) error }; type users interface { reader; SomethingNew(context.Context) error }`, "asks for Users.SomethingNew"},
		{"writers", "op", context + store + `var x interface { Disable(context.Context, storage.ID, storage.Event) error }`, "asks for Users.Disable"},
		{"writers", "op", context + store + `type sessions interface { Create(context.Context, storage.ID, storage.Event) error }`, "asks for Sessions.Create"},
		{"writers", "login/session", context + store + `type sessions interface { Create(context.Context, storage.ID, storage.Event) error }`, ""},
		{"writers", "login", context + store + `type users interface { ByID(context.Context, storage.ID) error }`, ""},
		{"writers", "account", context + store + `type users interface { Disable(context.Context, storage.ID, storage.Event) error }`, ""},
		{"writers", "internal/testenv", context + store + `type users interface { Disable(context.Context, storage.ID, storage.Event) error }`, ""},
		{"writers", "cmd/latchkey", sql + `func f(s sqlstore.Store) { _ = s.Users().Disable(nil, "", nil) }`, "calls Users.Disable"},
		{"writers", "cmd/latchkey", sql + `func f(s sqlstore.Store) { u := s.Users(); do := u.Disable; _ = do }`, "calls Users.Disable"},
		{"writers", "cmd/latchkey", sql + `func f(s sqlstore.Store) { do := (*sqlstore.Users).Disable; _ = do }`, "calls Users.Disable"},
		{"writers", "cmd/latchkey", sql + `func f(s sqlstore.Store) { _ = s.Users().ByID(nil, "") }`, ""},
		{"events", "login", store + `var e = storage.Event{Detail: "x"}`, "composes an event"},
		{"events", "op", store + `var e = []storage.Event{{Detail: "x"}}`, "composes an event"},
		{"events", "op", store + `type mine = storage.Event; var e = &mine{"x"}`, "composes an event"},
		{"events", "mfa", store + `func f() { var e storage.Event; e.Detail = "x" }`, "an empty event"},
		{"events", "mfa", store + `func f() { e := new(storage.Event); e.Detail = "x" }`, "an empty event"},
		{"events", "login", store + `func f() { e, err := storage.NewEvent(); _, _ = e, err }`, "begins an event itself"},
		{"events", "mfa", store + `func f() (storage.Event, error) { if true { return storage.Event{}, nil }; return storage.NewEvent() }`, ""},
		{"events", "account", store + `var e = storage.Event{Detail: "x"}`, ""},
		{"events", "login/logintest", store + `var e = storage.Event{Detail: "x"}`, ""},
		{"hashes", "op", `import "` + module + `/keys"; func f(h *keys.Hasher) bool { return h.Verify() }`, "calls Hasher.Verify"},
		{"hashes", "op", `import "` + module + `/keys"; func f(h *keys.Hasher) (bool, error) { return h.Judge() }`, ""},
		{"clients", "op", `func isLoopback(h string) bool { return h != "" }`, "declares isLoopback"},
		{"clients", "login", `func f(h string) bool { return h == "127.0.0.1" }`, "knows"},
		{"clients", "config", `func f(u interface{ IsLoopback() bool }) bool { return u.IsLoopback() }`, "judges an address"},
		{"clients", "op", `func matchRedirectURI(u string) bool { return u != "" }`, "declares matchRedirectURI"},
		{"clients", "op", `import "slices"; func f(c struct{ RedirectURIs []string }) bool { return slices.Contains(c.RedirectURIs, "") }`, "searches"},
		{"clients", "config", `func f(c struct{ PostLogoutRedirectURIs []string }) { for range c.PostLogoutRedirectURIs {} }`, "walks"},
		{"clients", "op", `import "` + module + `/client"; var is = client.IsLoopback("x")`, ""},
		{"clients", "cmd/latchkey", `const listen = "127.0.0.1"`, ""},
	} {
		sources := maps.Clone(base)
		sources[c.room] = c.code
		found := guards[c.guard](typesOfSources(t, sources))
		if all := strings.Join(found, "\n"); (c.want == "") != (len(found) == 0) || !strings.Contains(all, c.want) {
			t.Errorf("%s of %s in %s: found %q, want %q", c.guard, c.code, c.room, found, c.want)
		}
	}
	for name, guard := range guards { // one that has nothing to look at says so
		if len(guard(typesOfSources(t, map[string]string{"op": "var x int"}))) == 0 {
			t.Errorf("%s: finds nothing amiss in a module without the packages that it is about", name)
		}
	}
}
