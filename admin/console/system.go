package console

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/storage"
)

// nodeList are the processes that serve, each with what it runs with: whether that is
// what this one does, why its last reload changed nothing, and what waits for a restart.
func nodeList() *list {
	return &list{
		heading: "console.nodes", columns: []string{"console.node", "console.state", "console.configuration", "console.fault", "console.started", "console.seen"},
		read: func(r *http.Request, c *Console, _ *visit, _ url.Values, _ string, _ int) ([]item, string, error) {
			nodes, err := c.cfg.Nodes.List(r.Context())
			now := c.cfg.Now()
			rows, _ := itemsOf(nodes, len(nodes), func(n *storage.Node) string { return n.ID }, func(n *storage.Node) item {
				shown := api.ShowNode(n, c.cfg.Digest, now)
				return item{record: shown, cells: func(s *screen) []cell {
					state, runs := tag("good", s.T("console.live")), tag("good", s.T("console.current"))
					if !shown.Live {
						state = tag("plain", s.T("console.gone"))
					}
					if !shown.Current {
						runs = tag("warn", s.T("console.other"))
					}
					fault := cell{Text: n.Fault, Soft: strings.Join(n.Waiting, "; ")}
					return []cell{{Text: n.ID, Soft: n.Version}, {All: []cell{state}}, {All: []cell{runs}, Soft: n.Digest}, fault, s.at(n.StartedAt), s.at(n.SeenAt)}
				}}
			})
			return rows, "", err
		},
	}
}

// jobList are the periodic jobs, and when each was last begun by whichever node.
func jobList() *list {
	return &list{
		columns: []string{"console.name", "console.every", "console.started"},
		read: func(r *http.Request, c *Console, _ *visit, _ url.Values, _ string, _ int) ([]item, string, error) {
			claims, err := c.cfg.JobClaims.List(r.Context())
			if err != nil {
				return nil, "", err
			}
			var rows []item
			for _, name := range slices.Sorted(maps.Keys(c.cfg.Jobs)) {
				job, begun := api.Job{Name: name, Every: c.cfg.Jobs[name].Seconds()}, time.Time{}
				if i := slices.IndexFunc(claims, func(claim storage.JobClaim) bool { return claim.Name == name }); i >= 0 {
					begun = claims[i].At.UTC()
					job.BegunAt = &begun
				}
				rows = append(rows, item{record: job, cells: func(s *screen) []cell {
					return []cell{code(name), text(s.Duration(c.cfg.Jobs[name])), s.at(begun)}
				}})
			}
			return rows, "", nil
		},
	}
}
