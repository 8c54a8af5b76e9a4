package sqlstore

import (
	"context"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Nodes keeps what the processes that serve report of themselves.
type Nodes struct{ s *Store }

// Nodes keeps what the processes that serve report of themselves.
func (s *Store) Nodes() *Nodes { return &Nodes{s} }

type nodeRow struct {
	bun.BaseModel `bun:"table:nodes,alias:n"`

	ID        string  `bun:"id,pk"`
	Version   string  `bun:"version"`
	Digest    string  `bun:"digest"`
	Fault     string  `bun:"fault"`
	Waiting   string  `bun:"waiting"`
	StartedAt sqlTime `bun:"started_at"`
	LoadedAt  sqlTime `bun:"loaded_at"`
	SeenAt    sqlTime `bun:"seen_at"`
}

// Report keeps what a node says of itself, in the place of what it said before. The
// configuration of its digest is seen by that.
func (r *Nodes) Report(ctx context.Context, n storage.Node) error {
	err := r.s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := r.s.exec(ctx, tx, insertInto[nodeRow]()+` ON CONFLICT (id) DO UPDATE SET version = excluded.version, digest = excluded.digest,
			fault = excluded.fault, waiting = excluded.waiting, loaded_at = excluded.loaded_at, seen_at = excluded.seen_at`,
			n.ID, n.Version, n.Digest, n.Fault, strings.Join(n.Waiting, "\n"), sqlTime{n.StartedAt}, sqlTime{n.LoadedAt}, sqlTime{n.SeenAt})
		if err != nil {
			return err
		}
		_, err = r.s.exec(ctx, tx, `UPDATE configurations SET seen_at = $1 WHERE digest = $2`, sqlTime{n.SeenAt}, n.Digest)
		return err
	})
	return wrap("report node", err)
}

// Leave forgets a node that stops.
func (r *Nodes) Leave(ctx context.Context, id string) error {
	_, err := r.s.exec(ctx, r.s.write, `DELETE FROM nodes WHERE id = $1`, id)
	return wrap("forget node", err)
}

// List returns every node of the last day, those that ended without saying so too.
func (r *Nodes) List(ctx context.Context) ([]storage.Node, error) {
	rows, err := list[nodeRow](ctx, r.s, r.s.read, `SELECT `+columnsOf[nodeRow]()+` FROM nodes n ORDER BY n.id`)
	if err != nil {
		return nil, wrap("list nodes", err)
	}
	nodes := make([]storage.Node, len(rows))
	for i, row := range rows {
		nodes[i] = storage.Node{
			ID: row.ID, Version: row.Version, Digest: row.Digest, Fault: row.Fault, Waiting: linesOf(row.Waiting),
			StartedAt: row.StartedAt.Time, LoadedAt: row.LoadedAt.Time, SeenAt: row.SeenAt.Time,
		}
	}
	return nodes, nil
}

