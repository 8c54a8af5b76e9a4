package console

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

// stored makes an application of the database, and returns its row.
func (s *site) stored(id string, source storage.ClientSource) *storage.Client {
	s.T.Helper()
	now := s.Clock.Now()
	row := &storage.Client{
		ID: id, Source: source, Version: 1, CreatedAt: now, UpdatedAt: now,
		Metadata: []byte(`{"client_name":"Made of ` + id + `","redirect_uris":["https://app.example/cb"],"default_max_age":3600}`),
		Secrets:  []storage.ClientSecret{{ID: "first", Verifier: "p1.x", CreatedAt: now}},
	}
	logintest.Check(s.T, s.Store.Clients().Create(s.T.Context(), row, storage.ClientAdmission{}, s.Event(storage.EventClientRegistered)))
	return s.row(id)
}

// row is what the database has of an application; nil is nothing.
func (s *site) row(id string) *storage.Client {
	s.T.Helper()
	rows, err := s.Store.Clients().List(s.T.Context(), "", 1000)
	logintest.Check(s.T, err)
	if i := slices.IndexFunc(rows, func(c storage.Client) bool { return c.ID == id }); i >= 0 {
		return &rows[i]
	}
	return nil
}

// TestAD1_ApplicationsAreChangedByOwnersAlone: each act by each role, with what comes of
// it; a form that another role makes up changes nothing and is an event.
func TestAD1_ApplicationsAreChangedByOwnersAlone(t *testing.T) {
	t.Parallel()
	metadata := []string{"client_name=Payroll", "client_type=confidential", "redirect_uris=https://pay.example/cb\nhttps://pay.example/cb2", "scope=openid email"}
	for _, role := range everyRole {
		s := newSite(t)
		who := s.administrator(role)
		b := s.signedIn(who, storage.FactorPassword, storage.FactorTOTP)
		s.stored("app", storage.ClientByAdministrator)
		home := b.Get(appAt("app"))
		if home.Has("act-edit") != (role == admin.Owner) {
			t.Errorf("%s is offered to edit: %v", role, role != admin.Owner)
		}
		for _, do := range []struct {
			address string
			fields  []string
			event   storage.EventType
			done    func() bool
		}{
			{appsPath + "/new", append(slices.Clone(metadata), "client_id=payroll"), storage.EventClientRegistered, func() bool { return s.row("payroll") != nil && len(s.row("payroll").Secrets) == 1 }},
			{appAt("app") + "/edit", append(slices.Clone(metadata), "version=1"), storage.EventClientChanged, func() bool { return strings.Contains(string(s.row("app").Metadata), "https://pay.example/cb2") }},
			{appAt("app") + "/add-secret", []string{"keep_others=24"}, storage.EventClientChanged, func() bool { return len(s.row("app").Secrets) == 2 && !s.row("app").Secrets[0].ExpiresAt.IsZero() }},
			{appAt("app") + "/lockdown", nil, storage.EventClientLocked, func() bool { l, _ := s.Store.LockedClients().List(t.Context()); return len(l) == 1 }},
			{appAt("app") + "/undo-lockdown", nil, storage.EventClientUnlocked, func() bool { l, _ := s.Store.LockedClients().List(t.Context()); return len(l) == 0 }},
			{appAt("wiki") + "/lockdown", nil, storage.EventClientLocked, func() bool { l, _ := s.Store.LockedClients().List(t.Context()); return len(l) == 1 }},
			{appAt("app") + "/delete", nil, storage.EventClientDeleted, func() bool { return s.row("app") == nil }},
		} {
			before, refused := len(s.events(do.event)), len(s.events(storage.EventChangeRefused))
			s.Clock.Advance(time.Second)
			page := s.forge(b, do.address, append(do.fields, "reason=because")...)
			done, may := len(s.events(do.event)) > before, role == admin.Owner
			if done != may || may && !do.done() {
				t.Errorf("%s at %s: done %v, want %v, at %s:\n%s", role, do.address, done, may, page.URL, page.Body)
			}
			if e := s.events(do.event); done && (e[0].ActorID != string(who.ID) || !strings.Contains(e[0].Detail, "because") || e[0].ClientID == "") {
				t.Errorf("its event is %+v", e[0])
			}
			if !may && len(s.events(storage.EventChangeRefused)) != refused+1 {
				t.Errorf("%s at %s: no event of it", role, do.address)
			}
		}
	}
}

