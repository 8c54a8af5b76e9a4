package console

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// showOverview is what an administrator looks at first, as far as they may see it: what
// wants attention, and what fails. Nothing of it is counted out of a table that grows.
func (c *Console) showOverview(r *http.Request, v *visit, s *screen) error {
	if v.may.Has(c.scopeOf("statistics.show")) {
		b, err := c.attention(r, s)
		if err != nil {
			return err
		}
		charts, err := c.charts(r, s)
		if err != nil {
			return err
		}
		s.Blocks = append(append(s.Blocks, b), charts...)
	}
	if v.may.Has(c.scopeOf("events.list")) {
		b, err := c.failuresByApp(r, s)
		if err != nil {
			return err
		}
		s.Blocks = append(s.Blocks, b)
	}
	if v.may.Has(c.scopeOf("statistics.show")) {
		b, err := c.systemOf(r, s)
		if err != nil {
			return err
		}
		s.Blocks = append(s.Blocks, b)
	}
	if len(s.Blocks) == 0 { // whoever sees none of it is led on
		var links []link
		for _, section := range s.Sections[1:] {
			links = append(links, link{URL: section.URL, Label: section.Label})
		}
		s.Blocks = append(s.Blocks, block{ID: "sections", Acts: links})
	}
	return nil
}

// attention is what should be looked at now.
func (c *Console) attention(r *http.Request, s *screen) (block, error) {
	b, now := block{ID: "attention", Heading: s.T("console.attention")}, c.cfg.Now()
	t := &table{Label: b.Heading, Columns: s.columns("console.event", "console.detail", "console.since"), None: s.T("console.all_well")}
	say := func(key, where, detail string, since time.Time) {
		t.Rows = append(t.Rows, row{Cells: []cell{{Text: s.T(key), URL: where}, text(detail), s.at(since)}})
	}
	backlog, err := c.cfg.Outbox.Backlog(r.Context(), now)
	if err != nil {
		return b, err
	}
	if backlog.Due > 0 {
		say("console.att_messages", messagesPath, strconv.Itoa(backlog.Due), backlog.DueSince)
	}
	nodes, err := c.cfg.Nodes.List(r.Context())
	if err != nil {
		return b, err
	}
	for i := range nodes {
		n := &nodes[i]
		switch {
		case !n.Live(now):
		case n.Fault != "":
			say("console.att_fault", configurationPath, n.ID+": "+n.Fault, n.SeenAt)
		case n.Digest != c.cfg.Digest:
			say("console.att_node", configurationPath, n.ID, n.LoadedAt)
		case len(n.Waiting) > 0:
			say("console.att_restart", configurationPath, n.ID, n.LoadedAt)
		}
	}
	b.Table = t
	return b, nil
}

// newest is how many failures are looked at for the overview.
const newest = 100

// failuresByApp is which applications fail: of the newest failures of a day.
func (c *Console) failuresByApp(r *http.Request, s *screen) (block, error) {
	b := block{ID: "failures", Heading: s.T("console.failed_today"), Lead: s.T("console.newest", "Number", newest)}
	events, err := c.cfg.Events.List(r.Context(), storage.EventFilter{Outcome: storage.Failure, WithoutReads: true, Since: c.cfg.Now().Add(-24 * time.Hour), Limit: newest})
	if err != nil {
		return b, err
	}
	type failing struct {
		app, what string
		times     int64
		last      time.Time
	}
	var all []*failing
	for i := range events {
		e := &events[i]
		k := slices.IndexFunc(all, func(f *failing) bool { return f.app == e.ClientID && f.what == string(e.Type) })
		if k < 0 {
			k = len(all)
			all = append(all, &failing{app: e.ClientID, what: string(e.Type), last: e.At})
		}
		all[k].times++
	}
	slices.SortStableFunc(all, func(x, y *failing) int { return cmp.Compare(y.times, x.times) })
	all = all[:min(len(all), 12)]
	b.Table = &table{Label: b.Heading, Columns: s.columns("console.event", "console.app", "console.number", "console.seen"), None: s.T("console.none")}
	for _, f := range all {
		name, where := c.clientName(r.Context(), f.app), activityPath+"?outcome=failure&type="+f.what
		b.Table.Rows = append(b.Table.Rows, row{Cells: []cell{{Text: f.what, Code: true, URL: where}, text(name), number(int(f.times)), s.at(f.last)}})
	}
	return b, nil
}
