package main

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// measured is what was found out of a node on one kind of stores.
type measured struct {
	stores     stores
	results    map[string]result // by the row's name
	ready      time.Duration
	idle, peak int64 // bytes
	// readyWithMany and many are of a node that has [manyClients] more.
	readyWithMany time.Duration
	many          result
}

// node measures nodes on the stores: some that start and stop, then one that
// answers.
func (s settings) node(ctx context.Context, h *host, stores stores) (*measured, error) {
	in, err := newInstallation(h.TempDir(), s.binary, stores)
	if err != nil {
		return nil, err
	}
	m := &measured{stores: stores, results: map[string]result{}}
	if m.ready, err = s.warmStart(ctx, in); err != nil {
		return nil, err
	}
	node, err := in.start(ctx)
	if err != nil {
		return nil, err
	}
	defer node.stop()
	if err := wait(ctx, s.warmup); err != nil {
		return nil, err
	}
	if m.idle, err = node.memory("VmRSS"); err != nil {
		return nil, err
	}
	p, err := newParty(ctx, in, node, s.connections)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if !s.wants(r.Name) {
			continue
		}
		if m.results[r.Name], err = s.row(ctx, in, p, r); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", r.Name, err, node.log.String())
		}
	}
	if m.peak, err = node.memory("VmHWM"); err != nil {
		return nil, err
	}
	node.stop()
	return m, s.manyClients(ctx, in, p, m)
}

// manyClients measures a node that has many clients in its files: its start, and
// whether it finds one as quickly.
func (s settings) manyClients(ctx context.Context, in *installation, p *party, m *measured) error {
	if !s.wants(oneOfMany.Name) {
		return nil
	}
	if err := in.addClients(manyClients); err != nil {
		return err
	}
	var err error
	if m.readyWithMany, err = s.warmStart(ctx, in); err != nil {
		return err
	}
	if p.node, err = in.start(ctx); err != nil {
		return err
	}
	defer p.node.stop()
	if m.many, err = s.row(ctx, in, p, oneOfMany); err != nil {
		return fmt.Errorf("%s: %w\n%s", oneOfMany.Name, err, p.node.log.String())
	}
	return nil
}

// warmStart returns the median time to start, once there are tables and keys.
func (s settings) warmStart(ctx context.Context, in *installation) (time.Duration, error) {
	var took []time.Duration
	for range s.starts + 1 {
		node, err := in.start(ctx)
		if err != nil {
			return 0, err
		}
		node.stop()
		took = append(took, node.Ready)
	}
	took = took[1:] // the first one made the tables and keys
	slices.Sort(took)
	return percentile(took, 50), nil
}

// row measures one row, and whether what it says it committed is there.
func (s settings) row(ctx context.Context, in *installation, p *party, r row) (result, error) {
	wires, workers, err := s.each(ctx, p.node.Address, func(w *wire, i int) (work, error) { return r.prepare(p, w, i) })
	defer closeAll(wires)
	if err != nil {
		return result{}, err
	}
	before, err := in.refreshes(ctx)
	if err != nil {
		return result{}, err
	}
	spent, err := p.node.cpu()
	if err != nil {
		return result{}, err
	}
	measured, err := s.measure(ctx, workers)
	if err != nil {
		return result{}, err
	}
	all, err := p.node.cpu()
	if err != nil {
		return result{}, err
	}
	measured.CPU = (all - spent) / time.Duration(measured.Done)
	after, err := in.refreshes(ctx)
	if err == nil && r.Commits && after-before != measured.Done {
		err = fmt.Errorf("%d answers, of which %d are in the database", measured.Done, after-before)
	}
	return measured, err
}

// each connects the workers.
func (s settings) each(ctx context.Context, address string, prepare func(*wire, int) (work, error)) ([]*wire, []work, error) {
	var wires []*wire
	var workers []work
	for i := range s.connections {
		w, err := dialWire(ctx, address)
		if err != nil {
			return wires, nil, err
		}
		wires = append(wires, w)
		do, err := prepare(w, i)
		if err != nil {
			return wires, nil, err
		}
		workers = append(workers, do)
	}
	return wires, workers, nil
}

// refreshes returns how often grants were refreshed, as the database has it.
func (in *installation) refreshes(ctx context.Context) (n int, err error) {
	driver, address := "pgx", in.stores.Database
	if address == "" {
		driver, address = "sqlite", "file:"+filepath.Join(in.dir, "data", "latchkey.db")+"?mode=ro"
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		return 0, fmt.Errorf("count refreshes: %w", err)
	}
	defer db.Close()
	if err := db.QueryRowContext(ctx, `SELECT COALESCE(SUM(generation - 1), 0) FROM grants`).Scan(&n); err != nil {
		return 0, fmt.Errorf("count refreshes: %w", err)
	}
	return n, nil
}

// wait lets time pass: a node is idle when it was left alone.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
