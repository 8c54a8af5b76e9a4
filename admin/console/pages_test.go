package console

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

var everyRole = []admin.Role{admin.Owner, admin.People, admin.HelpDesk, admin.Auditor}

// readers is who sees which page, as the documentation says.
var readers = map[string][]admin.Role{
	Root: everyRole, peoplePath: everyRole, personPath: everyRole, groupsPath: everyRole, groupPath: everyRole, appsPath: everyRole, appPath: everyRole,
	activityPath: {admin.Owner, admin.Auditor}, messagesPath: {admin.Owner, admin.Auditor}, configurationPath: {admin.Owner, admin.Auditor},
	invitationsPath: everyRole, invitationLinkPath: ownersAndPeople, feedsPath: {admin.Owner, admin.Auditor}, keysPath: {admin.Owner, admin.Auditor}, Root + "/jobs": {admin.Owner, admin.Auditor},
	referencePath: everyRole, operationPath: everyRole, resetLinkPath: ownersAndPeople, sessionsPath: everyRole, findPath: everyRole, secretPath: {admin.Owner},
}

// TestAD1_EveryPageIsSeenByWhomItIsFor: each page by each role, and its exports; the
// navigation leads where its reader may go, and nowhere else.
func TestAD1_EveryPageIsSeenByWhomItIsFor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.Person("ada@example.com")
	logintest.Check(t, s.Store.Nodes().Report(t.Context(), storage.Node{ID: "node-1", Version: "1", Digest: "digest", StartedAt: s.Clock.Now(), LoadedAt: s.Clock.Now(), SeenAt: s.Clock.Now()}))
	for _, role := range everyRole {
		b := s.strong(role)
		home := b.Get(Root).Body
		for _, p := range s.console.pages() {
			may, known := readers[p.path]
			if !known {
				t.Fatalf("%s is for nobody", p.path)
			}
			want := http.StatusForbidden
			if slices.Contains(may, role) {
				want = http.StatusOK
			}
			address := s.filledIn(p.path, ada)
			if page := b.Get(address); page.Status != want {
				t.Errorf("%s at %s: %d, want %d", role, address, page.Status, want)
			} else if want == http.StatusOK && !strings.Contains(page.Body, "<code>GET /admin/api/v1/") && !strings.Contains(page.Body, "<code>POST /admin/api/v1/") {
				t.Errorf("%s does not say how the API does it", address)
			}
			if led := strings.Contains(home, `<a href="`+p.path+`"`); p.listed && led != (want == http.StatusOK) {
				t.Errorf("%s: the navigation leads to %s: %v", role, p.path, led)
			}
			if p.list == nil {
				continue
			}
			for _, format := range formats {
				page := b.Get(address + "?format=" + format)
				if page.Status != want {
					t.Errorf("%s at %s as %s: %d, want %d", role, address, format, page.Status, want)
				}
				if want != http.StatusOK {
					continue
				}
				var rows []map[string]any
				if err := json.Unmarshal([]byte(page.Body), &rows); format == "json" && err != nil {
					t.Errorf("%s: %v", address, err)
				}
				if _, err := csv.NewReader(strings.NewReader(page.Body)).ReadAll(); format == "csv" && err != nil {
					t.Errorf("%s: %v", address, err)
				}
			}
		}
	}
}

