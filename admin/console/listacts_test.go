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

// listSample is an act of a list that has something to do.
type listSample struct {
	page, act string
	// subject makes what it is about; nil: nothing that is there.
	subject func(s *site) string
	fields  []string
	event   storage.EventType
	may     []admin.Role
	grave   bool
}

// failed makes a delivery that failed for good.
func failed(s *site) string {
	s.T.Helper()
	d := storage.Delivery{ID: s.ID(), Topic: storage.TopicEmail, Kind: storage.MessagePasswordChanged, Sealed: "sealed", CreatedAt: s.Clock.Now()}
	logintest.Check(s.T, s.Store.Outbox().Add(s.T.Context(), nil, d))
	logintest.Check(s.T, s.Store.Outbox().Finish(s.T.Context(), d.ID, storage.DeliveryEnd{Status: storage.DeliveryFailed, Reason: "550 no", At: s.Clock.Now()}, nil))
	return string(d.ID)
}

func invited(s *site) string {
	s.T.Helper()
	_, inv, err := s.Accounts.Invite(s.T.Context(), account.Operator("root"), string(s.ID())+"@example.com", "", false)
	logintest.Check(s.T, err)
	return string(inv.ID)
}

var owners = []admin.Role{admin.Owner}

var listSamples = []listSample{
	{peoplePath, "new", nil, []string{"email=new@example.com", "nickname=Newcomer", "attribute_salary=3"}, storage.EventUserCreated, ownersAndPeople, false},
	{invitationsPath, "new", nil, []string{"email=guest@example.com", "deliver=email", "locale=de"}, storage.EventInvitationCreated, ownersAndPeople, false},
	{invitationsPath, "revoke", invited, nil, storage.EventInvitationRevoked, ownersAndPeople, false},
	{messagesPath, "retry", failed, nil, storage.EventDeliveriesRetried, owners, false},
	{messagesPath, "retry-all", failed, nil, storage.EventDeliveriesRetried, owners, false},
	{feedsPath, "replay", func(s *site) string {
		_, err := s.Store.Feeds().Place(s.T.Context(), "webhook:siem", s.Clock.Now())
		logintest.Check(s.T, err)
		return "webhook:siem"
	}, []string{"after=0"}, storage.EventEventsReplayed, owners, false},
	{keysPath, "rotate", nil, []string{"alg=ES256"}, storage.EventSigningKeyRotated, owners, true},
	{keysPath, "revoke", func(*site) string { return "kid" }, nil, storage.EventSigningKeyRevoked, owners, true},
}

// TestAD1_ActsOfListsAreDoneByWhomTheyAreFor: each by each role: who may finds it on the
// page of its list, is asked for a reason, and for fresh proofs where it is grave; the
// event names them and the reason. Who may not changes nothing by a form that they make up.
func TestAD1_ActsOfListsAreDoneByWhomTheyAreFor(t *testing.T) {
	t.Parallel()
	for _, role := range everyRole {
		s := newSite(t)
		who := s.administrator(role)
		for _, with := range listSamples {
			b := s.signedIn(who, storage.FactorPassword, storage.FactorTOTP)
			a, subject := s.console.actOn(with.page, with.act), ""
			if with.subject != nil {
				subject = with.subject(s)
			}
			if a.subject == "" {
				subject = ""
			}
			address := a.at(&target{page: with.page}, subject)
			before := len(s.events(with.event))
			if !slices.Contains(with.may, role) {
				b.Get(address).Want(t, http.StatusForbidden, "error-title")
				s.forge(b, address, append(slices.Clone(with.fields), "reason=because")...).Want(t, http.StatusForbidden, "error-title")
				if len(s.events(with.event)) != before {
					t.Errorf("%s by %s: done", address, role)
				}
				continue
			}
			if list := b.Get(with.page).Body; !strings.Contains(list, `href="`+strings.ReplaceAll(address, "&", "&amp;")+`"`) && !strings.Contains(list, `value="`+subject+`"`) {
				t.Errorf("%s is not offered to %s", address, role)
			}
			b.Get(address).Want(t, http.StatusOK, "act-submit")
			if !strings.Contains(b.Page.Body, "$ latchkey ") || strings.Contains(b.Page.Text("act-submit"), "console.") {
				t.Errorf("%s does not say which command does it", address)
			}
			b.Submit("act-submit", with.fields...).Want(t, http.StatusOK, `id="reason-error"`)
			form := b.Page
			s.Clock.Advance(time.Second)
			for range 2 {
				b.SubmitOn(form, "act-submit", append(slices.Clone(with.fields), "reason=ticket <b>12</b>")...).Want(t, http.StatusOK, `id="notice"`)
			}
			events := s.events(with.event)
			if len(events) != before+1 || events[0].ActorID != string(who.ID) || !strings.Contains(events[0].Detail, "ticket <b>12</b>") {
				t.Fatalf("%s by %s: %d events, %+v at %s", address, role, len(events)-before, events, b.Page.URL)
			}
			s.Clock.Advance(s.Accounts.FreshFor() + time.Minute)
			if asked := b.Get(address).URL.Path == "/login"; asked != with.grave {
				t.Errorf("%s asks for fresh proofs: %v, at %s", address, asked, b.Page.URL)
			}
			s.Clock.Advance(-s.Accounts.FreshFor() - time.Minute)
		}
	}
}

