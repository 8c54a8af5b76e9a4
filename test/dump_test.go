package test

import (
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestRF1_NothingInAStolenDatabaseIsAToken takes every value out of the database
// of two nodes and tries it for a token, as it is.
func TestRF1_NothingInAStolenDatabaseIsAToken(t *testing.T) {
	t.Parallel()
	in := startShared(t, 1)
	wiki, b := in.client("wiki"), in.signedIn(t)
	tokens := wiki.tokens(t, in.http(0), b)
	tokens = must(t, wiki.refresh(in.http(0), tokens.RefreshToken))

	values := everyValue(t, in.database)
	if len(values) < 50 {
		t.Fatalf("the database holds only %d values", len(values))
	}
	for _, value := range values {
		for _, secret := range []string{tokens.AccessToken, tokens.RefreshToken} {
			if strings.Contains(value, secret) {
				t.Fatal("a token is in the database")
			}
		}
		if a := wiki.refresh(in.http(0), value); a.Lost != nil || a.Status != http.StatusBadRequest {
			t.Errorf("%.80q as a refresh token is answered %s", value, a)
		}
		if a := wiki.introspect(in.http(0), value); a.Lost != nil || a.Active {
			t.Errorf("%.80q is introspected: %s, active %v", value, a, a.Active)
		}
	}
	must(t, wiki.refresh(in.http(0), tokens.RefreshToken)) // nothing that was tried ended the grant
}

// everyValue returns the different values of all columns of all tables, as text.
func everyValue(t *testing.T, database string) []string {
	t.Helper()
	db, err := sql.Open("pgx", database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tables := column(t, db, `SELECT quote_ident(table_name) FROM information_schema.tables WHERE table_schema = 'public'`)
	seen := map[string]bool{"": true}
	var values []string
	for _, table := range tables {
		cells := column(t, db, fmt.Sprintf(`SELECT cell.value FROM %s AS r, jsonb_each_text(to_jsonb(r)) AS cell WHERE cell.value IS NOT NULL`, table))
		for _, value := range cells {
			if !seen[value] {
				seen[value] = true
				values = append(values, value)
			}
		}
	}
	return values
}

// column returns the only column of a query.
func column(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var values []string
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		values = append(values, value)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return values
}
