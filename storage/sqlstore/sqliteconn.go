package sqlstore

import (
	"context"
	"database/sql/driver"
	"strings"

	"modernc.org/sqlite"
)

// liteConnector makes connections to SQLite that keep the statements they
// prepared, as those of pgx do: to parse one takes longer than to run it.
type liteConnector struct{ driver.Connector }

func newLiteConnector(dsn string) (driver.Connector, error) {
	c, err := sqlite.NewConnector(dsn)
	return &liteConnector{c}, err
}

// Connect implements driver.Connector.
func (c *liteConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &liteConn{liteDriverConn: conn.(liteDriverConn), prepared: map[string]liteStmt{}}, nil
}

// liteDriverConn is what connections of the driver implement.
type liteDriverConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// liteStmt is what statements of the driver implement.
type liteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// maxPrepared bounds the statements of one connection; there are fewer texts.
const maxPrepared = 512

// liteConn is a connection of a [liteConnector]. A connection is used by one
// goroutine at a time, and the rows of a statement are read before it runs again.
type liteConn struct {
	liteDriverConn
	prepared map[string]liteStmt
}

// Unwrap returns the driver's own connection.
func (c *liteConn) Unwrap() driver.Conn { return c.liteDriverConn }

// ExecContext implements driver.ExecerContext.
func (c *liteConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if isSeveral(query) {
		return c.liteDriverConn.ExecContext(ctx, query, args)
	}
	stmt, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args)
}

// QueryContext implements driver.QueryerContext.
func (c *liteConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if isSeveral(query) {
		return c.liteDriverConn.QueryContext(ctx, query, args)
	}
	stmt, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args)
}

// isSeveral reports whether a text may hold several statements, as migrations do.
func isSeveral(query string) bool { return strings.Contains(query, ";") }

func (c *liteConn) prepare(ctx context.Context, query string) (liteStmt, error) {
	if stmt, known := c.prepared[query]; known {
		return stmt, nil
	}
	if len(c.prepared) >= maxPrepared {
		if err := c.forget(); err != nil {
			return nil, err
		}
	}
	made, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	stmt := made.(liteStmt)
	c.prepared[query] = stmt
	return stmt, nil
}

// forget closes every statement.
func (c *liteConn) forget() error {
	for query, stmt := range c.prepared {
		delete(c.prepared, query)
		if err := stmt.Close(); err != nil {
			return err
		}
	}
	return nil
}

// Close implements driver.Conn.
func (c *liteConn) Close() error {
	if err := c.forget(); err != nil {
		_ = c.liteDriverConn.Close()
		return err
	}
	return c.liteDriverConn.Close()
}
