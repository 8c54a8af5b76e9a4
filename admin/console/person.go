package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/attribute"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// part is a block of the page of a person, which takes the scope of its operation.
type part struct {
	operation string
	make      func(c *Console, ctx context.Context, v *visit, u *storage.User, s *screen) (block, error)
}

// personSections are the page of a person, from top to bottom.
func personSections() []part {
	return []part{
		{"people.show", (*Console).factsOf}, {"factors.list", (*Console).factorsOf}, {"sessions.list", (*Console).sessionsOf},
		{"grants.list", (*Console).applicationsOf}, {"members.groups", (*Console).groupsOf}, {"clients.list", (*Console).accessOf},
		{"devices.list", (*Console).devicesOf}, {"events.list", (*Console).activityOf},
	}
}

// showPerson shows all that is known of somebody, as far as the visitor may know it.
func (c *Console) showPerson(r *http.Request, v *visit, s *screen) error {
	u, err := c.person(r)
	if err != nil {
		return err
	}
	s.Title, s.Up, s.Tags = called(u), link{URL: peoplePath, Label: s.T("console.people")}, s.states(c, u).All
	for _, p := range personSections() {
		if !v.may.Has(c.scopeOf(p.operation)) {
			continue
		}
		b, err := p.make(c, r.Context(), v, u, s)
		if err != nil {
			return err
		}
		s.Blocks = append(s.Blocks, b)
	}
	return nil
}

// offers reports whether the visitor may do an act to a person, as far as that can be
// told before it is tried.
func (c *Console) offers(v *visit, a *act, u *storage.User) bool {
	return v.may.Has(c.scopeOf(a.operation)) && c.cfg.Accounts.Reaches(v.actor, u) && (a.offered == nil || a.offered(c, u))
}

// do is the link to an act about a subject; an empty cell where it is not offered.
func (c *Console) do(v *visit, name string, u *storage.User, s *screen, subject, label string) cell {
	for _, a := range personActs() {
		if a.name == name && c.offers(v, a, u) {
			return cell{Text: s.T(a.text + ".title"), URL: a.at(on(u), subject), Danger: a.danger, Label: label}
		}
	}
	return cell{}
}

// factsOf is who somebody is, with what can be done to the account.
func (c *Console) factsOf(_ context.Context, v *visit, u *storage.User, s *screen) (block, error) {
	b := block{ID: "facts"}
	add := func(label string, cells ...cell) {
		for _, c := range cells {
			if !c.Empty() {
				b.Facts = append(b.Facts, fact{label, cells})
				return
			}
		}
	}
	confirmed := func(is bool) cell {
		if is {
			return tag("good", s.T("account.verified"))
		}
		return tag("warn", s.T("account.unverified"))
	}
	add(s.T("console.id"), code(string(u.ID)))
	if u.Email != "" {
		add(s.T("field.email"), text(u.Email), confirmed(u.EmailVerified))
	}
	add(s.T("signup.username"), text(u.Username))
	if u.Phone != "" {
		add(s.T("field.phone"), text(u.Phone), confirmed(u.PhoneVerified))
	}
	add(s.T("console.roles"), tags(u.Roles))
	add(s.T("field.password"), s.passwordOf(u))
	for _, name := range account.ClaimNames() {
		if name != "formatted_address" {
			add(s.T("field."+name), text(account.ClaimValue(u.Profile, name)))
		}
	}
	for _, d := range c.cfg.Accounts.Attributes().Seen(v.may.Sees()) {
		a := ui.Attribute{Definition: d, Text: attribute.Text(u.Attributes[d.Name])}
		add(s.LabelOf(a), text(s.ValueOf(a)))
	}
	add(s.T("console.created"), s.at(u.CreatedAt))
	add(s.T("console.first_seen"), s.at(u.SignedInAt))
	add(s.T("console.locked"), s.at(u.LockedAt))
	if until := u.LockedAt.Add(c.cfg.Accounts.LockdownUndo()); u.Locked() && c.cfg.Now().Before(until) {
		add(s.T("console.undo_until"), s.at(until))
	}
	add(s.T("console.disabled"), s.at(u.DisabledAt))
	add(s.T("console.deleting"), s.at(u.DeleteAt))
	switch {
	case u.ID == v.User.ID:
		b.Lead = s.T("console.own")
		return b, nil
	case !c.cfg.Accounts.Reaches(v.actor, u):
		b.Lead = s.T("console.owners")
		return b, nil
	}
	for _, a := range personActs() {
		if a.subject == "" && c.offers(v, a, u) {
			b.Acts = append(b.Acts, link{ID: "act-" + a.name, URL: a.at(on(u), ""), Label: s.T(a.text + ".title"), Danger: a.danger})
		}
	}
	return b, nil
}

func (s *screen) passwordOf(u *storage.User) cell {
	switch {
	case u.PasswordHash == "":
		return text(s.T("account.none"))
	case u.PasswordChangedAt.IsZero():
		return text(s.T("account.password_set"))
	}
	return s.at(u.PasswordChangedAt)
}

