package api_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

// sample is a request of an operation that has something to do.
type sample struct{ path, body string }

// samples make one for each operation, with what it needs. The person is no
// administrator.
var samples = map[string]func(s *site, u *storage.User) sample{
	"people.list": at("/people?q=ada"),
	"people.create": func(s *site, _ *storage.User) sample {
		return sample{"/people", fmt.Sprintf(`{"email":%q}`, s.ID()+"@example.com")}
	},
	"people.show":    of("/people/%s", ""),
	"people.edit":    of("/people/%s", `{"profile":{"nickname":"Countess"}}`),
	"people.delete":  of("/people/%s", ""),
	"people.disable": of("/people/%s/disable", `{"reason":"left"}`),
	"people.enable": func(s *site, u *storage.User) sample {
		logintest.Check(s.T, s.Accounts.Disable(s.T.Context(), account.Operator("root"), u.ID, ""))
		return sample{"/people/" + string(u.ID) + "/enable", ""}
	},
	"people.keep": func(s *site, u *storage.User) sample {
		_, err := s.Accounts.PlanDeletion(s.T.Context(), account.Operator("root"), u.ID)
		logintest.Check(s.T, err)
		return sample{"/people/" + string(u.ID) + "/keep", ""}
	},
	"people.reset_password": of("/people/%s/reset-password", `{"reason":"they called","deliver":"link"}`),
	"people.set_roles":      of("/people/%s/roles", `{"roles":["staff"]}`),
	"people.lock_down":      of("/people/%s/lockdown", `{"reason":"a stranger signs in"}`),
	"people.undo_lockdown": func(s *site, u *storage.User) sample {
		_, err := s.Accounts.Lockdown(s.T.Context(), account.Operator("root"), u.ID, account.LockdownOrder{Reason: "x"})
		logintest.Check(s.T, err)
		return sample{"/people/" + string(u.ID) + "/undo-lockdown", `{"reason":"a mistake"}`}
	},
	"factors.list": of("/people/%s/factors", ""),
	"factors.unlock": func(s *site, u *storage.User) sample {
		_, err := s.Store.Lockouts().Attempt(s.T.Context(), u.ID, storage.FactorTOTP, s.Clock.Now(), logintest.Generous, 100)
		logintest.Check(s.T, err)
		return sample{"/people/" + string(u.ID) + "/unlock", ""}
	},
	"factors.reset": of("/people/%s/reset-factors", `{"reason":"lost it"}`),
	"devices.list":  of("/people/%s/devices", ""),
	"devices.forget": func(s *site, u *storage.User) sample {
		now := s.Clock.Now()
		logintest.Check(s.T, s.Store.TrustedDevices().Create(s.T.Context(), &storage.TrustedDevice{
			ID: s.ID(), UserID: u.ID, SecretHash: rand.Text(), PasswordEpoch: u.PasswordEpoch, CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(time.Hour),
		}, s.Event(storage.EventDeviceTrusted)))
		return sample{"/people/" + string(u.ID) + "/devices", ""}
	},
	"sessions.all":  at("/sessions?client=wiki"),
	"sessions.list": of("/people/%s/sessions", ""),
	"sessions.end_all": func(s *site, u *storage.User) sample {
		s.session(u)
		return sample{"/people/" + string(u.ID) + "/sessions", ""}
	},
	"sessions.end": func(s *site, u *storage.User) sample {
		return sample{"/people/" + string(u.ID) + "/sessions/" + string(s.session(u)), ""}
	},
	"grants.list":   of("/people/%s/grants", ""),
	"grants.all":    at("/grants?client=wiki"),
	"consents.list": of("/people/%s/consents", ""),
	"grants.revoke": func(s *site, u *storage.User) sample {
		logintest.Check(s.T, s.Store.Consents().Put(s.T.Context(), u.ID, "wiki", []string{"openid"}, s.Clock.Now(), s.Event(storage.EventConsentGranted)))
		return sample{"/people/" + string(u.ID) + "/applications/wiki", ""}
	},
	"groups.list":   at("/groups"),
	"groups.create": func(s *site, _ *storage.User) sample { return sample{"/groups", fmt.Sprintf(`{"name":%q}`, s.ID())} },
	"groups.show":   ofGroup("", ""),
	"groups.edit":   ofGroup("", `{"description":"Those who do"}`),
	"groups.delete": ofGroup("", ""),
	"members.list":  ofGroup("/members", ""),
	"members.add": func(s *site, u *storage.User) sample {
		return sample{"/groups/" + string(s.group().ID) + "/members/" + string(u.ID), ""}
	},
	"members.remove": func(s *site, u *storage.User) sample {
		g := s.group()
		logintest.Check(s.T, s.Accounts.AddToGroup(s.T.Context(), account.Operator("root"), u.ID, g.Name))
		return sample{"/groups/" + string(g.ID) + "/members/" + string(u.ID), ""}
	},
	"members.groups": of("/people/%s/groups", ""),
	"invitations.create": func(s *site, _ *storage.User) sample {
		return sample{"/invitations", fmt.Sprintf(`{"email":%q,"deliver":"email"}`, s.ID()+"@example.com")}
	},
	"invitations.list": at("/invitations"),
	"invitations.revoke": func(s *site, _ *storage.User) sample {
		_, inv, err := s.Accounts.Invite(s.T.Context(), account.Operator("root"), string(s.ID())+"@example.com", "", false)
		logintest.Check(s.T, err)
		return sample{"/invitations/" + string(inv.ID), ""}
	},
	"attributes.list": at("/attributes"),
	"roles.list":      at("/roles"),
	"deliveries.retry": func(s *site, u *storage.User) sample {
		id := s.failed(u)
		return sample{"/deliveries/retry", fmt.Sprintf(`{"deliveries":[%q]}`, id)}
	},
	"feeds.list": at("/feeds"),
	"feeds.replay": func(s *site, _ *storage.User) sample {
		name := "webhook:" + string(s.ID())
		_, err := s.Store.Feeds().Place(s.T.Context(), name, s.Clock.Now())
		logintest.Check(s.T, err)
		return sample{"/feeds/" + name + "/replay", `{"after":7}`}
	},
	"keys.rotate": func(s *site, _ *storage.User) sample {
		s.Clock.Advance(25 * time.Hour)  // what is published signs by now
		for _, token := range s.tokens { // and whoever rotates has signed in again
			if token.Shown.Time != (time.Time{}) {
				token.Shown.Time = s.Clock.Now()
			}
		}
		return sample{"/keys/rotate", `{"reason":"a year is over"}`}
	},
	"keys.revoke": func(s *site, _ *storage.User) sample {
		keys, err := s.Store.SigningKeys().List(s.T.Context())
		logintest.Check(s.T, err)
		return sample{"/keys/" + keys[len(keys)-1].ID + "/revoke", `{"reason":"a backup was stolen"}`}
	},
	"everybody.lock_down": func(s *site, u *storage.User) sample {
		s.session(u)
		return sample{"/lockdown", `{"reason":"the server was broken into"}`}
	},
	"events.list":  at("/events"),
	"clients.list": at("/clients"),
	"clients.show": at("/clients/console"),
	"clients.create": func(s *site, _ *storage.User) sample {
		return sample{"/clients", fmt.Sprintf(`{"client_id":%q,"metadata":%s}`, s.ID(), webMetadata)}
	},
	"clients.replace":    ofClient("", `{"metadata":`+webMetadata+`}`),
	"clients.add_secret": ofClient("/secrets", `{"keep_others_for":60}`),
	"clients.delete":     ofClient("", ""),
	"clients.lock_down": func(s *site, _ *storage.User) sample {
		if err := s.Accounts.UnlockClient(s.T.Context(), account.Operator("root"), "console", "x"); err != nil && !errors.Is(err, account.ErrNotFound) {
			s.T.Fatal(err)
		}
		return sample{"/clients/console/lockdown", `{"reason":"its secret leaked"}`}
	},
	"clients.undo_lockdown": func(s *site, _ *storage.User) sample {
		if _, err := s.Accounts.LockClient(s.T.Context(), account.Operator("root"), "console", "x"); err != nil && !errors.Is(err, account.ErrConflict) {
			s.T.Fatal(err)
		}
		return sample{"/clients/console/undo-lockdown", `{"reason":"it has another"}`}
	},
	"deliveries.list":    at("/deliveries"),
	"keys.list":          at("/keys"),
	"configuration.show": at("/configuration"),
	"jobs.list":          at("/jobs"),
	"statistics.show":    at("/statistics"),
	"statistics.days":    at("/statistics/days?days=7"),
}

