package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

func openPostgres(ctx context.Context, cfg Config) (*Store, error) {
	config, err := pgx.ParseConfig(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("database url: %w", err)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = cfg.Timeout
	}
	warnOfClearText(cfg, config)
	plain := config.Copy()
	setRuntimeParams(config, cfg)
	config, err = probe(ctx, cfg, config, plain)
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(&connector{Connector: stdlib.GetConnector(*config)})
	limit(pool, cfg.MaxConns, cfg.ConnLifetime)
	db := bun.NewDB(pool, pgdialect.New(), bun.WithDiscardUnknownColumns())
	return &Store{cfg: cfg, dialect: postgres, write: db, read: db, ephemeralDB: db, migration: func() *bun.DB {
		plain.DefaultQueryExecMode = pgx.QueryExecModeExec
		return bun.NewDB(stdlib.OpenDB(*plain), pgdialect.New(), bun.WithDiscardUnknownColumns())
	}}, nil
}

// setRuntimeParams tells the server what to end by itself.
func setRuntimeParams(config *pgx.ConnConfig, cfg Config) {
	for name, d := range map[string]time.Duration{
		"statement_timeout":                   cfg.StatementTimeout,
		"lock_timeout":                        cfg.LockTimeout,
		"idle_in_transaction_session_timeout": cfg.IdleInTransactionTimeout,
	} {
		if _, set := config.RuntimeParams[name]; !set {
			config.RuntimeParams[name] = strconv.FormatInt(d.Milliseconds(), 10)
		}
	}
}

// SQLSTATEs of PostgreSQL (Appendix A).
const (
	uniqueViolation     = "23505"
	readOnlyTransaction = "25006"
	protocolViolation   = "08P01"
	lockNotAvailable    = "55P03"
)

// probe makes one connection, refuses a database that cannot hold what people
// write, and returns how the others are made. A pooler is told from a server by
// the name of the process at the other end: there, statements are not prepared,
// for the next may meet another server.
func probe(ctx context.Context, cfg Config, config, plain *pgx.ConnConfig) (*pgx.ConnConfig, error) {
	ctx, cancel := context.WithTimeout(ctx, cfg.Timeout)
	defer cancel()
	direct := config.Copy()
	direct.DefaultQueryExecMode = pgx.QueryExecModeExec
	conn, err := pgx.ConnectConfig(ctx, direct)
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == protocolViolation {
		// PgBouncer knows none of the parameters.
		cfg.Log.Warn("the database's pooler does not accept timeouts: set statement_timeout, lock_timeout and idle_in_transaction_session_timeout for the role")
		config, direct = plain.Copy(), plain.Copy()
		direct.DefaultQueryExecMode = pgx.QueryExecModeExec
		conn, err = pgx.ConnectConfig(ctx, direct)
	}
	if err != nil {
		return nil, wrap("reach postgres", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var pid uint32
	var encoding string
	err = conn.QueryRow(ctx, `SELECT pg_backend_pid(), current_setting('server_encoding')`).Scan(&pid, &encoding)
	if err != nil {
		return nil, wrap("ask postgres", err)
	}
	if encoding != "UTF8" {
		return nil, fmt.Errorf("the database is encoded in %s, which cannot hold every name: make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0", encoding)
	}
	if pid != conn.PgConn().PID() && !strings.Contains(cfg.URL, "default_query_exec_mode=") {
		cfg.Log.Info("a pooler is in front of the database: statements are not prepared")
		config.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	return config, nil
}

// warnOfClearText warns of a server elsewhere to which the URL asks for no TLS:
// without sslmode a server that offers none is talked to in clear text.
func warnOfClearText(cfg Config, config *pgx.ConnConfig) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Query().Has("sslmode") || os.Getenv("PGSSLMODE") != "" {
		return
	}
	host := config.Host
	if ip := net.ParseIP(host); strings.HasPrefix(host, "/") || host == "localhost" || ip != nil && ip.IsLoopback() {
		return
	}
	cfg.Log.Warn("the database URL has no sslmode: passwords and rows may cross the network in clear text; add sslmode=verify-full", "host", host)
}

// connector makes connections that know when they are to a server that takes no
// writes any more.
type connector struct {
	driver.Connector
	// generation rises when a server is met that takes no writes: connections made
	// before are not used again.
	generation atomic.Int64
}

// Connect implements driver.Connector.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	generation := c.generation.Load()
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &pgConn{Conn: conn.(*stdlib.Conn), pool: c, generation: generation}, nil
}

// pgConn is a connection of a [connector].
type pgConn struct {
	*stdlib.Conn
	pool       *connector
	generation int64
	broken     bool
}

// ExecContext implements driver.ExecerContext. Where the first argument is a [scanInto]
// it runs a query.
func (c *pgConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) > 0 {
		if dst, ok := args[0].Value.(scanInto); ok {
			return driver.ResultNoRows, c.judge(c.scanRow(ctx, query, args[1:], dst))
		}
	}
	result, err := c.Conn.ExecContext(ctx, query, args)
	return result, c.judge(err)
}

// scanInto is where pgx is to put the one row of a query by itself. Rows of database/sql
// take as long as all else that a query costs here: each of them has a goroutine and two
// contexts, and each column becomes a driver.Value before it is what was asked for. The
// pool, and its second try where a connection is broken, stay those of database/sql.
type scanInto []any

// scanRow answers sql.ErrNoRows where there is no row.
func (c *pgConn) scanRow(ctx context.Context, query string, args []driver.NamedValue, dst scanInto) error {
	if c.Conn.Conn().IsClosed() {
		return driver.ErrBadConn
	}
	values := make([]any, len(args))
	for i, arg := range args {
		values[i] = arg.Value
	}
	err := c.Conn.Conn().QueryRow(ctx, query, values...).Scan(dst...)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return sql.ErrNoRows
	case err != nil && pgconn.SafeToRetry(err):
		return driver.ErrBadConn // nothing was sent: another connection may do it
	}
	return err
}

// QueryContext implements driver.QueryerContext.
func (c *pgConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.Conn.QueryContext(ctx, query, args)
	if err != nil && pgconn.SafeToRetry(err) {
		return nil, driver.ErrBadConn // nothing was sent: another connection may do it
	}
	return rows, c.judge(err)
}

// BeginTx implements driver.ConnBeginTx.
func (c *pgConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.BeginTx(ctx, opts)
	if err != nil && pgconn.SafeToRetry(err) {
		return nil, driver.ErrBadConn
	}
	return tx, c.judge(err)
}

// judge looks at what the server answered.
func (c *pgConn) judge(err error) error {
	switch code := sqlState(err); {
	case code == readOnlyTransaction: // it became a standby
		c.pool.generation.CompareAndSwap(c.generation, c.generation+1)
		c.broken = true
	case strings.HasPrefix(code, "57P0"): // it shuts down, crashed, or starts
		c.broken = true
	}
	return err
}

// IsValid implements driver.Validator: a connection that is not is closed instead
// of given back.
func (c *pgConn) IsValid() bool { return !c.broken && c.generation == c.pool.generation.Load() }

// ResetSession implements driver.SessionResetter.
func (c *pgConn) ResetSession(ctx context.Context) error {
	if !c.IsValid() {
		return driver.ErrBadConn
	}
	return c.Conn.ResetSession(ctx)
}

// sqlState is the SQLSTATE of an error, or empty.
func sqlState(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}
