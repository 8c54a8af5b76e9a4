package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

// sample is an act that has something to do: what it needs, what is typed besides the
// reason, the subject, and what comes of it.
type sample struct {
	prepare func(s *site, u *storage.User)
	fields  []string
	subject func(s *site, u *storage.User) string
	event   storage.EventType
	// may are the roles that may do it; grave says that stale proofs will not do.
	may   []admin.Role
	grave bool
}

// Who may do what, as the documentation says.
var (
	ownersAndPeople = []admin.Role{admin.Owner, admin.People}
	helpers         = []admin.Role{admin.Owner, admin.People, admin.HelpDesk}
)

func prepare(do func(s *site, u *storage.User) error) func(s *site, u *storage.User) {
	return func(s *site, u *storage.User) { s.T.Helper(); logintest.Check(s.T, do(s, u)) }
}

// samples has one for each act.
var samples = map[string]sample{
	"edit":      {fields: []string{"nickname=Countess"}, event: storage.EventProfileChanged, may: ownersAndPeople},
	"set-email": {fields: []string{"email=lovelace@example.com"}, event: storage.EventEmailChanged, may: ownersAndPeople, grave: true},
	"verify-email": {prepare: prepare(func(s *site, u *storage.User) error {
		return s.Accounts.SetEmail(s.T.Context(), account.Operator("root"), u.ID, string(s.ID())+"@example.net", false)
	}), event: storage.EventEmailVerified, may: ownersAndPeople},
	"set-roles":  {fields: []string{"roles=staff, beta"}, event: storage.EventRolesChanged, may: ownersAndPeople, grave: true},
	"join-group": {prepare: prepare(group), fields: []string{"group=staff"}, event: storage.EventGroupJoined, may: ownersAndPeople},
	"leave-group": {prepare: prepare(func(s *site, u *storage.User) error {
		if err := group(s, u); err != nil {
			return err
		}
		return s.Accounts.AddToGroup(s.T.Context(), account.Operator("root"), u.ID, "staff")
	}), subject: func(*site, *storage.User) string { return "staff" }, event: storage.EventGroupLeft, may: ownersAndPeople},
	"send-reset": {event: storage.EventResetRequested, may: ownersAndPeople, grave: true},
	"make-reset": {event: storage.EventResetRequested, may: ownersAndPeople, grave: true},
	"unlock": {prepare: prepare(func(s *site, u *storage.User) error {
		_, err := s.Store.Lockouts().Attempt(s.T.Context(), u.ID, storage.FactorTOTP, s.Clock.Now(), logintest.Generous, 100)
		return err
	}), event: storage.EventFactorUnlocked, may: helpers},
	"reset-factors": {event: storage.EventFactorsReset, may: helpers, grave: true},
	"forget-devices": {prepare: prepare(func(s *site, u *storage.User) error {
		now := s.Clock.Now()
		return s.Store.TrustedDevices().Create(s.T.Context(), &storage.TrustedDevice{
			ID: s.ID(), UserID: u.ID, SecretHash: "p1." + string(s.ID()), PasswordEpoch: u.PasswordEpoch, CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(time.Hour),
		}, s.Event(storage.EventDeviceTrusted))
	}), event: storage.EventDeviceForgotten, may: helpers},
	"end-session": {prepare: func(s *site, u *storage.User) { s.signedIn(u, storage.FactorPassword) }, subject: sid, event: storage.EventSessionEnded, may: helpers},
	"end-sessions": {
		prepare: func(s *site, u *storage.User) { s.signedIn(u, storage.FactorPassword) }, event: storage.EventSessionsEnded, may: helpers,
	},
	"remove-app": {prepare: prepare(func(s *site, u *storage.User) error {
		return s.Store.Consents().Put(s.T.Context(), u.ID, "wiki", []string{"openid"}, s.Clock.Now(), s.Event(storage.EventConsentGranted))
	}), subject: func(*site, *storage.User) string { return "wiki" }, event: storage.EventApplicationRevoked, may: ownersAndPeople},
	"disable": {event: storage.EventUserDisabled, may: ownersAndPeople, grave: true},
	"enable": {prepare: prepare(func(s *site, u *storage.User) error {
		return s.Accounts.Disable(s.T.Context(), account.Operator("root"), u.ID, "")
	}), event: storage.EventUserEnabled, may: ownersAndPeople},
	"lockdown": {event: storage.EventLockedDown, may: helpers, grave: true},
	"undo-lockdown": {prepare: prepare(func(s *site, u *storage.User) error {
		_, err := s.Accounts.Lockdown(s.T.Context(), account.Operator("root"), u.ID, account.LockdownOrder{})
		return err
	}), event: storage.EventLockdownLifted, may: ownersAndPeople, grave: true},
	"delete": {event: storage.EventDeletionPlanned, may: ownersAndPeople, grave: true},
	"keep": {prepare: prepare(func(s *site, u *storage.User) error {
		_, err := s.Accounts.PlanDeletion(s.T.Context(), account.Operator("root"), u.ID)
		return err
	}), event: storage.EventDeletionCancelled, may: ownersAndPeople},
}

