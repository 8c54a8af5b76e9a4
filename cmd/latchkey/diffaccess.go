package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// userLister lists all of them, in batches.
type userLister interface {
	List(ctx context.Context, after storage.ID, limit int) ([]storage.User, error)
}

// reach is how far a client is open to somebody.
type reach int

const (
	closed    reach = iota
	elsewhere       // from some networks only
	open
)

// reachOf decides for a person who is in no network that a rule names, and who signs in
// as strongly as it takes.
func reachOf(p *access.Policy, s *access.Subject) reach {
	switch decision := p.Decide(s, access.Request{ACR: mfa.ACRPhishingResistant}, mfa.AtLeast); {
	case decision.Outcome != access.Refused:
		return open
	case decision.Elsewhere:
		return elsewhere
	}
	return closed
}

// mostNamed are so many people that a change names; it counts all of them.
const mostNamed = 5

// moved is who gains or loses access.
type moved struct {
	count int
	names []string
}

func (m *moved) add(u *storage.User) {
	if m.count++; m.count <= mostNamed {
		m.names = append(m.names, cmp.Or(u.Email, u.Username, string(u.ID)))
	}
}

// say is empty for nobody.
func (m *moved) say(one, many string) string {
	if m.count == 0 {
		return ""
	}
	more := ""
	if m.count > mostNamed {
		more = ", …"
	}
	return fmt.Sprintf("%s (%s%s)", counted(m.count, one, many), strings.Join(m.names, ", "), more)
}

// transition is how the policy of some clients changes. Most clients share one, so that
// each person is decided about once for all of those.
type transition struct {
	before, after *access.Policy // nil: there is no such client
	clients       []string
	gain, lose    moved
}

func (t *transition) look(u *storage.User) {
	subject := access.SubjectOf(u)
	var was, is reach
	if t.before != nil {
		was = reachOf(t.before, subject)
	}
	if t.after != nil {
		is = reachOf(t.after, subject)
	}
	if is > was {
		t.gain.add(u)
	} else if is < was {
		t.lose.add(u)
	}
}

// transitions are how policies change, of the clients of one and the other.
func transitions(before []config.Policies, after config.Policies) []*transition {
	var all []*transition
	for _, from := range before {
		ids := maps.Clone(from)
		maps.Copy(ids, after)
		for _, id := range slices.Sorted(maps.Keys(ids)) {
			t := transition{before: policyIn(from, id), after: policyIn(after, id)}
			if samePolicy(t.before, t.after) {
				continue
			}
			i := slices.IndexFunc(all, func(o *transition) bool { return samePolicy(o.before, t.before) && samePolicy(o.after, t.after) })
			if i < 0 {
				i, all = len(all), append(all, &t)
			}
			if !slices.Contains(all[i].clients, id) {
				all[i].clients = append(all[i].clients, id)
			}
		}
	}
	return all
}

func policyIn(p config.Policies, id string) *access.Policy {
	if policy, is := p[id]; is {
		return &policy
	}
	return nil
}

// samePolicy compares what policies say, wherever it is written. Where there are rules the
// default does not decide.
func samePolicy(a, b *access.Policy) bool {
	if a == nil || b == nil {
		return a == b
	}
	if (a.Rules == nil) != (b.Rules == nil) || a.Rules == nil {
		return a.Rules == nil && b.Rules == nil && a.Default == b.Default
	}
	was, err1 := json.Marshal(a.Rules)
	is, err2 := json.Marshal(b.Rules)
	return err1 == nil && err2 == nil && bytes.Equal(was, is)
}

// accessChanges says who gains and who loses access, client by client. It reads people in
// batches, and not at all where no policy changes.
func accessChanges(ctx context.Context, from userLister, before []config.Policies, after config.Policies) ([]consequence, error) {
	all := transitions(before, after)
	if len(all) == 0 {
		return nil, nil
	}
	for last := storage.ID(""); ; {
		users, err := from.List(ctx, last, listBatch)
		if err != nil {
			return nil, err
		}
		for i := range users {
			last = users[i].ID
			if users[i].Disabled() {
				continue // nobody lets them in, now or then
			}
			for _, t := range all {
				t.look(&users[i])
			}
		}
		if len(users) < listBatch {
			return gainsAndLosses(all), nil
		}
	}
}

// gainsAndLosses are the transitions by which anybody gains or loses access.
func gainsAndLosses(all []*transition) []consequence {
	var found []consequence
	for _, t := range all {
		effect := strings.Trim(strings.Join([]string{
			t.gain.say("person gains access", "people gain access"), t.lose.say("person loses access", "people lose access"),
		}, "; "), "; ")
		if effect == "" {
			continue
		}
		for _, id := range t.clients {
			found = append(found, consequence{Key: "clients[" + id + "].access", Kind: config.Changed, Effect: effect})
		}
	}
	slices.SortStableFunc(found, func(a, b consequence) int { return strings.Compare(a.Key, b.Key) })
	return found
}
