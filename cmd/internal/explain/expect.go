package explain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/storage"
)

// People finds a person by id, username or email address. It answers
// storage.ErrNotFound where there is none.
type People func(ctx context.Context, name string) (*storage.User, error)

// Failure is an expectation that was not met.
type Failure struct {
	// At says where it was written, About whom it is about.
	At, ClientID, About string
	// Message says what is otherwise, and why.
	Message string
	// Warn says that it keeps no reload from taking place.
	Warn bool
}

// String is one line for people.
func (f Failure) String() string {
	return fmt.Sprintf("%s: client %s, %s: %s", f.At, f.ClientID, f.About, f.Message)
}

// Check runs the expectations of every client. unchecked says how many are about people
// that people does not know.
func (p *Provider) Check(ctx context.Context, cfg *config.Config, clients []client.Client, people People) (failures []Failure, checked, unchecked int, err error) {
	for i := range cfg.Clients {
		written := &cfg.Clients[i]
		at := slices.IndexFunc(clients, func(c client.Client) bool { return c.ID == written.ID })
		for j := range written.Expect {
			e := &written.Expect[j]
			user, err := find(ctx, e, people)
			if errors.Is(err, storage.ErrNotFound) {
				unchecked++
				continue
			}
			if err != nil {
				return nil, 0, 0, fmt.Errorf("check what %s expects: %w", e.At(), err)
			}
			wrong, err := p.check(e, user, &clients[at])
			if err != nil {
				return nil, 0, 0, fmt.Errorf("check what %s expects: %w", e.At(), err)
			}
			checked++
			if wrong != "" {
				failures = append(failures, Failure{At: e.At(), ClientID: written.ID, About: about(e), Message: wrong, Warn: e.OnFailure == "warn"})
			}
		}
	}
	return failures, checked, unchecked, nil
}

func find(ctx context.Context, e *config.Expectation, people People) (*storage.User, error) {
	if name := e.Name(); name != "" {
		return people(ctx, name)
	}
	return e.Described()
}

// about is whom an expectation is about, in one line.
func about(e *config.Expectation) string {
	if name := e.Name(); name != "" {
		return name
	}
	text, err := json.Marshal(e.User)
	if err != nil {
		return "somebody"
	}
	return string(text)
}

// check says what is otherwise than expected; empty where nothing is.
func (p *Provider) check(e *config.Expectation, user *storage.User, c *client.Client) (string, error) {
	address, err := e.Address()
	if err != nil {
		return "", err
	}
	answer, err := p.Explain(Question{User: user, Client: c, Address: address, ACR: e.ACR, Scopes: e.Scopes})
	if err != nil {
		return "", err
	}
	var wrong []string
	if e.Allow != nil && *e.Allow != answer.Allowed() {
		verdict := map[bool]string{true: "gets in", false: "is refused"}
		wrong = append(wrong, fmt.Sprintf("%s, expected is that whoever it is %s: %s", verdict[answer.Allowed()], verdict[*e.Allow], answer.By))
	}
	if e.Step != "" && !slices.Contains(answer.Steps, e.Step) {
		wrong = append(wrong, fmt.Sprintf("sign-in asks for %s, expected is %s", listed(answer.Steps), e.Step))
	}
	for _, name := range slices.Sorted(maps.Keys(e.Claims)) {
		if got, same := answer.has(name, e.Claims[name]); !same {
			wrong = append(wrong, fmt.Sprintf("the claim %s is %s, expected is %s", name, inJSON(got), inJSON(e.Claims[name])))
		}
	}
	return strings.Join(wrong, "; "), nil
}

func listed(steps []string) string {
	if len(steps) == 0 {
		return "nothing"
	}
	return strings.Join(steps, ", ")
}

// has reports whether any of what would be issued holds the claim with the value, and
// returns what the first of them holds.
func (a *Answer) has(name string, want any) (got any, same bool) {
	if a.Preview == nil {
		return nil, want == nil
	}
	there := false
	for _, claims := range []map[string]any{a.IDToken, a.UserInfo, a.AccessToken} {
		value, ok := claims[name]
		if ok && !there {
			got, there = value, true
		}
		if ok && reflect.DeepEqual(asJSON(want), value) {
			return value, true
		}
	}
	return got, want == nil && !there
}

// asJSON is a value of YAML as JSON has it.
func asJSON(v any) any {
	text, err := json.Marshal(v)
	if err != nil {
		return v
	}
	var decoded any
	if json.Unmarshal(text, &decoded) != nil {
		return v
	}
	return decoded
}

func inJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}