func at(path string) func(*site, *storage.User) sample {
	return func(*site, *storage.User) sample { return sample{path, ""} }
}

func of(path, body string) func(*site, *storage.User) sample {
	return func(_ *site, u *storage.User) sample { return sample{fmt.Sprintf(path, u.ID), body} }
}

func ofGroup(path, body string) func(*site, *storage.User) sample {
	return func(s *site, _ *storage.User) sample { return sample{"/groups/" + string(s.group().ID) + path, body} }
}

const webMetadata = `{"client_name":"Wiki","redirect_uris":["https://wiki.example/cb"]}`

func ofClient(path, body string) func(*site, *storage.User) sample {
	return func(s *site, _ *storage.User) sample {
		return sample{"/clients/" + s.storedClient(webMetadata) + path, body}
	}
}

// storedClient makes a client of the database.
func (s *site) storedClient(metadata string) string {
	s.T.Helper()
	id := string(s.ID())
	a := s.send(s.owner(), described(s.T, "clients.create"), sample{"/clients", fmt.Sprintf(`{"client_id":%q,"metadata":%s}`, id, metadata)})
	s.want(a, 201)
	return id
}

// owner is a token that may do everything.
func (s *site) owner() string {
	_, token := s.administrator(admin.Owner)
	return token
}