// TestAD1_WhoeverHasSeveralRolesMayWhatAnyOfThemMay: each page and the page of each act,
// by each two roles.
func TestAD1_WhoeverHasSeveralRolesMayWhatAnyOfThemMay(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.Person("ada@example.com")
	s.stored("app", storage.ClientByAdministrator)
	for i, one := range everyRole {
		for _, other := range everyRole[i+1:] {
			b := s.strong(one, other)
			check := func(address string, may []admin.Role) {
				want := http.StatusForbidden
				if slices.Contains(may, one) || slices.Contains(may, other) {
					want = http.StatusOK
				}
				if got := b.Get(address).Status; got != want {
					t.Errorf("%s and %s at %s: %d, want %d", one, other, address, got, want)
				}
			}
			for _, p := range s.console.pages() {
				check(s.filledIn(p.path, ada), readers[p.path])
			}
			for _, a := range personActs() {
				check(s.filledIn(a.path(), ada), samples[a.name].may)
			}
			for _, a := range appActs() {
				check(strings.Replace(a.path(), "{client}", "app", 1), []admin.Role{admin.Owner})
			}
			for _, a := range slices.Concat(peopleActs(), invitationActs(), groupActs()) {
				check(s.filledIn(a.path(), ada), ownersAndPeople)
			}
			for _, a := range slices.Concat(messageActs(), feedActs(), keyActs(), systemActs()) {
				check(a.path(), []admin.Role{admin.Owner})
			}
		}
	}
}

// TestAD1_GroupsAreChangedByWhomTheyAreFor: each act upon groups by each role; a role that
// administers is given by an owner alone.
func TestAD1_GroupsAreChangedByWhomTheyAreFor(t *testing.T) {
	t.Parallel()
	for _, role := range everyRole {
		s := newSite(t)
		who := s.administrator(role)
		b := s.signedIn(who, storage.FactorPassword, storage.FactorTOTP)
		g, err := s.Accounts.CreateGroup(t.Context(), account.Operator("root"), account.NewGroup{Name: "staff"})
		logintest.Check(t, err)
		may := slices.Contains(ownersAndPeople, role)
		for _, do := range []struct {
			address string
			fields  []string
			event   storage.EventType
			owner   bool
		}{
			{groupsPath + "/new", []string{"name=night shift", "roles=worker", "description=at night"}, storage.EventGroupCreated, false},
			{groupsPath + "/new", []string{"name=bosses", "roles=boss"}, storage.EventGroupCreated, true},
			{groupAt(g.ID) + "/edit", []string{"name=staff", "roles=worker"}, storage.EventGroupChanged, false},
			{groupAt(g.ID) + "/edit", []string{"name=staff", "roles=boss"}, storage.EventGroupChanged, true},
			{groupAt(g.ID) + "/edit", []string{"name=staff", "roles="}, storage.EventGroupChanged, false},
			{groupAt(g.ID) + "/delete", nil, storage.EventGroupDeleted, false},
		} {
			if role == admin.Owner && do.owner {
				do.fields = append(do.fields, "display_name=By an owner")
			}
			before := len(s.events(do.event))
			s.Clock.Advance(time.Second) // ids of events are in the order of time
			s.forge(b, do.address, append(do.fields, "reason=because")...)
			done, want := len(s.events(do.event)) > before, may && (!do.owner || role == admin.Owner)
			if done != want {
				t.Errorf("%s at %s %q: done %v, want %v, at %s %d", role, do.address, do.fields, done, want, b.Page.URL, b.Page.Status)
			}
			if e := s.events(do.event); done && (e[0].ActorID != string(who.ID) || !strings.Contains(e[0].Detail, "because")) {
				t.Errorf("its event is %+v", e[0])
			}
		}
	}
}

// TestAnApplicationTellsItsRules: which, in which order, and where each was written.
func TestAnApplicationTellsItsRules(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.strong(admin.Auditor)
	failed := storage.Event{ID: s.ID(), At: s.Clock.Now(), Type: storage.EventCodeReplay, ClientID: "wiki", Outcome: storage.Failure, Detail: "the code was spent"}
	logintest.Check(t, s.Store.Events().Append(t.Context(), failed))
	page := b.Get(appAt("wiki")).Body
	for _, want := range []string{"latchkey.yaml line 12", "staff", "code_replay", "the code was spent", "GET /admin/api/v1/clients/wiki"} {
		if !strings.Contains(page, want) {
			t.Errorf("it does not say %s", want)
		}
	}
	b.Get(appAt("nobody")).Want(t, http.StatusNotFound, "error-title")
	b.Get(appsPath+"?q=mai").Want(t, http.StatusOK, appAt("mail"))
	b.Get(Root).Want(t, http.StatusOK, "code_replay")
}

