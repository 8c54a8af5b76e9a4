package console

import (
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/storage"
)

// Pending is a change that the files of the configuration say and that is not loaded.
type Pending struct {
	// Change says what it is, in words and without secrets.
	Change string
	// Restart says that a running process cannot make it.
	Restart bool
}

// showConfiguration is what runs, by digest and version, and what the files say that
// does not run yet: above the list of the nodes.
func (c *Console) showConfiguration(r *http.Request, _ *visit, s *screen) error {
	nodes, err := c.cfg.Nodes.List(r.Context())
	if err != nil {
		return err
	}
	s.Blocks = append(s.Blocks, c.runningOf(s, nodes))
	if c.cfg.Pending != nil {
		s.Blocks = append(s.Blocks, c.pendingOf(s))
	}
	return nil
}

// runningOf groups the live nodes by what they run.
func (c *Console) runningOf(s *screen, nodes []storage.Node) block {
	type version struct{ digest, version string }
	var all []version
	of, now := map[version][]string{}, c.cfg.Now()
	for i := range nodes {
		if n := &nodes[i]; n.Live(now) {
			v := version{n.Digest, n.Version}
			if len(of[v]) == 0 {
				all = append(all, v)
			}
			of[v] = append(of[v], n.ID)
		}
	}
	b := block{ID: "running", Heading: s.T("console.running")}
	b.Table = &table{Label: b.Heading, Columns: s.columns("console.configuration", "console.version", "console.nodes", "console.state"), None: s.T("console.none")}
	for _, v := range all {
		state := tag("good", s.T("console.current"))
		if v.digest != c.cfg.Digest {
			state = tag("warn", s.T("console.other"))
		}
		names := of[v]
		b.Table.Rows = append(b.Table.Rows, row{Cells: []cell{code(abbreviatedID(v.digest)), text(v.version), {Text: number(len(names)).Text, Soft: strings.Join(names[:min(len(names), 10)], ", ")}, {All: []cell{state}}}})
	}
	return b
}

// mostPending bounds how many changes are shown.
const mostPending = 200

// pendingOf is what the files say now that this node does not run with, or why they
// cannot be loaded.
func (c *Console) pendingOf(s *screen) block {
	b := block{ID: "pending", Heading: s.T("console.pending")}
	changes, err := c.cfg.Pending()
	if err != nil {
		b.Lead = s.T("console.pending_fault")
		b.Table = &table{Label: b.Heading, Columns: s.columns("console.fault")}
		for line := range strings.Lines(err.Error()) {
			if line = strings.TrimSpace(line); line != "" && len(b.Table.Rows) < mostPending {
				b.Table.Rows = append(b.Table.Rows, row{Cells: []cell{code(line)}})
			}
		}
		return b
	}
	b.Table = &table{Label: b.Heading, Columns: s.columns("console.change", ""), None: s.T("console.no_pending")}
	for _, p := range slices.Clip(changes[:min(len(changes), mostPending)]) {
		restart := cell{}
		if p.Restart {
			restart = tag("warn", s.T("console.needs_restart"))
		}
		b.Table.Rows = append(b.Table.Rows, row{Cells: []cell{code(p.Change), restart}})
	}
	return b
}
