package sqlstore

import "context"

// Server is what a database server says of itself.
type Server struct {
	// Version is PostgreSQL's server_version_num, such as 170002.
	Version int
	// Connections are how many clients may have at once, without those that are kept for
	// superusers.
	Connections int
}

// Server asks the database server what it is; nil where there is none, as with SQLite.
func (s *Store) Server(ctx context.Context) (*Server, error) {
	if s.dialect == sqliteDB {
		return nil, nil
	}
	var found Server
	err := s.row(ctx, s.read, `SELECT current_setting('server_version_num')::int, current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int`,
		nil, &found.Version, &found.Connections)
	return &found, wrap("ask the server of its limits", err)
}