// TestLG3_TheActivityTellsOfItsChain: where it ends, what waits, and that its end is not
// as it was signed for, without a look at any event.
func TestLG3_TheActivityTellsOfItsChain(t *testing.T) {
	t.Parallel()
	chain := &aChain{}
	s := newSite(t, func(c *Config) { chain.of, c.Chain = c.Chain, chain })
	b := s.strong(admin.Auditor)
	if said := b.Get(activityPath).Text("chain"); !strings.Contains(said, "Waiting to be linked3") {
		t.Errorf("before anything is linked: %q", said)
	}
	n, err := s.Store.Events().Link(t.Context(), 100)
	logintest.Check(t, err)
	head, err := s.Store.Events().Head(t.Context())
	logintest.Check(t, err)
	said := b.Get(activityPath).Text("chain")
	for _, want := range []string{"Intact", strconv.Itoa(n), head.Chain} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %s: %q", want, said)
		}
	}
	for fault, want := range map[error]string{storage.ErrTampered: "Tampered with", storage.ErrUnknownKey: "Can’t be checked"} {
		chain.fault = fault
		if said := b.Get(activityPath).Text("chain"); !strings.Contains(said, want) || strings.Contains(said, "Intact") {
			t.Errorf("%v: %q", fault, said)
		}
	}
}

// aChain is that of the store, but for a fault.
type aChain struct {
	of    chain
	fault error
}

func (c *aChain) Head(ctx context.Context) (storage.AuditMark, error) {
	head, err := c.of.Head(ctx)
	return head, cmp.Or(c.fault, err)
}

func (c *aChain) Unlinked(ctx context.Context) (int, time.Time, error) { return c.of.Unlinked(ctx) }

// TestAPersonTellsWhatTheyCanUse: the applications of files and of the database, and
// that nobody uses one that is locked down.
func TestAPersonTellsWhatTheyCanUse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada := s.Person("ada@example.com")
	s.stored("app", storage.ClientByAdministrator)
	s.stored("shut", storage.ClientByAdministrator)
	logintest.Check(t, second(s.Accounts.LockClient(t.Context(), account.Operator("root"), "shut", "x")))
	said := s.strong(admin.HelpDesk).Get(pathOf(ada.ID)).Text("access")
	for _, want := range []string{"Made of app", "Mail", "Wiki", "Made of shut"} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not name %s: %q", want, said)
		}
	}
	if shut := said[max(strings.Index(said, "Made of shut"), 0):]; !strings.Contains(shut, "Locked down") {
		t.Errorf("one that is locked down: %q", shut)
	}
}

// TestWhatWantsAttentionIsSaid on the first page: messages that wait too long, and a node
// that runs with something else.
func TestWhatWantsAttentionIsSaid(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.strong(admin.Owner)
	b.Get(Root).Want(t, http.StatusOK, "Nothing needs attention.")
	now := s.Clock.Now()
	for _, n := range []storage.Node{
		{ID: "node-1", Digest: "digest", Fault: "line 3: no such key", StartedAt: now, LoadedAt: now, SeenAt: now},
		{ID: "node-2", Digest: "another", StartedAt: now, LoadedAt: now, SeenAt: now},
	} {
		logintest.Check(t, s.Store.Nodes().Report(t.Context(), n))
	}
	page := b.Get(Root).Body
	for _, want := range []string{"line 3: no such key", "node-2"} {
		if !strings.Contains(page, want) {
			t.Errorf("it does not say %s", want)
		}
	}
}

