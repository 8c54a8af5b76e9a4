package console

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// The pages of applications.
const (
	appsPath = Root + "/applications"
	appPath  = appsPath + "/{client}"
)

// appAt is where the page of an application is.
func appAt(id string) string { return appsPath + "/" + url.PathEscape(id) }

// appList lists the applications, in the order of their ids: they are in memory.
func appList() *list {
	return &list{
		filters: []filter{{name: "q", label: "launcher.search"}},
		columns: []string{"console.app", "console.kind", "console.rules"},
		read: func(_ *http.Request, c *Console, _ *visit, query url.Values, after string, limit int) ([]item, string, error) {
			wanted := strings.ToLower(query.Get("q"))
			found := slices.DeleteFunc(slices.Clone(c.cfg.Clients.All()), func(x *client.Client) bool {
				return after != "" && x.ID <= after || !strings.Contains(strings.ToLower(x.Name+" "+x.ID), wanted)
			})
			slices.SortFunc(found, func(a, b *client.Client) int { return cmp.Compare(a.ID, b.ID) })
			rows, next := itemsOf(found[:min(len(found), limit+1)], limit, func(x **client.Client) string { return (*x).ID }, func(x **client.Client) item {
				a := *x
				return item{record: api.ShowClient(a), cells: func(s *screen) []cell {
					rules := s.T("console.no_rules")
					if a.Access != nil {
						rules = s.T("console.rules_number", "Number", len(a.Access))
					}
					return []cell{{Text: nameOf(a), URL: appAt(a.ID), Soft: a.ID}, tag("plain", string(a.Type)), text(rules)}
				}}
			})
			return rows, next, nil
		},
	}
}

// failuresOf is how many failures the page of an application shows, of the last day.
const failuresOf = 20

// showApp is all that is registered of an application, its rules, when it was last used,
// and what failed in it within a day.
func (c *Console) showApp(r *http.Request, v *visit, s *screen) error {
	id := r.PathValue("client")
	if ident.Text(id) != nil {
		return notFound(errors.New("the id is no text"))
	}
	a, err := c.cfg.Clients.Client(r.Context(), id)
	if errors.Is(err, client.ErrUnknown) {
		return notFound(err)
	}
	if err != nil {
		return err
	}
	s.Title, s.Up = nameOf(a), link{URL: appsPath, Label: s.T("account.applications")}
	s.Tags = []cell{tag("plain", string(a.Type))}
	facts, err := registered(s, a)
	if err != nil {
		return err
	}
	s.Blocks = append(s.Blocks, block{ID: "rules", Heading: s.T("console.access"), Lead: s.T("console.rules_meaning"), Table: c.rulesOf(s, a)})
	if v.may.Has(c.scopeOf("events.list")) {
		failures, last, err := c.useOf(r, s, a)
		if err != nil {
			return err
		}
		facts = append([]fact{{s.T("console.used"), []cell{last}}}, facts...)
		s.Blocks = append(s.Blocks, failures)
	}
	s.Blocks = append([]block{{ID: "facts", Facts: facts, Registered: true}}, s.Blocks...)
	return nil
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
		case bool, float64:
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
	for i, rule := range a.Access {
		answer := tag("good", s.T("answer.yes"))
		if rule.Effect == access.Deny {
			answer = tag("warn", s.T("answer.no"))
		}
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: fmt.Sprint(i + 1), Soft: conditions(&rule)}, {All: []cell{answer}, Soft: rule.ACR}, text(rule.At)}})
	}
	return t
}

// conditions are those of a rule, as they are written.
func conditions(rule *access.Rule) string {
	of := *rule
	of.Effect, of.ACR = "", ""
	raw, err := json.Marshal(of)
	if err != nil {
		return ""
	}
	return string(raw)
}

// useOf is what failed in an application within a day, with its cause, and when it was
// last used.
func (c *Console) useOf(r *http.Request, s *screen, a *client.Client) (block, cell, error) {
	now := c.cfg.Now()
	b := block{ID: "failures", Heading: s.T("console.failed_today")}
	events, err := c.cfg.Events.List(r.Context(), storage.EventFilter{ClientID: a.ID, Outcome: storage.Failure, Since: now.Add(-24 * time.Hour), Limit: failuresOf})
	if err != nil {
		return b, cell{}, err
	}
	b.Table = &table{Label: b.Heading, Columns: s.columns("console.when", "console.event", "console.by", "console.address"), None: s.T("console.none")}
	for i := range events {
		cells := c.eventCells(r.Context(), s, &events[i], "")
		b.Table.Rows = append(b.Table.Rows, row{Cells: append(cells[:3:3], cells[4])})
	}
	last, err := c.cfg.Events.List(r.Context(), storage.EventFilter{ClientID: a.ID, Outcome: storage.Success, Limit: 1})
	if err != nil || len(last) == 0 {
		return b, text(s.T("account.none")), err
	}
	return b, s.at(last[0].At), nil
}