// TestANewPersonIsWhatTheFormSays and nothing else (mass assignment, requirement RE4); a
// name that somebody has is said at its field.
func TestANewPersonIsWhatTheFormSays(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.strong(admin.People)
	ada := s.Person("ada@example.com", func(u *storage.User) { u.Username = "ada" })
	form := b.Get(peoplePath + "/new")
	for field, fields := range map[string][]string{
		"email": {"email=ADA@example.com"}, "username": {"username=ada", "email=other@example.com"}, "website": {"username=new", "website=none"}, "attribute_salary": {"username=new", "attribute_salary=much"},
	} {
		if page := b.SubmitOn(form, "act-submit", append(fields, "reason=because")...); !page.Has(field + "-error") {
			t.Errorf("%q is not refused at %s: %s", fields, field, page.Body)
		}
	}
	made, kept := len(s.events(storage.EventUserCreated)), s.forge(b, peoplePath+"/new", "reason=because", "email=badge@example.com", "attribute_badge=N-1")
	if kept.URL.Path != peoplePath+"/new" || len(s.events(storage.EventUserCreated)) != made {
		t.Errorf("what nobody may set is set, at %s", kept.URL)
	}
	if page := b.SubmitOn(form, "act-submit", "reason=because"); !page.Has("email-error") {
		t.Errorf("somebody without a name: %s", page.Body)
	}
	page := s.forge(b, peoplePath+"/new", "reason=because", "email=grace@example.com", "verified=1", "name=Grace Hopper", "attribute_office=B 12",
		"roles=boss", "groups=staff", "password=correct horse battery", "id="+string(ada.ID), "phone=+4915112345678", "disabled_at=x")
	grace := s.user(storage.ID(strings.TrimPrefix(page.URL.Path, peoplePath+"/")))
	if grace.Email != "grace@example.com" || !grace.EmailVerified || grace.Profile.Name != "Grace Hopper" || grace.Attributes["office"] != "B 12" || grace.ID == ada.ID ||
		len(grace.Roles) > 0 || grace.PasswordHash != "" || grace.Phone != "" || grace.Disabled() {
		t.Errorf("made %+v", grace)
	}
	if !page.Has("act-send-reset") {
		t.Error("no link that sets a password is offered")
	}
}

// TestOT3_AnInvitationIsShownOnce, where it is not sent, in the browser that made it.
func TestOT3_AnInvitationIsShownOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Person("ada@example.com")
	b, other := s.strong(admin.People), s.strong(admin.People)
	b.Get(invitationsPath + "/new")
	form := b.Page
	b.SubmitOn(form, "act-submit", "reason=because", "email=ada@example.com").Want(t, http.StatusOK, `id="email-error"`)
	b.SubmitOn(form, "act-submit", "reason=because", "email=guest@example.com", "deliver=").Want(t, http.StatusOK, `id="deliver-error"`)
	page := b.SubmitOn(form, "act-submit", "reason=because", "email=guest@example.com", "deliver=link")
	page.Want(t, http.StatusOK, "signup?invitation=")
	if page.URL.Path != invitationLinkPath || strings.Contains(other.Get(invitationLinkPath).Body, "invitation=") {
		t.Errorf("shown at %s, or to another browser", page.URL)
	}
	if sent, err := s.Store.Outbox().List(t.Context(), storage.TopicEmail, "", 10); err != nil || len(sent) != 0 {
		t.Errorf("sent: %v %v", sent, err)
	}
	list := b.Get(invitationsPath).Body
	if !strings.Contains(list, "guest@example.com") || strings.Contains(list, "invitation=gue") {
		t.Error("it is not listed, or its link is")
	}
	s.Clock.Advance(30 * 24 * time.Hour)
	b = s.strong(admin.People)
	if list := b.Get(invitationsPath); !strings.Contains(list.Text("list"), "Expired") || strings.Contains(list.Body, "Withdraw") {
		t.Errorf("one that has expired is listed as %s", list.Text("list"))
	}
}

// TestInvitationsAreOfferedWhereTheyAreOfUse: elsewhere the page says so, and a form that
// is made up invites nobody.
func TestInvitationsAreOfferedWhereTheyAreOfUse(t *testing.T) {
	t.Parallel()
	s := newSiteOf(t, func(c *account.Config) { c.SignUp.Mode = account.SignUpOpen })
	b := s.strong(admin.Owner)
	if page := b.Get(invitationsPath); page.Has("act-new") || !strings.Contains(page.Body, "sign_up.mode") || strings.Contains(page.Body, `<li><a href="`+invitationsPath) {
		t.Errorf("they are offered: %s", page.Body)
	}
	s.forge(b, invitationsPath+"/new", "reason=because", "email=guest@example.com", "deliver=email").Want(t, http.StatusOK, "sign_up.mode")
	if n := len(s.events(storage.EventInvitationCreated)); n != 0 {
		t.Errorf("%d were invited", n)
	}
}