// linesOf takes a list apart whose elements hold no line ends.
func linesOf(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// KeepConfiguration keeps what nodes of a digest run with, unless it is kept already.
func (r *Nodes) KeepConfiguration(ctx context.Context, c storage.Configuration) error {
	_, err := r.s.exec(ctx, r.s.write, `INSERT INTO configurations (digest, document, clients, seen_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (digest) DO UPDATE SET seen_at = excluded.seen_at`,
		c.Digest, c.Document, strings.Join(c.Clients, "\n"), sqlTime{c.SeenAt})
	return wrap("keep configuration", err)
}

type configurationRow struct {
	bun.BaseModel `bun:"table:configurations,alias:c"`

	Digest  string  `bun:"digest,pk"`
	Clients string  `bun:"clients"`
	SeenAt  sqlTime `bun:"seen_at"`
}

// Configurations returns what nodes of the last month ran with, without the documents.
func (r *Nodes) Configurations(ctx context.Context) ([]storage.Configuration, error) {
	rows, err := list[configurationRow](ctx, r.s, r.s.read, `SELECT `+columnsOf[configurationRow]()+` FROM configurations c ORDER BY c.digest`)
	if err != nil {
		return nil, wrap("list configurations", err)
	}
	found := make([]storage.Configuration, len(rows))
	for i, row := range rows {
		found[i] = storage.Configuration{Digest: row.Digest, Clients: linesOf(row.Clients), SeenAt: row.SeenAt.Time}
	}
	return found, nil
}

// Document returns the document of a digest, or storage.ErrNotFound.
func (r *Nodes) Document(ctx context.Context, digest string) (document []byte, err error) {
	err = r.s.row(ctx, r.s.read, `SELECT document FROM configurations WHERE digest = $1`, []any{digest}, &document)
	return document, wrap("read configuration", err)
}

// RemovedClients keeps which clients no node is configured with any more.
type RemovedClients struct{ s *Store }

// RemovedClients keeps which clients no node is configured with any more.
func (s *Store) RemovedClients() *RemovedClients { return &RemovedClients{s} }

// removeTimeout bounds the end of a client's grants, of which there may be many.
const removeTimeout = 5 * time.Minute

// Remove notes that a client is gone and ends its live grants, offline ones too. It
// answers storage.ErrConflict when that was noted before: of nodes that see it at
// once, one does it.
func (r *RemovedClients) Remove(ctx context.Context, clientID string, now time.Time, reason string, e storage.Event) error {
	err := r.s.change(patiently(ctx, removeTimeout), e, nil, func(ctx context.Context, tx bun.Tx) error {
		n, err := r.s.exec(ctx, tx, `INSERT INTO removed_clients (client_id, removed_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, clientID, sqlTime{now})
		if err == nil && n == 0 {
			err = storage.ErrConflict
		}
		if err != nil {
			return err
		}
		_, err = r.s.exec(ctx, tx, `UPDATE grants SET revoked_at = $1, revoked_reason = $2 WHERE client_id = $3 AND revoked_at IS NULL`,
			sqlTime{now}, reason, clientID)
		return err
	})
	return wrap("remove client", err)
}

// Restore notes that a client is back. It answers storage.ErrNotFound when it was not
// gone.
func (r *RemovedClients) Restore(ctx context.Context, clientID string, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		return must(r.s.exec(ctx, tx, `DELETE FROM removed_clients WHERE client_id = $1`, clientID))
	})
	return wrap("restore client", err)
}

// Prune deletes the consents of a client that was removed at or before a time. It
// answers storage.ErrNotFound when it was not, is back, or was pruned before.
func (r *RemovedClients) Prune(ctx context.Context, clientID string, before, now time.Time, e storage.Event) error {
	err := r.s.change(patiently(ctx, removeTimeout), e, nil, func(ctx context.Context, tx bun.Tx) error {
		err := must(r.s.exec(ctx, tx, `UPDATE removed_clients SET pruned_at = $1 WHERE client_id = $2 AND removed_at <= $3 AND pruned_at IS NULL`,
			sqlTime{now}, clientID, sqlTime{before}))
		if err != nil {
			return err
		}
		_, err = r.s.exec(ctx, tx, `DELETE FROM consents WHERE client_id = $1`, clientID)
		return err
	})
	return wrap("prune client", err)
}

type removedClientRow struct {
	bun.BaseModel `bun:"table:removed_clients,alias:r"`

	ClientID  string  `bun:"client_id,pk"`
	RemovedAt sqlTime `bun:"removed_at"`
	PrunedAt  sqlTime `bun:"pruned_at"`
}

// List returns every client that is gone.
func (r *RemovedClients) List(ctx context.Context) ([]storage.RemovedClient, error) {
	rows, err := list[removedClientRow](ctx, r.s, r.s.read, `SELECT `+columnsOf[removedClientRow]()+` FROM removed_clients r ORDER BY r.client_id`)
	if err != nil {
		return nil, wrap("list removed clients", err)
	}
	removed := make([]storage.RemovedClient, len(rows))
	for i, row := range rows {
		removed[i] = storage.RemovedClient{ClientID: row.ClientID, RemovedAt: row.RemovedAt.Time, PrunedAt: row.PrunedAt.Time}
	}
	return removed, nil
}