func group(s *site, _ *storage.User) error {
	_, err := s.Accounts.CreateGroup(s.T.Context(), account.Operator("root"), account.NewGroup{Name: "staff"})
	return err
}

// sid is a session of the person.
func sid(s *site, u *storage.User) string {
	s.T.Helper()
	sessions, err := s.Store.Sessions().ListByUser(s.T.Context(), u.ID, s.Clock.Now())
	logintest.Check(s.T, err)
	if len(sessions) == 0 {
		return string(s.ID())
	}
	return string(sessions[0].SID)
}

// acted prepares an act about a person, and returns its address.
func (s *site) acted(a *act, u *storage.User) string {
	s.T.Helper()
	with, known := samples[a.name]
	if !known {
		s.T.Fatalf("%s has no sample", a.name)
	}
	if with.prepare != nil {
		with.prepare(s, u)
	}
	subject := ""
	if with.subject != nil {
		subject = with.subject(s, u)
	}
	return a.at(on(u), subject)
}

// TestAD1_ActsAreDoneByWhomTheyAreFor: each act by each role: those that may have it on
// the page of the person, are asked for a reason, do it once, and the event names them
// and the reason. To the others the page is closed, and a form that they make up all the
// same changes nothing and is an event.
func TestAD1_ActsAreDoneByWhomTheyAreFor(t *testing.T) {
	t.Parallel()
	for _, a := range personActs() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			for _, role := range admin.Roles() {
				s := newSite(t)
				who, ada := s.administrator(role), s.Person("ada@example.com")
				address := s.acted(a, ada)
				b := s.signedIn(who, storage.FactorPassword, storage.FactorTOTP)
				if may := slices.Contains(samples[a.name].may, role); may {
					s.does(a, b, who, ada, address)
				} else {
					s.cannot(a, b, address)
				}
			}
		})
	}
}

// does holds an act that somebody may do to what it is to come to.
func (s *site) does(a *act, b *logintest.Browser, who, about *storage.User, address string) {
	s.T.Helper()
	t, with := s.T, samples[a.name]
	shown := b.Get(pathOf(about.ID))
	if !strings.Contains(shown.Body, strings.ReplaceAll(address, "&", "&amp;")) {
		t.Errorf("%s: the page of the person does not lead to %s", a.name, address)
	}
	before := len(s.events(with.event))
	b.Get(address).Want(t, http.StatusOK, "act-submit")
	if !strings.Contains(b.Page.Body, s.console.operations[a.operation].Method+" /admin/api/v1/") {
		t.Errorf("%s does not say how the API does it", a.name)
	}
	b.Submit("act-submit", with.fields...).Want(t, http.StatusOK, `id="reason-error"`)
	if n := len(s.events(with.event)); n != before {
		t.Fatalf("%s: done without a reason", a.name)
	}
	form := b.Page
	s.Clock.Advance(time.Second)
	for range 2 { // an impatient second press
		b.SubmitOn(form, "act-submit", append(slices.Clone(with.fields), "reason=they called me <b>twice</b>")...)
	}
	said := `id="notice"`
	if a.name == "make-reset" {
		said = "reset-password?token=" // the second press shows the same link
	}
	b.Page.Want(t, http.StatusOK, said)
	events := s.events(with.event)
	if made := len(events) - before; made != 1 {
		t.Fatalf("%s: %d events %s, at %s:\n%s", a.name, made, with.event, b.Page.URL, b.Page.Body)
	}
	if e := events[0]; e.ActorKind != storage.ActorPerson || e.ActorID != string(who.ID) || e.UserID != about.ID || !strings.Contains(e.Detail, "they called me <b>twice</b>") {
		t.Errorf("%s: its event is %+v", a.name, e)
	}
}