// factorsOf is what somebody signs in with besides a password, and what is locked.
func (c *Console) factorsOf(ctx context.Context, _ *visit, u *storage.User, s *screen) (block, error) {
	b := block{ID: "factors", Heading: s.T("security.factors")}
	t := &table{Label: b.Heading, Columns: s.columns("console.name", "console.kind", "account.added", "console.used"), None: s.T("account.none")}
	credentials, err := c.cfg.Credentials.ListByUser(ctx, u.ID)
	if err != nil {
		return b, err
	}
	for _, f := range credentials {
		t.Rows = append(t.Rows, row{Cells: []cell{text(s.NameOf(f)), text(s.FactorName(f.Kind)), s.at(f.CreatedAt), s.at(f.LastUsedAt)}})
	}
	codes, err := c.cfg.Recovery.Status(ctx, u.ID)
	if err != nil {
		return b, err
	}
	if codes.Total > 0 {
		b.Facts = append(b.Facts, fact{s.T("security.recovery"), []cell{text(s.T("security.recovery_left", "Left", codes.Remaining, "Total", codes.Total))}})
	}
	locks, err := c.cfg.Lockouts.ListByUser(ctx, u.ID)
	if err != nil {
		return b, err
	}
	for _, l := range locks {
		if l.Failures > 0 {
			b.Facts = append(b.Facts, fact{s.FactorName(l.Kind), []cell{tag("warn", s.T("console.failures", "Number", int(l.Failures))), s.at(l.LockedUntil)}})
		}
	}
	b.Table = t
	return b, nil
}

// sessionsOf are the browsers in which somebody is signed in.
func (c *Console) sessionsOf(ctx context.Context, v *visit, u *storage.User, s *screen) (block, error) {
	b := block{ID: "sessions", Heading: s.T("console.sessions")}
	sessions, err := c.cfg.Sessions.ListByUser(ctx, u.ID, c.cfg.Now())
	t := &table{Label: b.Heading, Columns: s.columns("console.browser", "console.address", "console.since", "console.seen", ""), None: s.T("console.none")}
	for _, x := range sessions {
		name := s.Device(x.UserAgent)
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: name, Soft: x.UserAgent}, text(x.Address), s.at(x.CreatedAt), s.at(x.LastSeenAt), c.do(v, "end-session", u, s, string(x.SID), name)}})
	}
	b.Table = t
	return b, err
}

// applicationsOf are the applications that have access to somebody's account.
func (c *Console) applicationsOf(ctx context.Context, v *visit, u *storage.User, s *screen) (block, error) {
	b := block{ID: "applications", Heading: s.T("console.grants")}
	found, err := c.cfg.Applications.ApplicationsOf(ctx, u.ID, c.cfg.Now())
	t := &table{Label: b.Heading, Columns: s.columns("console.app", "console.scopes", "console.since", "console.used", ""), None: s.T("console.none")}
	for _, a := range found {
		name := c.clientName(ctx, a.ClientID)
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: name, Soft: a.ClientID}, tags(a.Scopes), s.at(a.GrantedAt), s.at(a.UsedAt), c.do(v, "remove-app", u, s, a.ClientID, name)}})
	}
	b.Table = t
	return b, err
}

// clientName is what people know a client by; its id where it is not registered any more.
func (c *Console) clientName(ctx context.Context, id string) string {
	if id == "" {
		return ""
	}
	if found, err := c.cfg.Clients.Client(ctx, id); err == nil && found.Name != "" {
		return found.Name
	}
	return id
}

// groupsOf are somebody's groups, by whose word, and the roles that they give.
func (c *Console) groupsOf(ctx context.Context, v *visit, u *storage.User, s *screen) (block, error) {
	b := block{ID: "groups", Heading: s.T("console.groups")}
	groups, err := c.cfg.Memberships.Of(ctx, u.ID)
	t := &table{Label: b.Heading, Columns: s.columns("console.group", "console.roles", "console.source", "console.since", ""), None: s.T("console.none")}
	for _, g := range groups {
		var sources []string
		leave := cell{}
		for _, source := range g.Sources {
			sources = append(sources, source.String())
			if source == storage.SourceManual {
				leave = c.do(v, "leave-group", u, s, g.Name, g.Name)
			}
		}
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: g.Name, Soft: g.DisplayName}, tags(g.Roles), tags(sources), s.at(g.AddedAt), leave}})
	}
	b.Table = t
	return b, err
}

// explained bounds how many applications the page of a person explains.
const explained = 100

