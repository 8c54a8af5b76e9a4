package main

import (
	"context"
	"crypto/rand"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/task"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/storage"
)

// reportEvery is how often a node says in the database what it runs with; it does so
// after each reload as well.
const reportEvery = time.Minute

// nodeState is what a node says of itself, besides what is true of its process.
type nodeState struct {
	id      string
	started time.Time

	mu      sync.Mutex
	fault   string // why the last reload changed nothing
	waiting []string
	loaded  time.Time
	digest  string
	// kept is the digest whose configuration is in the database.
	kept atomic.Pointer[string]
}

// newNodeState names the node: by its host, and by what tells apart those of one host.
func newNodeState(now time.Time) *nodeState {
	host, err := os.Hostname()
	if err != nil {
		host = "node"
	}
	return &nodeState{id: host + "-" + rand.Text()[:6], started: now}
}

// loads notes what the node serves with from now on.
func (n *nodeState) loads(digest string, waiting []string, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.digest, n.waiting, n.loaded, n.fault = digest, waiting, now, ""
}

// fails notes why a reload changed nothing.
func (n *nodeState) fails(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fault = err.Error()
}

func (n *nodeState) node(now time.Time) storage.Node {
	n.mu.Lock()
	defer n.mu.Unlock()
	return storage.Node{
		ID: n.id, Version: version, Digest: n.digest, Fault: n.fault, Waiting: slices.Clone(n.waiting),
		StartedAt: n.started, LoadedAt: n.loaded, SeenAt: now,
	}
}

// report says in the database what this node runs with, so that all nodes can be seen
// from any of them, and a file compared with what runs. That it fails holds nothing up.
func (p *process) report(ctx context.Context) {
	if err := p.tryReport(ctx); err != nil && ctx.Err() == nil {
		p.log().WarnContext(ctx, "reporting what this node runs with failed", "error", err)
	}
}

// reports are those of as long as the process runs: at once, then now and then; and
// at the end that it leaves.
func (p *process) reports(ctx context.Context) error {
	p.report(ctx)
	err := task.Every(reportEvery, p.report)(ctx)
	leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
	defer cancel()
	if err := p.store.Nodes().Leave(leaving, p.node.id); err != nil {
		p.log().WarnContext(ctx, "reporting that this node leaves failed", "error", err)
	}
	return err
}

// leaveTimeout bounds the last thing that a process does.
const leaveTimeout = 2 * time.Second

func (p *process) tryReport(ctx context.Context) error {
	node := p.node.node(p.now())
	if kept := p.node.kept.Load(); kept == nil || *kept != node.Digest {
		cfg := p.cfg()
		document, err := cfg.Snapshot().Encode()
		if err != nil {
			return err
		}
		err = p.store.Nodes().KeepConfiguration(ctx, storage.Configuration{
			Digest: node.Digest, Document: document, Clients: clientIDs(cfg), SeenAt: node.SeenAt,
		})
		if err != nil {
			return err
		}
		p.node.kept.Store(&node.Digest)
	}
	return p.store.Nodes().Report(ctx, node)
}

func clientIDs(cfg *config.Config) []string {
	ids := make([]string, len(cfg.Clients))
	for i := range cfg.Clients {
		ids[i] = cfg.Clients[i].ID
	}
	return ids
}

// info is what readiness says of this node on the inner listener.
func (p *process) info() map[string]string {
	node := p.node.node(p.now())
	return map[string]string{
		"node": node.ID, "version": node.Version, "config_digest": node.Digest, "config_loaded_at": node.LoadedAt.UTC().Format(time.RFC3339),
	}
}