// TestOT3_ASecretOfAnApplicationIsShownOnce: after its form, in its browser, for a
// moment; nowhere on a page of the application, and a reload makes no other.
func TestOT3_ASecretOfAnApplicationIsShownOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.stored("app", storage.ClientByAdministrator)
	b := s.strong(admin.Owner)
	page := s.forge(b, appAt("app")+"/add-secret", "reason=because")
	secret := page.Text("secret")
	if page.URL.Path != appAt("app")+"/secret" || len(secret) < 40 || len(s.row("app").Secrets) != 2 {
		t.Fatalf("at %s: %q", page.URL, secret)
	}
	if again := b.Get(page.URL.Path).Text("secret"); again != secret || len(s.row("app").Secrets) != 2 {
		t.Errorf("a reload shows %q", again)
	}
	s.Clock.Advance(3 * time.Minute)
	b.Get(page.URL.Path).Want(t, http.StatusOK, "isn’t stored")
	if body := b.Get(appAt("app")).Body; strings.Contains(body, "p1.") || !strings.Contains(body, "first") {
		t.Error("the page of the application shows a verifier, or no secret's id")
	}
	for i := range 3 {
		s.forge(b, appAt("app")+"/add-secret", fmt.Sprint("reason=", i))
	}
	s.forge(b, appAt("app")+"/add-secret", "reason=one too many").Want(t, http.StatusOK, "too many secrets")
}

// TestWhatAFileHasIsChangedThere, and what registered itself says itself what it is:
// their forms lead back, whoever makes them up.
func TestWhatAFileHasIsChangedThere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	itself := s.stored("itself", storage.ClientByAnybody)
	b := s.strong(admin.Owner)
	if page := b.Get(appAt("wiki")); page.Has("act-edit") || page.Has("act-delete") || page.Has("act-add-secret") || !page.Has("act-lockdown") || !strings.Contains(page.Body, "latchkey.yaml, line 7") {
		t.Errorf("of a file's: %s", page.Body)
	}
	if page := b.Get(appAt("itself")); page.Has("act-edit") || !page.Has("act-delete") {
		t.Errorf("of one that registered itself: %s", page.Body)
	}
	for _, name := range []string{"edit", "add-secret", "delete"} {
		b.Get(appAt("wiki")+"/"+name).Want(t, http.StatusOK, "change it there")
		s.forge(b, appAt("wiki")+"/"+name, "reason=because", "version=1").Want(t, http.StatusOK, "change it there")
	}
	s.forge(b, appAt("itself")+"/edit", "reason=because", "version=1", "client_name=Evil").Want(t, http.StatusOK, "registered itself")
	if got := s.row("itself"); string(got.Metadata) != string(itself.Metadata) {
		t.Errorf("changed to %s", got.Metadata)
	}
	s.forge(b, appAt("wiki")+"/undo-lockdown", "reason=because").Want(t, http.StatusOK, "Nothing changed")
	s.forge(b, appsPath+"/new", "reason=because", "client_id=wiki", "redirect_uris=https://x.example/cb").Want(t, http.StatusOK, `id="client_id-error"`)
	b.Get(appAt("nobody")+"/delete").Want(t, http.StatusNotFound, "error-title")
}