// accessOf is what somebody may use, and why: what the rules of each application say of
// them, from no network and with no class reached. One that is locked down nobody uses.
func (c *Console) accessOf(ctx context.Context, _ *visit, u *storage.User, s *screen) (block, error) {
	b := block{ID: "access", Heading: s.T("console.access"), Lead: s.T("console.access_meaning")}
	b.Table = &table{Label: b.Heading, Columns: s.columns("console.app", "console.may_use", "console.why"), None: s.T("console.none")}
	apps, err := c.explainedApps(ctx)
	if err != nil {
		return b, err
	}
	locked, err := c.cfg.Locked.List(ctx)
	if err != nil {
		return b, err
	}
	person, nothing := access.SubjectOf(u), func(string, string) bool { return false }
	var may, not []row
	for _, x := range apps {
		d := c.cfg.Access.Policy(x.Access).Decide(person, access.Request{}, nothing)
		why := cell{Text: d.By, Soft: d.ACR}
		shut := slices.ContainsFunc(locked, func(l storage.LockedClient) bool { return l.ClientID == x.ID })
		if shut {
			why = text(s.T("console.locked"))
		}
		name := cell{Text: nameOf(x), Soft: x.ID, URL: appAt(x.ID)}
		if shut || d.Outcome == access.Refused {
			not = append(not, row{Cells: []cell{name, tag("warn", s.T("answer.no")), why}})
		} else {
			may = append(may, row{Cells: []cell{name, tag("good", s.T("answer.yes")), why}})
		}
	}
	may = may[:min(len(may), explained)]
	b.Table.Rows = append(may, not[:min(len(not), explained-len(may))]...)
	return b, nil
}

// explainedApps are the applications that people sign in to: those of files, and the
// first of the database.
func (c *Console) explainedApps(ctx context.Context) ([]*client.Client, error) {
	stored, err := c.cfg.Stored.List(ctx, "", explained)
	if err != nil {
		return nil, err
	}
	apps := slices.Clone(c.cfg.Clients.All())
	for i := range stored {
		x, err := c.cfg.Stored.Read(&stored[i])
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(apps, func(a *client.Client) bool { return a.ID == x.ID }) { // a file comes first
			apps = append(apps, x)
		}
	}
	return slices.DeleteFunc(apps, func(x *client.Client) bool { return x.Type == client.TypeService }), nil
}

func nameOf(c *client.Client) string {
	if c.Name != "" {
		return c.Name
	}
	return c.ID
}

// devicesOf are browsers that may skip somebody's second factor.
func (c *Console) devicesOf(ctx context.Context, _ *visit, u *storage.User, s *screen) (block, error) {
	b := block{ID: "devices", Heading: s.T("security.devices")}
	devices, err := c.cfg.Devices.ListByUser(ctx, u.ID, c.cfg.Now())
	t := &table{Label: b.Heading, Columns: s.columns("console.browser", "console.address", "console.used", "console.expires")}
	t.None = s.T("console.none")
	for i := range devices {
		d := &devices[i]
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: s.Device(d.UserAgent), Soft: d.UserAgent}, text(d.Address), s.at(d.LastUsedAt), s.at(d.ExpiresAt)}})
	}
	b.Table = t
	return b, err
}

// recentEvents is how many the page of a person shows.
const recentEvents = 20

// activityOf is what happened lately.
func (c *Console) activityOf(ctx context.Context, _ *visit, u *storage.User, s *screen) (block, error) {
	b := block{ID: "activity", Heading: s.T("account.activity")}
	events, err := c.cfg.Events.List(ctx, storage.EventFilter{UserID: u.ID, WithoutReads: true, Limit: recentEvents})
	t := &table{Label: b.Heading, Columns: s.columns("console.when", "console.event", "console.by", "console.app", "console.address"), None: s.T("console.none")}
	for i := range events {
		t.Rows = append(t.Rows, row{Cells: c.eventCells(ctx, s, &events[i], u.ID)})
	}
	b.Table = t
	return b, err
}

// eventCells is an event as lists show it; about is whom the page is about.
func (c *Console) eventCells(ctx context.Context, s *screen, e *storage.Event, about storage.ID) []cell {
	what := cell{Text: string(e.Type), Code: true, Soft: e.Detail}
	if e.Outcome == storage.Failure {
		what = cell{All: []cell{code(string(e.Type)), tag("warn", s.T("activity.failed"))}, Soft: e.Detail}
	}
	by := cell{Text: string(e.ActorKind), Soft: e.ActorID}
	switch {
	case e.ActorKind == storage.ActorPerson && e.ActorID == string(about):
		by.Soft = ""
	case e.ActorKind == storage.ActorPerson:
		by = cell{Text: abbreviatedID(e.ActorID), Code: true, URL: pathOf(storage.ID(e.ActorID)), Soft: string(e.ActorKind)}
	}
	return []cell{s.at(e.At), what, by, text(c.clientName(ctx, e.ClientID)), {Text: e.Address, Soft: s.browserOf(e)}}
}

func (s *screen) browserOf(e *storage.Event) string {
	if e.UserAgent == "" {
		return ""
	}
	return s.Device(e.UserAgent)
}

// number is a number in a cell.
func number(n int) cell { return text(strconv.Itoa(n)) }