func described(t testing.TB, id string) api.Described {
	t.Helper()
	for _, o := range api.Operations() {
		if o.ID == id {
			return o
		}
	}
	t.Fatalf("there is no operation %s", id)
	return api.Described{}
}

// failed makes a delivery that failed.
func (s *site) failed(u *storage.User) storage.ID {
	s.T.Helper()
	now := s.Clock.Now()
	d := storage.Delivery{ID: s.ID(), Topic: storage.TopicEmail, Kind: storage.MessagePasswordChanged, UserID: u.ID, Sealed: "sealed", CreatedAt: now}
	logintest.Check(s.T, s.Store.Outbox().Add(s.T.Context(), nil, d))
	logintest.Check(s.T, s.Store.Outbox().Finish(s.T.Context(), d.ID, storage.DeliveryEnd{Status: storage.DeliveryFailed, Reason: "550", At: now}, nil))
	return d.ID
}

// group makes a group.
func (s *site) group(roles ...string) *storage.Group {
	s.T.Helper()
	g, err := s.Accounts.CreateGroup(s.T.Context(), account.Operator("root"), account.NewGroup{Name: "g " + rand.Text(), Roles: roles})
	logintest.Check(s.T, err)
	return g
}

// session signs somebody in.
func (s *site) session(u *storage.User) storage.ID {
	s.T.Helper()
	now := s.Clock.Now()
	session := &storage.Session{
		SID: s.ID(), UserID: u.ID, SecretHash: rand.Text(), Authentication: storage.Authentication{Time: now}, CreatedAt: now, LastSeenAt: now,
		IdleExpiresAt: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour),
	}
	logintest.Check(s.T, s.Store.Sessions().Create(s.T.Context(), session, storage.SessionStart{PasswordEpoch: u.PasswordEpoch}, s.Event(storage.EventSignIn)))
	return session.SID
}

// send sends a sample of an operation.
func (s *site) send(token string, o api.Described, with sample) *answer {
	s.T.Helper()
	return s.call(token, o.Method, api.Prefix+with.path, with.body)
}
