package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/storage"
)

func systemOperations() []operation {
	read := func(id, path, does, more string) operation {
		return operation{id: id, method: http.MethodGet, path: path, scope: admin.ScopeSystemRead, status: http.StatusOK, does: does, more: more}
	}
	return []operation{
		row(read("deliveries.list", "/deliveries", "List what waits in the outbox or left it, the newest first", "Never whom it goes to or what it says."), (*API).listDeliveries),
		row(read("keys.list", "/keys", "List the signing keys, and what each does now", "Never a private part."), (*API).listKeys),
		row(read("configuration.show", "/configuration", "Show which configuration each node runs with", ""), (*API).showConfiguration),
		row(read("jobs.list", "/jobs", "List the periodic jobs, and when each was last begun by whichever node", ""), (*API).listJobs),
		row(read("statistics.show", "/statistics", "Show the numbers of now", "None of them is counted out of a table that grows."), (*API).showStatistics),
		row(read("statistics.days", "/statistics/days", "Show the numbers of each day", "They are about nobody, and a minute old at most."), (*API).showDays),
	}
}

// Delivery is something that is sent: a message, or word to an application that a session
// is over.
type Delivery struct {
	ID        string     `json:"id"`
	Topic     string     `json:"topic"`
	Kind      string     `json:"kind"`
	Person    string     `json:"person,omitempty" doc:"The id of whom it is about."`
	Client    string     `json:"client,omitempty" doc:"The client that is told of the end of a session."`
	Status    string     `json:"status" enum:"queued,sent,failed,expired,skipped"`
	Attempts  int        `json:"attempts"`
	NextAt    *time.Time `json:"next_at,omitempty" doc:"When the next try is due."`
	NotAfter  *time.Time `json:"not_after,omitempty" doc:"When it is void."`
	LastError string     `json:"last_error,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	DoneAt    *time.Time `json:"done_at,omitempty"`
}

func showDelivery(d *storage.Delivery) Delivery {
	shown := Delivery{
		ID: string(d.ID), Topic: string(d.Topic), Kind: string(d.Kind), Person: string(d.UserID), Client: d.ClientID, Status: string(d.Status), Attempts: d.Attempts,
		NotAfter: timeOf(d.NotAfter), LastError: d.LastError, CreatedAt: d.CreatedAt.UTC(), DoneAt: timeOf(d.DoneAt),
	}
	if d.DoneAt.IsZero() {
		shown.NextAt = timeOf(d.NextAt)
	}
	return shown
}

type listDeliveriesInput struct {
	PageParams
	Topic  string `query:"topic" maxLength:"32" doc:"Is of this topic: email, sms or logout."`
	Status string `query:"status" enum:"queued,sent,failed,expired,skipped"`
}

func (a *API) listDeliveries(ctx context.Context, in *listDeliveriesInput) (*pageOutput[Delivery], error) {
	before, err := in.place()
	if err != nil {
		return nil, err
	}
	if err := line("query.topic", in.Topic); err != nil {
		return nil, err
	}
	found, err := a.cfg.Outbox.Page(ctx, storage.DeliveryFilter{
		Topic: storage.Topic(in.Topic), Status: storage.DeliveryStatus(in.Status), Before: storage.ID(before), Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	return pageOf(found, in.Limit, func(d *storage.Delivery) string { return string(d.ID) }, showDelivery), nil
}

// Key is a signing key.
type Key struct {
	ID         string     `json:"kid"`
	Alg        string     `json:"alg"`
	State      string     `json:"state" enum:"published,signing,decrypting,retired"`
	CreatedAt  time.Time  `json:"created_at"`
	SignsFrom  time.Time  `json:"signs_from"`
	SignsUntil *time.Time `json:"signs_until,omitempty"`
	ExpiresAt  *time.Time `json:"expires_at,omitempty" doc:"When it leaves the JWKS."`
}

type keysOutput struct{ Body Page[Key] }

func (a *API) listKeys(context.Context, *struct{}) (*keysOutput, error) {
	out, now := &keysOutput{Body: Page[Key]{Items: []Key{}}}, a.cfg.Now()
	for _, k := range a.cfg.Keys.Keys() {
		out.Body.Items = append(out.Body.Items, ShowKey(&k, now))
	}
	return out, nil
}

// Node is a process that serves, as it last reported itself.
type Node struct {
	ID           string    `json:"node"`
	Live         bool      `json:"live"`
	Version      string    `json:"version"`
	Digest       string    `json:"digest"`
	Current      bool      `json:"current" doc:"Whether it runs with the configuration of the node that answers."`
	Fault        string    `json:"fault,omitempty" doc:"Why its last reload changed nothing."`
	NeedsRestart []string  `json:"needs_restart" nullable:"false"`
	StartedAt    time.Time `json:"started_at"`
	LoadedAt     time.Time `json:"loaded_at"`
	SeenAt       time.Time `json:"seen_at"`
}

// Configuration is what runs where.
type Configuration struct {
	Digest string `json:"digest" doc:"That of the node that answers."`
	Nodes  []Node `json:"nodes" nullable:"false"`
}

type configurationOutput struct{ Body Configuration }

func (a *API) showConfiguration(ctx context.Context, _ *struct{}) (*configurationOutput, error) {
	nodes, err := a.cfg.Nodes.List(ctx)
	if err != nil {
		return nil, err
	}
	out, now := &configurationOutput{Configuration{Digest: a.cfg.Digest, Nodes: []Node{}}}, a.cfg.Now()
	for i := range nodes {
		out.Body.Nodes = append(out.Body.Nodes, ShowNode(&nodes[i], a.cfg.Digest, now))
	}
	return out, nil
}

// Job is something done now and then by one node.
type Job struct {
	Name    string     `json:"name"`
	Every   float64    `json:"every" doc:"Seconds."`
	BegunAt *time.Time `json:"begun_at,omitempty" doc:"Absent where nodes take turns at it without saying so."`
}

type jobsOutput struct{ Body Page[Job] }

func (a *API) listJobs(ctx context.Context, _ *struct{}) (*jobsOutput, error) {
	claims, err := a.cfg.JobClaims.List(ctx)
	if err != nil {
		return nil, err
	}
	out := &jobsOutput{Body: Page[Job]{Items: []Job{}}}
	for name, every := range a.cfg.Jobs {
		job := Job{Name: name, Every: every.Seconds()}
		if i := slices.IndexFunc(claims, func(c storage.JobClaim) bool { return c.Name == name }); i >= 0 {
			job.BegunAt = timeOf(claims[i].At)
		}
		out.Body.Items = append(out.Body.Items, job)
	}
	slices.SortFunc(out.Body.Items, func(x, y Job) int { return strings.Compare(x.Name, y.Name) })
	return out, nil
}

// Statistics are the numbers of now.
type Statistics struct {
	Outbox struct {
		Queued   int        `json:"queued"`
		Oldest   *time.Time `json:"oldest,omitempty" doc:"When the first was written of what people wait for."`
		Due      int        `json:"due" doc:"What should be on its way by now."`
		DueSince *time.Time `json:"due_since,omitempty"`
	} `json:"outbox"`
	Nodes struct {
		Live  int `json:"live"`
		Stale int `json:"stale" doc:"How many live ones run with another configuration than the node that answers."`
	} `json:"nodes"`
	Clients int `json:"clients"`
}

type statisticsOutput struct{ Body Statistics }

func (a *API) showStatistics(ctx context.Context, _ *struct{}) (*statisticsOutput, error) {
	now, out := a.cfg.Now(), &statisticsOutput{}
	backlog, err := a.cfg.Outbox.Backlog(ctx, now)
	if err != nil {
		return nil, err
	}
	nodes, err := a.cfg.Nodes.List(ctx)
	if err != nil {
		return nil, err
	}
	s := &out.Body
	s.Outbox.Queued, s.Outbox.Oldest, s.Outbox.Due, s.Outbox.DueSince = backlog.Queued, timeOf(backlog.Oldest), backlog.Due, timeOf(backlog.DueSince)
	for i := range nodes {
		if nodes[i].Live(now) {
			s.Nodes.Live++
			if nodes[i].Digest != a.cfg.Digest {
				s.Nodes.Stale++
			}
		}
	}
	s.Clients = len(a.cfg.Clients.All())
	return out, nil
}
