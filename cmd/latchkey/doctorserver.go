package main

import (
	"context"

	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// oldestPostgreSQL is the oldest major version that still gets fixes of its makers.
const oldestPostgreSQL = 14

// doctorServer looks at the database server: its version, and whether it takes as many
// connections as the nodes may open.
func doctorServer(ctx context.Context, store *sqlstore.Store, d *dependencies) error {
	server, err := store.Server(ctx)
	if err != nil || server == nil {
		return err
	}
	nodes := 1
	if requireMigrated(ctx, store) == nil {
		all, err := running(ctx, store, d.now())
		if err != nil {
			return err
		}
		nodes = max(nodes, len(all))
	}
	return judgeServer(server, d.cfg.Database.MaxConns, nodes)
}

// judgeServer says what is wrong with a server for so many nodes with so many connections
// each.
func judgeServer(server *sqlstore.Server, pool, nodes int) error {
	if major := server.Version / 10_000; major < oldestPostgreSQL {
		return ails("upgrade it, by pg_upgrade or a dump", "it is PostgreSQL %d, which gets no fixes any more", major)
	}
	if wanted := pool * nodes; wanted > server.Connections {
		return ails("raise max_connections of the server, or lower database.max_conns; with a pooler between them (PgBouncer) let it have as many",
			"%s of %d connections each may open %d, and the server takes %d", counted(nodes, "node", "nodes"), pool, wanted, server.Connections)
	}
	return nil
}
