package console

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// The pages of applications.
const (
	appsPath = Root + "/applications"
	appPath  = appsPath + "/{client}"
)

// appAt is where the page of an application is.
func appAt(id string) string { return appsPath + "/" + url.PathEscape(id) }

// appList lists the applications, in the order of their ids: those of files are in memory,
// and those of the database are read by keyset. The latter are found by how their ids begin.
func appList() *list {
	return &list{
		filters: []filter{{name: "q", label: "launcher.search"}},
		columns: []string{"console.app", "console.kind", "console.rules", "console.source", "console.used"},
		acts:    func(c *Console, v *visit, s *screen) []link { return c.appLinks(v, s, &target{page: appsPath}) },
		read:    readApps,
	}
}

// listedApp is an application of a list, with its row where the database has it.
type listedApp struct {
	*client.Client
	row *storage.Client
}

func readApps(r *http.Request, c *Console, _ *visit, query url.Values, after string, limit int) ([]item, string, error) {
	typed := query.Get("q")
	wanted := strings.ToLower(typed)
	var found []listedApp
	for _, x := range c.cfg.Clients.All() {
		if x.ID > after && strings.Contains(strings.ToLower(x.Name+" "+x.ID), wanted) {
			found = append(found, listedApp{Client: x})
		}
	}
	rows, err := c.storedApps(r.Context(), typed, after, limit+1)
	if err != nil {
		return nil, "", err
	}
	for i := range rows {
		x, err := c.cfg.Stored.Read(&rows[i])
		if err != nil {
			return nil, "", err
		}
		if !slices.ContainsFunc(found, func(f listedApp) bool { return f.ID == x.ID }) { // a file comes first
			found = append(found, listedApp{x, &rows[i]})
		}
	}
	locked, err := c.cfg.Locked.List(r.Context())
	if err != nil {
		return nil, "", err
	}
	slices.SortFunc(found, func(x, y listedApp) int { return cmp.Compare(x.ID, y.ID) })
	shown, next := itemsOf(found[:min(len(found), limit+1)], limit, func(x *listedApp) string { return x.ID }, func(x *listedApp) item {
		a := *x
		record := api.ShowClient(a.Client)
		record.Place = c.cfg.Places[a.ID]
		return item{record: record, cells: func(s *screen) []cell {
			return c.appCells(s, a, slices.ContainsFunc(locked, func(l storage.LockedClient) bool { return l.ClientID == a.ID }))
		}}
	})
	return shown, next, nil
}

// storedApps reads those of the database: all, or those whose ids begin with something.
func (c *Console) storedApps(ctx context.Context, prefix, after string, limit int) ([]storage.Client, error) {
	if prefix == "" {
		return c.cfg.Stored.List(ctx, after, limit)
	}
	if !client.IsID(prefix) {
		return nil, nil
	}
	var found []storage.Client
	if prefix > after {
		row, err := c.cfg.Stored.ByID(ctx, prefix)
		switch {
		case err == nil:
			found = append(found, *row)
		case !errors.Is(err, storage.ErrNotFound):
			return nil, err
		}
	}
	rows, err := c.cfg.Stored.List(ctx, max(after, prefix), limit)
	for _, row := range rows {
		if strings.HasPrefix(row.ID, prefix) {
			found = append(found, row)
		}
	}
	return found, err
}

// appCells is an application as its list shows it.
func (c *Console) appCells(s *screen, a listedApp, locked bool) []cell {
	rules, kind, used := s.T("console.no_rules"), []cell{tag("plain", string(a.Type))}, cell{}
	if a.Access != nil {
		rules = s.T("console.rules_number", "Number", len(a.Access))
	}
	if locked {
		kind = append(kind, tag("warn", s.T("console.locked")))
	}
	source := cell{Text: s.T("console.in_file"), Soft: c.cfg.Places[a.ID]}
	if a.row != nil {
		source, used = cell{Text: s.T("console.in_database"), Soft: string(a.row.Source)}, s.at(a.row.LastUsedAt)
	}
	return []cell{{Text: nameOf(a.Client), Soft: a.ID, URL: appAt(a.ID)}, {All: kind}, text(rules), source, used}
}