// TestWhatFailedIsTriedAgain: those that were picked and no others; that none was picked
// is not all of them, nor is a word that is none.
func TestWhatFailedIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.strong(admin.Owner)
	one, two := failed(s), failed(s)
	queued := func() int {
		found, err := s.Store.Outbox().List(t.Context(), "", storage.DeliveryQueued, 10)
		logintest.Check(t, err)
		return len(found)
	}
	b.Get(messagesPath+"/retry").Want(t, http.StatusOK, "Nothing was selected.")
	s.forge(b, messagesPath+"/retry?delivery=none", "reason=because")
	s.forge(b, messagesPath+"/retry", "reason=because")
	if n := queued(); n != 0 {
		t.Fatalf("%d are tried again that nobody picked", n)
	}
	page := b.Get(messagesPath + "/retry?" + url.Values{"delivery": {one, two}}.Encode())
	page.Want(t, http.StatusOK, "latchkey outbox retry "+one+" "+two)
	b.Get(messagesPath + "/retry?delivery=" + one)
	b.Submit("act-submit", "reason=the server is back").Want(t, http.StatusOK, "Done.")
	if n := queued(); n != 1 {
		t.Errorf("%d are tried again", n)
	}
	b.Get(messagesPath + "/retry-all")
	b.Submit("act-submit", "reason=the server is back").Want(t, http.StatusOK, "Done.")
	if n := queued(); n != 2 {
		t.Errorf("%d are tried again", n)
	}
	b.Get(messagesPath + "/retry-all")
	b.Submit("act-submit", "reason=once more").Want(t, http.StatusOK, "Nothing changed")
}

// TestEventsAreBroughtAgainFromWhereItIsSaid: after a place, or since a day; one of both.
func TestEventsAreBroughtAgainFromWhereItIsSaid(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.strong(admin.Owner)
	_, err := s.Store.Feeds().Place(t.Context(), "stream", s.Clock.Now())
	logintest.Check(t, err)
	_, err = s.Store.Events().Link(t.Context(), 100)
	logintest.Check(t, err)
	place := func() int64 {
		feeds, err := s.Store.Feeds().List(t.Context())
		logintest.Check(t, err)
		return feeds[0].Seq
	}
	begin, form := place(), b.Get(feedsPath+"/replay?feed=stream")
	form.Want(t, http.StatusOK, "latchkey events replay stream --after")
	for _, wrong := range []struct{ field, fields string }{{"after", ""}, {"after", "after=-1"}, {"after", "after=x"}, {"since", "since=yesterday"}, {"after", "after=1&since=2026-01-01"}} {
		if page := b.SubmitOn(form, "act-submit", append(strings.FieldsFunc(wrong.fields, func(r rune) bool { return r == '&' }), "reason=because")...); !page.Has(wrong.field+"-error") || place() != begin {
			t.Errorf("%q is taken: %s", wrong.fields, page.Body)
		}
	}
	b.SubmitOn(form, "act-submit", "reason=because", "since="+s.Clock.Now().AddDate(1, 0, 0).Format(day)).Want(t, http.StatusOK, "Nothing changed")
	b.SubmitOn(form, "act-submit", "reason=because", "after=2").Want(t, http.StatusOK, "Done.")
	if place() != 2 {
		t.Errorf("it is at %d", place())
	}
	b.SubmitOn(form, "act-submit", "reason=because, once more", "since="+s.Clock.Now().AddDate(0, 0, -1).Format(day)).Want(t, http.StatusOK, "Done.")
	if place() != 0 {
		t.Errorf("it is at %d", place())
	}
	s.forge(b, feedsPath+"/replay?feed=nobody", "reason=because", "after=0").Want(t, http.StatusNotFound, "error-title")
}

// TestKeysThatAreNotThereAreNotRotated: an algorithm without keys, a successor that waits
// already, and a kid of nobody.
func TestKeysThatAreNotThereAreNotRotated(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.strong(admin.Owner)
	says := func(page *pageOf, status int, want string) { t.Helper(); page.Want(t, status, want) }
	says(s.forge(b, keysPath+"/rotate", "reason=because", "alg=none"), http.StatusOK, `id="alg-error"`)
	says(s.forge(b, keysPath+"/rotate", "reason=because", "alg=RS256"), http.StatusOK, "Nothing changed")
	says(s.forge(b, keysPath+"/rotate", "reason=because, all"), http.StatusOK, "Done.")
	says(s.forge(b, keysPath+"/revoke?key=nobody", "reason=because"), http.StatusNotFound, "error-title")
	if rotated, revoked := len(s.events(storage.EventSigningKeyRotated)), len(s.events(storage.EventSigningKeyRevoked)); rotated != 1 || revoked != 0 {
		t.Errorf("%d rotated, %d revoked", rotated, revoked)
	}
}
