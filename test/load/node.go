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
	stores  stores
	results map[string]result // by the row's name
	// beside are of the rows that others are compared with, measured in turn with them,
	// by the name of the other.
	beside     map[string]result
	ready      time.Duration
	idle, peak int64 // bytes
	// readyWithMany is of a node that has [manyClients] more.
	readyWithMany time.Duration
}

// node measures nodes on the stores: some that start and stop, then one that
// answers.
func (s settings) node(ctx context.Context, h *host, stores stores) (*measured, error) {
	in, err := newInstallation(h.TempDir(), s.binary, stores)
	if err != nil {
		return nil, err
	}
	m := &measured{stores: stores, results: map[string]result{}, beside: map[string]result{}}
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
	if err == nil {
		err = p.join(ctx, in)
	}
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if !s.wants(r.Name) {
			continue
		}
		entries := []entry{{in, p, r}}
		if r.Beside != "" {
			entries = append(entries, entry{in, p, rowOf(r.Beside)})
		}
		found, err := s.rowsInTurn(ctx, entries...)
		if err != nil {
			return nil, err
		}
		m.results[r.Name] = found[0]
		if r.Beside != "" {
			m.beside[r.Name] = found[1]
		}
	}
	if m.peak, err = node.memory("VmHWM"); err != nil {
		return nil, err
	}
	node.stop()
	if err := s.certified(ctx, h, stores, m); err != nil {
		return nil, err
	}
	if err := s.fanOut(ctx, in, m); err != nil {
		return nil, err
	}
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
	found, err := s.rowsInTurn(ctx, entry{in, p, oneOfMany})
	if err != nil {
		return err
	}
	m.results[oneOfMany.Name] = found[0]
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

// entry is a row at a node.
type entry struct {
	in  *installation
	p   *party
	row row
}

// rowsInTurn measures rows, and whether what they say they committed is there.
func (s settings) rowsInTurn(ctx context.Context, entries ...entry) ([]result, error) {
	contenders := make([]contender, len(entries))
	for i, e := range entries {
		wires, workers, err := s.each(ctx, e.p.node.dial, func(w *wire, i int) (work, error) { return e.row.prepare(e.p, w, i) })
		defer closeAll(wires)
		if err != nil {
			return nil, e.failed(err)
		}
		contenders[i] = contender{workers, e.p.node}
	}
	before := map[*installation]int{}
	for _, e := range entries {
		var err error
		if before[e.in], err = e.in.refreshes(ctx); err != nil {
			return nil, e.failed(err)
		}
	}
	results, err := s.measureInTurn(ctx, contenders...)
	if err != nil {
		return nil, entries[0].failed(err)
	}
	committed := map[*installation]int{}
	for i, e := range entries {
		if e.row.Commits {
			committed[e.in] += results[i].Done
		}
	}
	for _, e := range entries {
		after, err := e.in.refreshes(ctx)
		if want, commits := committed[e.in]; err == nil && commits && after-before[e.in] != want {
			err = fmt.Errorf("%d answers, of which %d are in the database", want, after-before[e.in])
		}
		if err != nil {
			return nil, e.failed(err)
		}
	}
	return results, nil
}

// failed says of an error in which row it was, and what the node had to say.
func (e entry) failed(err error) error {
	return fmt.Errorf("%s: %w\n%s", e.row.Name, err, e.p.node.log.String())
}

// each connects the workers.
func (s settings) each(ctx context.Context, dial func(context.Context) (*wire, error), prepare func(*wire, int) (work, error)) ([]*wire, []work, error) {
	var wires []*wire
	var workers []work
	for i := range s.connections {
		w, err := dial(ctx)
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