// TestWhatIsNotTakenOfAnApplication is said at its field, and what was typed stays; a
// form of another version than there is changes nothing (lost update).
func TestWhatIsNotTakenOfAnApplication(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.stored("app", storage.ClientByAdministrator)
	b := s.strong(admin.Owner)
	form := b.Get(appAt("app") + "/edit")
	form.Want(t, http.StatusOK, "https://app.example/cb")
	if !strings.Contains(form.Body, "default_max_age") {
		t.Error("what has no field is not in the form")
	}
	for _, wrong := range []struct{ field, typed, at string }{
		{"redirect_uris", "http://app.example/cb", "redirect_uris"}, {"metadata", "{", "metadata"}, {"metadata", `{"scope":"openid"}`, "metadata"},
		{"metadata", `{"made_up":1}`, "metadata"}, {"metadata", `{"jwks_uri":"no address"}`, "metadata"}, {"client_type", "made up", "client_type"},
	} {
		page := b.SubmitOn(form, "act-submit", "reason=because", wrong.field+"="+wrong.typed)
		if page.Status != http.StatusOK || !page.Has(wrong.at+"-error") {
			t.Errorf("%s %s is not refused at its field: %s", wrong.field, wrong.typed, page.Body)
		}
	}
	b.SubmitOn(form, "act-submit", "reason=because", "client_name=Renamed").Want(t, http.StatusOK, "Renamed")
	b.SubmitOn(form, "act-submit", "reason=because", "client_name=From an old form").Want(t, http.StatusConflict, "error-title")
	if got := string(s.row("app").Metadata); strings.Contains(got, "old form") || !strings.Contains(got, `"default_max_age":3600`) {
		t.Errorf("it is %s", got)
	}
}

// TestRE4_AFormOfAnApplicationSetsItsMetadataAlone: not who it is by, its verifiers, when
// it was made or ends, nor what is locked (mass assignment).
func TestRE4_AFormOfAnApplicationSetsItsMetadataAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	before := s.stored("app", storage.ClientByAdministrator)
	b := s.strong(admin.Owner)
	extra := []string{
		"reason=because", "version=1", "id=other", "client_id=other", "source=open", "secrets=x", "client_secret=known", "secret=known", "verifier=p1.x",
		"registration_hash=x", "created_at=2001-01-01", "ends_at=2001-01-01", "disabled_at=2001-01-01", "locked_at=", "grant_types=client_credentials",
	}
	s.forge(b, appAt("app")+"/edit", append(extra, "redirect_uris=https://app.example/cb")...).Want(t, http.StatusOK, "Done.")
	s.forge(b, appAt("app")+"/add-secret", extra...)
	after := s.row("app")
	if after == nil || s.row("other") != nil || after.Source != before.Source || !after.CreatedAt.Equal(before.CreatedAt) || !after.EndsAt.IsZero() || !after.DisabledAt.IsZero() ||
		after.RegistrationHash != "" || len(after.Secrets) != 2 || after.Secrets[0] != before.Secrets[0] || strings.Contains(string(after.Metadata), "client_credentials") {
		t.Errorf("it is %+v", after)
	}
	s.forge(b, appsPath+"/new", append(extra, "redirect_uris=https://app.example/cb")...)
	if made := s.row("other"); made == nil || made.Source != storage.ClientByAdministrator || len(made.Secrets) != 1 || made.Secrets[0].Verifier == "p1.x" {
		t.Errorf("made: %+v", made)
	}
}

// TestApplicationsAreFound of files and of the database, in one order, by keyset, and by
// how their ids begin.
func TestApplicationsAreFound(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for i := range 60 {
		s.stored(fmt.Sprintf("m%02d", i), storage.ClientByAnybody)
	}
	logintest.Check(t, second(s.Accounts.LockClient(t.Context(), account.Operator("root"), "m03", "x")))
	b := s.strong(admin.Auditor)
	first := b.Get(appsPath)
	if n := strings.Count(first.Body, "<th scope=\"row\">"); n != onPage || strings.Contains(first.Body, appAt("wiki")) {
		t.Errorf("%d on the first page", n)
	}
	b.Click("list-next").Want(t, http.StatusOK, appAt("wiki"))
	for query, want := range map[string]int{"m0": 10, "m03": 1, "MAIL": 1, "nothing": 0, "m0%": 0} {
		page := b.Get(appsPath + "?q=" + strings.ReplaceAll(query, "%", "%25"))
		if n := strings.Count(page.Body, "<th scope=\"row\">"); n != want {
			t.Errorf("%q finds %d, want %d", query, n, want)
		}
	}
	b.Get(appsPath+"?q=m03").Want(t, http.StatusOK, "Locked down")
}

func second[T any](_ T, err error) error { return err }