// failuresOf is how many failures the page of an application shows, of the last day.
const failuresOf = 20

// showApp is all that is registered of an application, its rules, when it was last used,
// and what failed in it within a day.
func (c *Console) showApp(r *http.Request, v *visit, s *screen) error {
	t, err := c.app(r.Context(), r.PathValue("client"))
	if err != nil {
		return err
	}
	a := t.Client
	s.Title, s.Up = nameOf(a), link{URL: appsPath, Label: s.T("account.applications")}
	s.Tags = []cell{tag("plain", string(a.Type))}
	if !t.Locked.IsZero() {
		s.Tags = append(s.Tags, tag("warn", s.T("console.locked")))
	}
	facts, err := registered(s, a)
	if err != nil {
		return err
	}
	facts = append(c.keptOf(s, t), facts...)
	s.Blocks = append(s.Blocks, block{ID: "rules", Heading: s.T("console.rules"), Lead: s.T("console.rules_meaning"), Table: c.rulesOf(s, a)})
	if v.may.Has(c.scopeOf("events.list")) {
		failures, last, err := c.useOf(r, s, a)
		if err != nil {
			return err
		}
		if t.Row != nil { // which is noted of it, to the day
			last = s.at(t.Row.LastUsedAt)
		}
		if !last.Empty() {
			facts = append([]fact{{s.T("console.used"), []cell{last}}}, facts...)
		}
		s.Blocks = append(s.Blocks, failures)
	}
	s.Blocks = append([]block{{ID: "facts", Facts: facts, Registered: true, Acts: c.appLinks(v, s, t)}}, s.Blocks...)
	return nil
}

// keptOf is where an application is kept, and so where it is changed, and what is kept of
// it besides its metadata; never a secret.
func (c *Console) keptOf(s *screen, t *target) []fact {
	var facts []fact
	if t.Row == nil {
		facts = append(facts, fact{s.T("console.source"), []cell{text(s.T("console.in_file")), code(cmp.Or(c.cfg.Places[t.name], "–"))}})
		s.Lead = s.T("console.by_file")
	} else {
		facts = append(facts, fact{s.T("console.source"), []cell{text(s.T("console.in_database")), tag("plain", string(t.Row.Source))}},
			fact{s.T("console.created"), []cell{s.at(t.Row.CreatedAt)}})
		if !t.Row.EndsAt.IsZero() {
			facts = append(facts, fact{s.T("console.expires"), []cell{s.at(t.Row.EndsAt)}})
		}
		for _, secret := range t.Row.Secrets {
			cells := []cell{code(secret.ID), s.at(secret.CreatedAt)}
			if !secret.ExpiresAt.IsZero() {
				cells = append(cells, text(s.T("console.expires")), s.at(secret.ExpiresAt))
			}
			facts = append(facts, fact{s.T("console.secret"), cells})
		}
	}
	if !t.Locked.IsZero() {
		facts = append(facts, fact{s.T("console.locked"), []cell{s.at(t.Locked)}})
	}
	return facts
}

