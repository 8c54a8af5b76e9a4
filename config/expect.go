package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
	"go.yaml.in/yaml/v3"
)

// Expectation is a test of who may use a client, written beside the rules.
type Expectation struct {
	User      any            `yaml:"user" doc:"The person to test: an id, username or email address, or a mapping that describes somebody, such as {groups: [guests]}, with username, email, email_verified, groups, roles, attributes and second_factor. Required."`
	Allow     *bool          `yaml:"allow" doc:"Whether they get in, possibly after further steps."`
	Claims    map[string]any `yaml:"claims" doc:"Claims with the values expected in the ID token, userinfo or the access token; null for a claim that must be in none of them."`
	Network   string         `yaml:"network" doc:"The IP address of their browser. Default: none, which is in no network."`
	ACR       string         `yaml:"acr" oneof:"@acr" doc:"The authentication context class they have already reached. Default: they are not signed in."`
	Step      string         `yaml:"step" oneof:"sign_in second_factor enroll_second_factor verify_email consent refused unreachable" doc:"A step that sign-in requires."`
	Scopes    []string       `yaml:"scopes" doc:"Scopes that the client requests. Default: all that it is registered for."`
	OnFailure string         `yaml:"on_failure" oneof:"refuse warn" doc:"refuse stops the reload, warn only logs. Default: refuse."`

	// at says where it was written.
	at string `yaml:"-"`
}

// At says where the expectation was written.
func (e *Expectation) At() string { return e.at }

// Name is whom it is about, where it names somebody; empty where it describes them.
func (e *Expectation) Name() string {
	name, _ := e.User.(string)
	return name
}

// Described is the person that it describes.
func (e *Expectation) Described() (*storage.User, error) {
	text, err := yaml.Marshal(plain(e.User))
	if err != nil {
		return nil, fmt.Errorf("describe somebody: %w", err)
	}
	var p person
	if err := decodeStrictly(text, &p); err != nil {
		return nil, err
	}
	return p.user(), nil
}

func plain(v any) any {
	if d, ok := v.(dictionary); ok {
		return map[string]any(d)
	}
	return v
}

// Address is where their browser is; the zero value is in no network.
func (e *Expectation) Address() (netip.Addr, error) {
	if e.Network == "" {
		return netip.Addr{}, nil
	}
	return netip.ParseAddr(e.Network)
}

// person is somebody as expectations and fixtures describe them.
type person struct {
	ID            string         `yaml:"id"`
	Username      string         `yaml:"username"`
	Email         string         `yaml:"email"`
	EmailVerified *bool          `yaml:"email_verified"` // absent: it is
	Groups        []string       `yaml:"groups"`
	Roles         []string       `yaml:"roles"`
	Attributes    map[string]any `yaml:"attributes"`
	SecondFactor  bool           `yaml:"second_factor"`
}

func (p *person) user() *storage.User {
	u := &storage.User{
		ID: storage.ID(p.ID), Username: p.Username, Email: p.Email, EmailVerified: p.Email != "" && (p.EmailVerified == nil || *p.EmailVerified),
		Groups: p.Groups, Roles: p.Roles, Attributes: p.Attributes,
	}
	if p.SecondFactor {
		u.Credentials = 1
	}
	return u
}

// Fixture is people by whom expectations are checked where there is no database.
type Fixture struct{ people []*storage.User }

// ReadFixture reads a list of people in YAML, described as in [Expectation.User].
func ReadFixture(r io.Reader) (*Fixture, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read people: %w", err)
	}
	var people []person
	if err := decodeStrictly(text, &people); err != nil {
		return nil, fmt.Errorf("read people: %w", err)
	}
	f := &Fixture{}
	for i := range people {
		f.people = append(f.people, people[i].user())
	}
	return f, nil
}

// Find returns the person of an id, username or email address, or nil.
func (f *Fixture) Find(name string) *storage.User {
	if f == nil {
		return nil
	}
	for _, u := range f.people {
		if string(u.ID) == name && name != "" || strings.EqualFold(u.Username, name) || strings.EqualFold(u.Email, name) {
			return u
		}
	}
	return nil
}

func decodeStrictly(text []byte, into any) error {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// validateExpectations checks what can be without asking anything of anybody.
func (l *loader) validateExpectations(c *Config) {
	for i := range c.Clients {
		for j := range c.Clients[i].Expect {
			e := &c.Clients[i].Expect[j]
			path := indexPath(joinPath(indexPath("clients", i), "expect"), j)
			e.at = l.located(path)
			switch e.User.(type) {
			case nil:
				l.add(joinPath(path, "user"), "required: whom it is about")
			case string:
			case dictionary, map[string]any:
				if _, err := e.Described(); err != nil {
					l.add(joinPath(path, "user"), "%v", err)
				}
			default:
				l.add(joinPath(path, "user"), "name somebody, or describe them by a mapping")
			}
			if _, err := e.Address(); err != nil {
				l.add(joinPath(path, "network"), "%q is not an address, such as 203.0.113.7", e.Network)
			}
			if e.Allow == nil && e.Claims == nil && e.Step == "" {
				l.add(path, "it expects nothing; say allow, claims or step")
			}
			for name := range e.Claims {
				if !c.Clients[i].couldHave(c.Catalog, name) {
					l.add(joinPath(joinPath(path, "claims"), name), "there is no such claim")
				}
			}
		}
	}
}

// couldHave reports whether a claim of the name exists, for the client at least.
func (c *Client) couldHave(catalog *access.Catalog, name string) bool {
	return name == c.Groups.Claim || slices.Contains(slices.Concat(client.PersonClaims(), client.ProtocolClaims(), catalog.Claims()), name)
}