// cannot holds an act that somebody may not do to its refusal.
func (s *site) cannot(a *act, b *logintest.Browser, address string) {
	s.T.Helper()
	t, with := s.T, samples[a.name]
	b.Get(address).Want(t, http.StatusForbidden, "error-title")
	before, refused := len(s.events(with.event)), len(s.events(storage.EventChangeRefused))
	s.forge(b, address, append(slices.Clone(with.fields), "reason=because")...).Want(t, http.StatusForbidden, "error-title")
	if len(s.events(with.event)) != before || len(s.events(storage.EventChangeRefused)) != refused+1 {
		t.Errorf("%s: done, or not recorded that it was tried", a.name)
	}
}

// forge sends a form with the token of this browser to an address.
func (s *site) forge(b *logintest.Browser, address string, fields ...string) *pageOf {
	s.T.Helper()
	form := url.Values{"csrf": {s.tokens[b]}}
	to, err := url.Parse(address)
	logintest.Check(s.T, err)
	for name, values := range to.Query() {
		form[name] = values
	}
	for _, field := range fields {
		name, value, _ := strings.Cut(field, "=")
		form.Set(name, value)
	}
	return b.Post(address, form)
}

// TestFE1_GraveActsWantFreshProofs: with proofs that are no longer fresh the page of a
// grave act, and its form, lead to sign-in first and nothing happens; the others do not.
func TestFE1_GraveActsWantFreshProofs(t *testing.T) {
	t.Parallel()
	for _, a := range personActs() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			boss, ada := s.administrator(admin.Owner), s.Person("ada@example.com")
			b := s.signedIn(boss, storage.FactorPassword, storage.FactorTOTP)
			s.Clock.Advance(s.Accounts.FreshFor() + time.Minute)
			with, address := samples[a.name], s.acted(a, ada)
			before := len(s.events(with.event))
			s.Clock.Advance(time.Second)
			if grave := b.Get(address).URL.Path == "/login"; grave != with.grave {
				t.Errorf("asks for fresh proofs: %v, want %v, at %s", grave, with.grave, b.Page.URL)
			}
			b = s.signedIn(boss, storage.FactorPassword, storage.FactorTOTP)
			s.Clock.Advance(s.Accounts.FreshFor() + time.Minute)
			if asked := s.forge(b, address, append(slices.Clone(with.fields), "reason=because")...).URL.Path == "/login"; asked != with.grave {
				t.Errorf("the form asks for fresh proofs: %v, want %v, at %s", asked, with.grave, b.Page.URL)
			}
			if done := len(s.events(with.event)) > before; done == with.grave {
				t.Errorf("done: %v", done)
			}
		})
	}
}

// TestAD1_AdministratorsAndOneself: nobody but an owner does anything to an
// administrator, and nobody to themselves, whatever they hold.
func TestAD1_AdministratorsAndOneself(t *testing.T) {
	t.Parallel()
	for _, a := range personActs() {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			owner, auditor := s.administrator(admin.Owner), s.administrator(admin.Auditor)
			for name, try := range map[string]struct{ who, whom *storage.User }{
				"people to an owner":                   {s.administrator(admin.People), owner},
				"people and help desk to an auditor":   {s.administrator(admin.People, admin.HelpDesk), auditor},
				"an owner to themselves":               {owner, owner},
				"a people administrator to themselves": {auditor, auditor},
			} {
				if try.who == auditor {
					_, err := s.Accounts.SetRoles(t.Context(), account.Operator("root"), auditor.ID, []string{roleOf(admin.People)})
					logintest.Check(t, err)
				}
				b := s.signedIn(try.who, storage.FactorPassword, storage.FactorTOTP)
				address := a.at(on(try.whom), "staff")
				if page := b.Get(pathOf(try.whom.ID)); strings.Contains(page.Body, `id="act-`) {
					t.Errorf("%s: something is offered", name)
				}
				before := len(s.events(samples[a.name].event))
				s.forge(b, address, append(slices.Clone(samples[a.name].fields), "reason=because")...).Want(t, http.StatusForbidden, "error-title")
				if t.Failed() || len(s.events(samples[a.name].event)) != before {
					t.Fatalf("%s: done", name)
				}
			}
		})
	}
}
