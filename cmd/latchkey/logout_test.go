package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/storage"
)

// relyingParty is told of logouts.
type relyingParty struct {
	*httptest.Server
	mu     sync.Mutex
	tokens []string
	// status is what it answers.
	status int
}

func newRelyingParty(t *testing.T) *relyingParty {
	rp := &relyingParty{status: http.StatusOK}
	rp.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rp.mu.Lock()
		defer rp.mu.Unlock()
		rp.tokens = append(rp.tokens, r.PostFormValue("logout_token"))
		w.WriteHeader(rp.status)
	}))
	t.Cleanup(rp.Close)
	return rp
}

// told returns what it was told since it was last asked.
func (rp *relyingParty) told() []string {
	rp.mu.Lock()
	defer rp.mu.Unlock()
	tokens := rp.tokens
	rp.tokens = nil
	return tokens
}

// farewell is an idle server with a person whose session signed in to two clients,
// of which one is to be told.
type farewell struct {
	idleServer
	rp   *relyingParty
	now  *time.Time
	user *storage.User
	sid  storage.ID
}

func newFarewell(t *testing.T) *farewell {
	t.Helper()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	f := &farewell{idleServer: newIdleServer(t, &now), rp: newRelyingParty(t), now: &now}
	if err := f.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The relying party is on this machine, as under dev.
	f.dev.mount = func(*http.ServeMux, *process, *foundation) error { return nil }
	f.registers(t, f.rp.URL)
	f.user = f.person(t, "ada@example.com", time.Time{})
	f.sid = f.signIn(t, f.user)
	return f
}

// registers has the first client be told at an address; empty is not.
func (f *farewell) registers(t *testing.T, address string) {
	t.Helper()
	f.reread = func() (*config.Config, error) {
		next := *f.boot.cfg
		next.Clients = slices.Clone(next.Clients)
		next.Clients[0].ID, next.Clients[0].BackchannelLogoutURI = "wiki", address
		quiet := next.Clients[0]
		quiet.ID, quiet.BackchannelLogoutURI = "quiet", ""
		next.Clients = append(next.Clients, quiet)
		return &next, nil
	}
	f.reload(t.Context())
}

