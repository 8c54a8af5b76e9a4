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

const messagesPath = Root + "/messages"

// showBacklog is what waits in the outbox, above what is or was in it.
func (c *Console) showBacklog(r *http.Request, _ *visit, s *screen) error {
	b, err := c.cfg.Outbox.Backlog(r.Context(), c.cfg.Now())
	s.Blocks = append(s.Blocks, block{ID: "backlog", Facts: []fact{
		{s.T("console.queued"), []cell{number(b.Queued), s.at(b.Oldest)}}, {s.T("console.due"), []cell{number(b.Due), s.at(b.DueSince)}},
	}})
	return err
}

// words for machines are filters and tags as they are.
func asIs(values ...string) [][2]string {
	var options [][2]string
	for _, v := range values {
		options = append(options, [2]string{v, v})
	}
	return options
}

// messageList is the outbox: never whom something goes to or what it says.
func messageList() *list {
	var topics []string
	for _, t := range storage.Topics() {
		topics = append(topics, string(t))
	}
	return &list{
		filters: []filter{
			{name: "topic", label: "console.kind", options: asIs(topics...)},
			{name: "status", label: "console.state", options: asIs("queued", "sent", "failed", "expired", "skipped")},
		},
		columns: []string{"console.created", "console.kind", "console.state", "console.person", "console.attempts", "console.next_try"},
		read: func(r *http.Request, c *Console, _ *visit, query url.Values, after string, limit int) ([]item, string, error) {
			found, err := c.cfg.Outbox.Page(r.Context(), storage.DeliveryFilter{
				Topic: storage.Topic(query.Get("topic")), Status: storage.DeliveryStatus(query.Get("status")), Before: storage.ID(after), Limit: limit + 1,
			})
			rows, next := itemsOf(found, limit, func(d *storage.Delivery) string { return string(d.ID) }, func(d *storage.Delivery) item {
				return item{record: api.ShowDelivery(d), cells: func(s *screen) []cell {
					kind := map[storage.DeliveryStatus]string{storage.DeliverySent: "good", storage.DeliveryFailed: "warn"}[d.Status]
					about, next := cell{}, cell{}
					if d.UserID != "" {
						about = cell{Text: abbreviatedID(string(d.UserID)), Code: true, URL: pathOf(d.UserID)}
					}
					if d.DoneAt.IsZero() {
						next = s.at(d.NextAt)
					}
					return []cell{s.at(d.CreatedAt), {Text: string(d.Kind), Code: true, Soft: string(d.Topic)}, {All: []cell{tag(kind, string(d.Status))}, Soft: d.LastError}, about, number(d.Attempts), next}
				}}
			})
			return rows, next, err
		},
	}
}

// nodeList are the processes that serve, each with what it runs with: whether that is
// what this one does, why its last reload changed nothing, and what waits for a restart.
func nodeList() *list {
	return &list{
		heading: "console.nodes", acts: (*Console).systemLinks, columns: []string{"console.node", "console.state", "console.configuration", "console.fault", "console.started", "console.seen"},
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

// keyList are the signing keys; never a private part.
func keyList() *list {
	return &list{
		columns: []string{"console.id", "console.kind", "console.state", "console.created", "console.signs_until", "console.expires"},
		read: func(_ *http.Request, c *Console, _ *visit, _ url.Values, _ string, _ int) ([]item, string, error) {
			keys, now := c.cfg.Keys.Keys(), c.cfg.Now()
			rows, _ := itemsOf(keys, len(keys), func(k *storage.SigningKey) string { return k.ID }, func(k *storage.SigningKey) item {
				shown := api.ShowKey(k, now)
				return item{record: shown, cells: func(s *screen) []cell {
					kind := map[string]string{"signing": "good"}[shown.State]
					return []cell{code(k.ID), tag("plain", k.Alg), tag(kind, shown.State), s.at(k.CreatedAt), s.at(k.SignsUntil), s.at(k.ExpiresAt)}
				}}
			})
			return rows, "", nil
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
