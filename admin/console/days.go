package console

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/storage"
)

// factorKinds are those that charts know, in their order.
var factorKinds = []storage.FactorKind{storage.FactorPasskey, storage.FactorTOTP, storage.FactorEmail, storage.FactorSMS, storage.FactorRecovery}

// charts are what happened each day, out of numbers that a job counts: nothing is
// counted for the page.
func (c *Console) charts(r *http.Request, s *screen) ([]block, error) {
	first := api.FirstDay(c.cfg.Now(), chartDays)
	numbers, err := c.cfg.Numbers.Since(r.Context(), first)
	if err != nil {
		return nil, err
	}
	signIns := s.chart(s.T("console.signins"), numbers, first,
		counted{"good", s.T("console.succeeded"), storage.NumberSignIns, ""}, counted{"bad", s.T("activity.failed"), storage.NumberFailedSignIns, ""})
	var kinds []counted
	for i, kind := range factorKinds {
		if slices.ContainsFunc(numbers, func(n storage.DailyNumber) bool { return n.Kind == storage.NumberFactors && n.Label == string(kind) }) {
			kinds = append(kinds, counted{[]string{"one", "two", "three", "four", "five"}[i], s.FactorName(kind), storage.NumberFactors, string(kind)})
		}
	}
	people := s.chart(s.T("console.new_people"), numbers, first, counted{"one", s.T("console.new_people"), storage.NumberNewPeople, ""})
	blocks := []block{{ID: "sign-ins", Charts: []*chart{signIns}, Heading: signIns.Label}}
	pair := block{ID: "days", Charts: []*chart{people}, Heading: s.T("console.each_day")}
	if len(kinds) > 0 {
		pair.Charts = append([]*chart{s.chart(s.T("console.by_factor"), numbers, first, kinds...)}, people)
	}
	for _, one := range pair.Charts {
		one.Caption = one.Label
	}
	return append(blocks, pair, s.adoption(numbers), c.failuresOfDays(r, s, numbers)), nil
}

// adoption is how many people have which factor, as it was counted last.
func (s *screen) adoption(numbers []storage.DailyNumber) block {
	b := block{ID: "adoption", Heading: s.T("console.adoption")}
	b.Table = &table{Label: b.Heading, Columns: s.columns("console.kind", "console.people"), None: s.T("console.not_counted")}
	last := time.Time{}
	for _, n := range numbers {
		if n.Kind == storage.NumberPeople {
			last = n.Day // they are in the order of their days
		}
	}
	var all int64
	enrolled := map[string]int64{}
	for _, n := range numbers {
		switch {
		case !n.Day.Equal(last):
		case n.Kind == storage.NumberPeople:
			all = n.N
		case n.Kind == storage.NumberEnrolled:
			enrolled[n.Label] = n.N
		}
	}
	if last.IsZero() {
		return b
	}
	b.Lead = s.T("console.adoption_of", "Number", all)
	b.Table.Rows = append(b.Table.Rows, row{Cells: []cell{text(s.T("console.any_factor")), share(enrolled[""], all)}})
	for _, kind := range []storage.FactorKind{storage.FactorPasskey, storage.FactorTOTP} {
		b.Table.Rows = append(b.Table.Rows, row{Cells: []cell{text(s.FactorName(kind)), share(enrolled[string(kind)], all)}})
	}
	return b
}

// mostFailing is how many applications are shown that fail.
const mostFailing = 10

// failuresOfDays is which applications fail most in the days of the charts.
func (c *Console) failuresOfDays(r *http.Request, s *screen, numbers []storage.DailyNumber) block {
	b := block{ID: "client-failures", Heading: s.T("console.app_failures")}
	b.Table = &table{Label: b.Heading, Columns: s.columns("console.app", "console.number"), None: s.T("console.none")}
	sums, all := map[string]int64{}, int64(0)
	for _, n := range numbers {
		if n.Kind == storage.NumberClientFailed {
			sums[n.Label] += n.N
			all += n.N
		}
	}
	var ids []string
	for id := range sums {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(x, y string) int { return cmp.Or(cmp.Compare(sums[y], sums[x]), cmp.Compare(x, y)) })
	for _, id := range ids[:min(len(ids), mostFailing)] {
		name := cell{Text: s.T("console.unknown_app")}
		if id != "" {
			name = cell{Text: c.clientName(r.Context(), id), URL: appAt(id)}
		}
		b.Table.Rows = append(b.Table.Rows, row{Cells: []cell{name, share(sums[id], all)}})
	}
	return b
}

// systemOf is what serves: messages, keys and nodes.
func (c *Console) systemOf(r *http.Request, s *screen) (block, error) {
	b, now := block{ID: "system", Heading: s.T("console.system")}, c.cfg.Now()
	backlog, err := c.cfg.Outbox.Backlog(r.Context(), now)
	if err != nil {
		return b, err
	}
	nodes, err := c.cfg.Nodes.List(r.Context())
	if err != nil {
		return b, err
	}
	add := func(label, url, value string, more ...cell) {
		b.Facts = append(b.Facts, fact{label, append([]cell{{Text: value, URL: url}}, more...)})
	}
	add(s.T("console.queued"), messagesPath, number(backlog.Queued).Text)
	add(s.T("console.due"), messagesPath, number(backlog.Due).Text)
	for _, k := range c.cfg.Keys.Keys() {
		if shown := api.ShowKey(&k, now); shown.State == "signing" {
			add(s.T("console.keys"), Root+"/keys", k.Alg, code(k.ID))
		}
	}
	for i := range nodes {
		if n := &nodes[i]; n.Live(now) {
			add(s.T("console.node"), configurationPath, n.ID, text(n.Version), code(abbreviatedID(n.Digest)))
		}
	}
	return b, nil
}