func (f *farewell) event(t *testing.T, typ storage.EventType) storage.Event {
	t.Helper()
	e, err := account.NewEvent(*f.now, rand.Reader, account.System("test"), typ, "")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func newID(t *testing.T) storage.ID {
	t.Helper()
	id, err := storage.NewID(time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// signIn begins a session that signs in to both clients.
func (f *farewell) signIn(t *testing.T, user *storage.User) storage.ID {
	t.Helper()
	sid := newID(t)
	s := &storage.Session{
		SID: sid, UserID: user.ID, SecretHash: "p1." + string(sid), Authentication: storage.Authentication{Time: *f.now, ACR: "aal1"},
		CreatedAt: *f.now, LastSeenAt: *f.now, IdleExpiresAt: f.now.Add(time.Hour), ExpiresAt: f.now.Add(2 * time.Hour),
		Proofs: []storage.Proof{{Kind: storage.FactorPassword, At: *f.now}},
	}
	err := f.store.Sessions().Create(t.Context(), s, storage.SessionStart{PasswordEpoch: user.PasswordEpoch}, f.event(t, storage.EventSignIn))
	if err != nil {
		t.Fatal(err)
	}
	for _, client := range []string{"wiki", "quiet"} {
		g := &storage.Grant{
			ID: newID(t), ClientID: client, UserID: user.ID, SID: sid, CodeHash: "p1." + string(newID(t)), Generation: 1, Salt: make([]byte, 16),
			Authentication: s.Authentication, RotatedAt: *f.now, CreatedAt: *f.now, IdleExpiresAt: f.now.Add(9 * time.Hour), ExpiresAt: f.now.Add(9 * time.Hour),
		}
		start := storage.GrantStart{Subject: string(user.ID), PasswordEpoch: user.PasswordEpoch}
		if _, err := f.store.Grants().Create(t.Context(), g, start, f.event(t, storage.EventGrantIssued)); err != nil {
			t.Fatal(err)
		}
	}
	return sid
}

// actor is the person in their session.
func (f *farewell) actor() account.Actor {
	return account.Person(account.Evidence{
		User: f.user, SID: f.sid, Proofs: []storage.Proof{{Kind: storage.FactorPassword, At: *f.now}},
	}, account.Origin{})
}

// The ways in which a session ends. Each is told to the clients of the session.
var farewells = map[string]func(f *farewell, ctx context.Context) error{
	"sign-out": func(f *farewell, ctx context.Context) error { return f.current.Load().accounts.SignOut(ctx, f.actor()) },
	"ended by its owner": func(f *farewell, ctx context.Context) error {
		return f.current.Load().accounts.EndSession(ctx, f.actor(), f.user.ID, f.sid)
	},
	"everywhere": func(f *farewell, ctx context.Context) error {
		return f.current.Load().accounts.EndAllSessions(ctx, f.actor(), f.user.ID)
	},
	"an administrator": func(f *farewell, ctx context.Context) error {
		return f.boot.accounts(f.store).EndAllSessions(ctx, account.Operator("root"), f.user.ID)
	},
	"new password": func(f *farewell, ctx context.Context) error {
		return f.boot.accounts(f.store).SetPassword(ctx, account.Operator("root"), f.user.ID, "another correct horse battery", "")
	},
	"locked down": func(f *farewell, ctx context.Context) error {
		_, err := f.boot.accounts(f.store).Lockdown(ctx, account.Operator("root"), f.user.ID, account.LockdownOrder{Reason: "in wrong hands"})
		return err
	},
	"reset by a link": func(f *farewell, ctx context.Context) error {
		accounts := f.current.Load().accounts
		token, err := accounts.IssueReset(ctx, account.Operator("root"), f.user.ID, time.Hour, "locked out")
		if err != nil {
			return err
		}
		_, err = accounts.ResetPassword(ctx, account.Visitor(account.Origin{}), token, account.NewPassword{Password: "another correct horse battery"})
		return err
	},
	"factors reset": func(f *farewell, ctx context.Context) error {
		return f.boot.accounts(f.store).ResetFactors(ctx, account.Operator("root"), f.user.ID, "lost")
	},
	"disabled": func(f *farewell, ctx context.Context) error {
		return f.boot.accounts(f.store).Disable(ctx, account.Operator("root"), f.user.ID, "left")
	},
	"deletion": func(f *farewell, ctx context.Context) error {
		_, err := f.boot.accounts(f.store).PlanDeletion(ctx, account.Operator("root"), f.user.ID)
		return err
	},
	"epoch": func(f *farewell, ctx context.Context) error {
		return f.boot.accounts(f.store).RaiseEpoch(ctx, account.Operator("root"), "restored")
	},
	"everybody locked down": func(f *farewell, ctx context.Context) error {
		_, _, err := f.boot.accounts(f.store).LockEverybody(ctx, account.Operator("root"), f.ring, "broken into")
		return err
	},
	"its client locked down": func(f *farewell, ctx context.Context) error {
		_, err := f.boot.accounts(f.store).LockClient(ctx, account.Operator("root"), "wiki", "stolen")
		f.refreshLocks(ctx)
		return err
	},
	"its source disables": func(f *farewell, ctx context.Context) error {
		accounts, by, theirs, err := f.adopted(ctx)
		if err != nil {
			return err
		}
		return accounts.Reprovision(ctx, by, theirs, account.Word{UserName: theirs.UserName, Email: theirs.Email, Document: "{}", Active: new(bool)}, nil)
	},
	"its source deletes": func(f *farewell, ctx context.Context) error {
		accounts, by, theirs, err := f.adopted(ctx)
		if err != nil {
			return err
		}
		return accounts.Deprovision(ctx, by, theirs, nil)
	},
	"idle": func(f *farewell, ctx context.Context) error {
		*f.now = f.now.Add(time.Hour)
		_, err := f.sweep(ctx)
		return err
	},
	"too old": func(f *farewell, ctx context.Context) error {
		if err := f.store.Sessions().Touch(ctx, f.sid, *f.now, f.now.Add(9*time.Hour)); err != nil {
			return err
		}
		*f.now = f.now.Add(2 * time.Hour)
		_, err := f.sweep(ctx)
		return err
	},
}

// adopted makes the person one of a source of provisioning.
func (f *farewell) adopted(ctx context.Context) (*account.Service, account.Actor, *storage.ProvisionedUser, error) {
	accounts, by := f.boot.accounts(f.store), account.Client("hr", account.Origin{}).Provisioning("scim:hr")
	if err := accounts.Edit(ctx, account.Operator("root"), f.user.ID, account.Edit{EmailVerified: true}); err != nil {
		return nil, by, nil, err
	}
	theirs, err := accounts.Provision(ctx, by, account.Word{
		UserName: f.user.Email, Email: f.user.Email, EmailVerified: true, Adopt: account.Adoption{Email: true}, Document: "{}",
	})
	return accounts, by, theirs, err
}

func TestBL1_EveryEndOfASessionIsTold(t *testing.T) {
	for name, end := range farewells {
		t.Run(name, func(t *testing.T) {
			f := newFarewell(t)
			if err := end(f, t.Context()); err != nil {
				t.Fatal(err)
			}
			if told := f.rp.told(); len(told) > 0 {
				t.Fatalf("told before the worker ran: %v", told)
			}
			f.outbox.Drain(t.Context())
			told := f.rp.told()
			if len(told) != 1 {
				t.Fatalf("told %d times, want once", len(told))
			}
			payload, err := f.ring.Verify(t.Context(), told[0], "logout+jwt", "RS256")
			if err != nil {
				t.Fatal(err)
			}
			var claims map[string]any
			if err := json.Unmarshal(payload, &claims); err != nil {
				t.Fatal(err)
			}
			if claims["sid"] != string(f.sid) || claims["sub"] != string(f.user.ID) || claims["aud"] != "wiki" || claims["iss"] != f.cfg().Issuer {
				t.Errorf("told %v", claims)
			}
			f.outbox.Drain(t.Context())
			if again := f.rp.told(); len(again) > 0 {
				t.Error("told once more")
			}
		})
	}
}

// A client that cannot be reached is told later, and that it was not is seen.
func TestBL1_AClientThatIsAwayIsToldLater(t *testing.T) {
	f := newFarewell(t)
	f.rp.status = http.StatusServiceUnavailable
	if err := f.current.Load().accounts.SignOut(t.Context(), f.actor()); err != nil {
		t.Fatal(err)
	}
	var sent []string
	for try := 1; try <= 3; try++ {
		f.outbox.Drain(t.Context())
		told := f.rp.told()
		if len(told) != 1 {
			t.Fatalf("try %d: told %d times", try, len(told))
		}
		sent = append(sent, told...)
		waiting, err := f.store.Outbox().List(t.Context(), storage.TopicLogout, storage.DeliveryQueued, 10)
		if err != nil || len(waiting) != 1 || waiting[0].Attempts != try || waiting[0].LastError != "data: client wiki answered 503" {
			t.Fatalf("try %d: %+v, %v", try, waiting, err)
		}
		if strings.Contains(waiting[0].Sealed, "wiki") {
			t.Error("the row says in clear whom it is about")
		}
		*f.now = waiting[0].NextAt
	}
	f.rp.status = http.StatusNoContent
	f.outbox.Drain(t.Context())
	sent = append(sent, f.rp.told()...)
	done, err := f.store.Outbox().List(t.Context(), storage.TopicLogout, storage.DeliverySent, 10)
	if err != nil || len(done) != 1 || done[0].Sealed != "" {
		t.Errorf("%+v, %v", done, err)
	}
	ids := map[string]bool{}
	for _, token := range sent { // each is fresh: some are hours after the first
		raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
		if err != nil {
			t.Fatal(err)
		}
		var claims struct {
			ID  string `json:"jti"`
			IAT int64  `json:"iat"`
			EXP int64  `json:"exp"`
		}
		if err := json.Unmarshal(raw, &claims); err != nil || ids[claims.ID] || claims.EXP-claims.IAT != 120 {
			t.Errorf("token %s, %v", raw, err)
		}
		ids[claims.ID] = true
	}
	if mail, err := f.store.Outbox().List(t.Context(), storage.TopicEmail, "", 10); err != nil || len(mail) != 0 {
		t.Errorf("under another topic are %v, %v", mail, err)
	}
}

// What a registration says when a notice is sent is what counts.
func TestBL1_TheRegistrationAsOfNow(t *testing.T) {
	for name, tc := range map[string]struct {
		address func(f *farewell) string
		want    storage.DeliveryStatus
		error   string
	}{
		"no longer told": {func(*farewell) string { return "" }, storage.DeliverySkipped, ""},
		"inside": {
			func(*farewell) string { return "https://10.0.0.1/logout" }, storage.DeliveryFailed,
			"connect: the address of wiki is not public, and in none of fetch.allowed_networks",
		},
		"refused":  {func(f *farewell) string { f.rp.status = 400; return f.rp.URL }, storage.DeliveryFailed, "data: client wiki answered 400"},
		"redirect": {func(f *farewell) string { f.rp.status = 302; return f.rp.URL }, storage.DeliveryQueued, "data: client wiki answered 302"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFarewell(t)
			if err := f.current.Load().accounts.SignOut(t.Context(), f.actor()); err != nil {
				t.Fatal(err)
			}
			f.registers(t, tc.address(f))
			f.outbox.Drain(t.Context())
			all, err := f.store.Outbox().List(t.Context(), storage.TopicLogout, "", 10)
			if err != nil || len(all) != 1 || all[0].Status != tc.want || all[0].LastError != tc.error {
				t.Errorf("%+v, %v", all, err)
			}
		})
	}
}