// TestWhatIsNotLoadedIsSaid: what the files say that does not run, what of it needs a
// restart, why they cannot be loaded, and who runs with what.
func TestWhatIsNotLoadedIsSaid(t *testing.T) {
	t.Parallel()
	var pending []Pending
	var fault error
	s := newSite(t, func(c *Config) { c.Pending = func() ([]Pending, error) { return pending, fault } })
	now := s.Clock.Now()
	for _, n := range []storage.Node{
		{ID: "one", Version: "1.2", Digest: "digest", StartedAt: now, LoadedAt: now, SeenAt: now}, {ID: "two", Version: "1.2", Digest: "digest", StartedAt: now, LoadedAt: now, SeenAt: now},
		{ID: "three", Version: "1.1", Digest: "another", StartedAt: now, LoadedAt: now, SeenAt: now}, {ID: "gone", Version: "0.9", Digest: "old", StartedAt: now, LoadedAt: now, SeenAt: now.Add(-time.Hour)},
	} {
		logintest.Check(t, s.Store.Nodes().Report(t.Context(), n))
	}
	b := s.strong(admin.Auditor)
	page := b.Get(configurationPath)
	page.Want(t, http.StatusOK, "The running configuration matches the files.")
	if running := page.Text("running"); !strings.Contains(running, "one, two") || !strings.Contains(running, "1.1") || strings.Contains(running, "0.9") {
		t.Errorf("what runs is %q", running)
	}
	pending = []Pending{{Change: "sessions.idle: 1h -> 2h"}, {Change: "listen: :8080 -> :9090", Restart: true}}
	if said := b.Get(configurationPath).Text("pending"); !strings.Contains(said, "sessions.idle: 1h -> 2h") || strings.Count(said, "Needs a restart") != 1 {
		t.Errorf("pending is %q", said)
	}
	fault = errors.New("configuration latchkey.yaml has a problem:\n  line 3: unknown key <b>")
	if said := b.Get(configurationPath).Text("pending"); !strings.Contains(said, "line 3: unknown key <b>") || !strings.Contains(said, "can’t be loaded") {
		t.Errorf("the fault is %q", said)
	}
	for _, role := range []admin.Role{admin.People, admin.HelpDesk} {
		s.strong(role).Get(configurationPath).Want(t, http.StatusForbidden, "error-title")
	}
}

// TestTheAPIIsBrowsable: every operation of it, with what it takes.
func TestTheAPIIsBrowsable(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.strong(admin.HelpDesk)
	page := b.Get(Root + "/reference").Body
	for _, o := range api.Operations() {
		one := b.Get(referencePath + "/" + o.ID)
		for _, want := range []string{o.ID, o.Method + " " + api.Prefix + o.Path, o.Scope} {
			if !strings.Contains(page, want) || !strings.Contains(one.Body, want) {
				t.Errorf("%s is not said", want)
			}
		}
		said, _ := api.DetailOf(o.ID)
		if !slices.Contains(said.Statuses, o.Status) || strings.Contains(o.Path, "{") && len(said.Parameters) == 0 {
			t.Errorf("of %s is said %+v", o.ID, said)
		}
		for _, f := range slices.Concat(said.Parameters, said.Body, said.Answer) {
			if f.Type == "" || !strings.Contains(one.Body, "<code>"+f.Name+"</code>") {
				t.Errorf("%s: %+v is not shown", o.ID, f)
			}
		}
		for _, elsewhere := range []string{`src="http`, `href="http`, "//cdn"} { // it works without a network
			if strings.Contains(one.Body+page, elsewhere) {
				t.Errorf("the page of %s leads to %s", o.ID, elsewhere)
			}
		}
	}
	for _, want := range []string{"items[].email", "deliver", "email | link", "string (date-time)"} {
		if !strings.Contains(b.Get(referencePath+"/people.list").Body+b.Get(referencePath+"/people.reset_password").Body, want) {
			t.Errorf("%q is not said", want)
		}
	}
	b.Get(referencePath+"/nothing").Want(t, http.StatusNotFound, "error-title")
}