// registered is the metadata of an application, in the names of RFC 7591, without its rules.
func registered(s *screen, a *client.Client) ([]fact, error) {
	raw, err := json.Marshal(a.Metadata)
	var metadata map[string]any
	if err == nil {
		err = json.Unmarshal(raw, &metadata)
	}
	if err != nil {
		return nil, fmt.Errorf("show client: %w", err)
	}
	facts := []fact{{s.T("console.id"), []cell{code(a.ID)}}}
	for _, name := range slices.Sorted(maps.Keys(metadata)) {
		switch value := metadata[name].(type) {
		case string:
			if value != "" {
				facts = append(facts, fact{name, []cell{text(value)}})
			}
		case []any:
			if name == "access" {
				continue
			}
			var cells []cell
			for _, one := range value {
				cells = append(cells, code(fmt.Sprint(one)))
			}
			facts = append(facts, fact{name, cells})
		case float64:
			facts = append(facts, fact{name, []cell{code(strconv.FormatFloat(value, 'f', -1, 64))}})
		case bool:
			facts = append(facts, fact{name, []cell{code(fmt.Sprint(value))}})
		default:
			if raw, err := json.Marshal(value); err == nil && value != nil {
				facts = append(facts, fact{name, []cell{code(string(raw))}})
			}
		}
	}
	return facts, nil
}

// rulesOf are the rules of access, in the order in which they are tried, and where each
// was written: files are changed there.
func (c *Console) rulesOf(s *screen, a *client.Client) *table {
	t := &table{Label: s.T("console.access"), Columns: s.columns("console.rule", "console.may_use", "console.source"), None: s.T("console.no_rules")}
	if len(a.Access) == 0 { // what the default is
		answer := s.T("answer.yes")
		if c.cfg.Access.Policy(a.Access).Default == access.Deny {
			answer = s.T("answer.no")
		}
		t.None += " (" + answer + ")"
	}
	for i, rule := range a.Access {
		answer := tag("good", s.T("answer.yes"))
		if rule.Effect == access.Deny {
			answer = tag("warn", s.T("answer.no"))
		}
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: fmt.Sprint(i + 1), Soft: s.conditions(&rule)}, {All: []cell{answer}, Soft: rule.ACR}, text(rule.At)}})
	}
	return t
}

// conditions says whom a rule fits: it is all of what stands here, and of each any value.
func (s *screen) conditions(rule *access.Rule) string {
	var said []string
	say := func(key string, values []string) {
		if len(values) > 0 {
			said = append(said, s.T(key)+": "+strings.Join(values, ", "))
		}
	}
	say("console.groups", rule.Groups)
	say("console.roles", rule.Roles)
	say("console.people", rule.Users)
	var domains, networks []string
	for _, domain := range rule.EmailDomains {
		domains = append(domains, "@"+domain)
	}
	say("field.email", domains)
	for _, name := range slices.Sorted(maps.Keys(rule.Attributes)) {
		said = append(said, name+": "+strings.Join(rule.Attributes[name], ", "))
	}
	for _, network := range rule.Networks {
		networks = append(networks, network.String())
	}
	say("console.address", networks)
	if len(said) == 0 {
		return s.T("console.any")
	}
	return strings.Join(said, " · ")
}

// useOf is what failed in an application within a day, with its cause, and when somebody
// was last seen in the newest session that signed in to it.
func (c *Console) useOf(r *http.Request, s *screen, a *client.Client) (block, cell, error) {
	now := c.cfg.Now()
	b := block{ID: "failures", Heading: s.T("console.failed_today")}
	events, err := c.cfg.Events.List(r.Context(), storage.EventFilter{ClientID: a.ID, Outcome: storage.Failure, WithoutReads: true, Since: now.Add(-24 * time.Hour), Limit: failuresOf})
	if err != nil {
		return b, cell{}, err
	}
	b.Table = &table{Label: b.Heading, Columns: s.columns("console.when", "console.event", "console.by", "console.address"), None: s.T("console.none")}
	for i := range events {
		cells := c.eventCells(r.Context(), s, &events[i], "")
		b.Table.Rows = append(b.Table.Rows, row{Cells: append(cells[:3:3], cells[4])})
	}
	last, err := c.cfg.Sessions.Page(r.Context(), storage.SessionPage{ClientID: a.ID, Limit: 1})
	if err != nil || len(last) == 0 {
		return b, cell{}, err
	}
	return b, s.at(last[0].LastSeenAt), nil
}
