package sqlstore_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/uptrace/bun"
)

var updatePlans = flag.Bool("update", false, "write the plans of queries to testdata/plans.txt")

const plansFile = "testdata/plans.txt"

// loaded is how many rows each big table has.
const loaded = 100_000

// small are the tables that stay small: one row a node, a key, a job, a mark, a
// configuration of the last month, or a client that is gone.
// The queues are small while their workers run.
var small = []string{"jobs", "signing_keys", "installation", "audit_marks", "audit_queue", "nodes", "configurations", "removed_clients", "locked_clients", "event_feeds", "daily_numbers_place"}

// whole are the methods that may read all of a table, and why.
var whole = map[string]string{
	"Users.SampleForeignHashes: users":   "counts everybody, in the background, while some have a hash of another system",
	"Numbers.Adopt: users":               "counts everybody once an hour, in the background",
	"Numbers.Adopt: credentials":         "counts the factors of everybody once an hour, in the background",
	"Users.RaiseEpoch: users":            "is about everybody, after a restore",
	"Users.RaiseEpoch: sessions":         "ends all of them, after a restore",
	"Users.RaiseEpoch: grants":           "revokes all of them, after a restore",
	"Users.RaiseEpoch: trusted_devices":  "forgets all of them, after a restore",
	"Users.RaiseEpoch: invitations":      "voids all of them, after a restore",
	"Users.RaiseEpoch: former_addresses": "voids the right to all of them, after a restore",
}

// waiting are the indexes that hold only rows that wait: to read all of one is to
// read what is looked for.
var waiting = []string{"deliveries_due"}

// TestQueryPlans holds what PostgreSQL does for every query of every repository
// and job, among 100,000 rows a table, against a list of what is allowed: the
// indexes that it goes by. A whole table is read by none, whatever the list says.
// A method that is new has to be called here; run with -update for its plans.
func TestQueryPlans(t *testing.T) {
	t.Parallel()
	db := newServer(t)
	s := db.open(t, func(c *sqlstore.Config) { c.Timeout, c.StatementTimeout = 5*time.Minute, 10*time.Minute })
	p := &planner{t: t, found: map[string]map[string]bool{}, seen: map[string]bool{}}
	var err error
	// Arguments in the text: planned for the values, as the first executions are.
	if p.db, err = sql.Open("pgx", db.url+"&default_query_exec_mode=simple_protocol"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.db.Close() })
	c := newPlanCalls(t, s)
	loadRows(t, db)
	s.Watch(p.explain)

	calls := c.calls()
	// It changes every row, so it comes last.
	const last = "Users.RaiseEpoch"
	names := slices.DeleteFunc(repositoryMethods(s), func(name string) bool { return name == last })
	for _, name := range append(names, last) {
		call := calls[name]
		if call == nil {
			t.Errorf("%s has no call here, so nobody knows its plans", name)
			continue
		}
		delete(calls, name)
		p.method = name
		p.found[name] = map[string]bool{}
		if err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name := range calls {
		t.Errorf("%s is called here, and is no method", name)
	}
	if *updatePlans {
		p.write(readPlans(t))
	}
	p.compare(readPlans(t))
}

// repositoryMethods are the names of all methods that query, "Users.ByID".
func repositoryMethods(s *sqlstore.Store) []string {
	names := []string{"Store.Sweep", "Store.CheckWritable", "Store.ClockOffset"}
	store := reflect.ValueOf(s)
	for i := range store.NumMethod() {
		typ := store.Method(i).Type()
		if typ.NumIn() != 0 || typ.NumOut() != 1 || typ.Out(0).Kind() != reflect.Pointer || !strings.HasSuffix(typ.Out(0).Elem().PkgPath(), "/sqlstore") {
			continue
		}
		for j := range typ.Out(0).NumMethod() {
			if name := typ.Out(0).Method(j).Name; name != "Ping" {
				names = append(names, typ.Out(0).Elem().Name()+"."+name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// planner asks for the plan of each statement before it runs.
type planner struct {
	t      *testing.T
	db     *sql.DB
	method string
	found  map[string]map[string]bool // method -> how it reads tables
	seen   map[string]bool
}

// planNode is what EXPLAIN says of a step.
type planNode struct {
	NodeType  string     `json:"Node Type"`
	Relation  string     `json:"Relation Name"`
	Index     string     `json:"Index Name"`
	IndexCond string     `json:"Index Cond"`
	Plans     []planNode `json:"Plans"`
}

func (p *planner) explain(ctx context.Context, _ bun.IDB, text string, args []any) {
	if p.seen[p.method+text] || strings.HasPrefix(text, "SET ") {
		return
	}
	p.seen[p.method+text] = true
	var out []byte
	if err := p.db.QueryRowContext(ctx, "EXPLAIN (FORMAT JSON) "+text, args...).Scan(&out); err != nil {
		p.t.Errorf("%s: explain %s: %v", p.method, text, err)
		return
	}
	var plans []struct{ Plan planNode }
	if err := json.Unmarshal(out, &plans); err != nil {
		p.t.Fatal(err)
	}
	p.walk(plans[0].Plan, "", false, text)
}

// walk notes how a step and those beneath it read tables.
func (p *planner) walk(n planNode, relation string, limited bool, text string) {
	if n.Relation != "" {
		relation = n.Relation
	}
	limited = limited || n.NodeType == "Limit"
	switch {
	case (n.NodeType == "Seq Scan" || n.Index != "" && n.IndexCond == "") && whole[p.method+": "+n.Relation] != "":
		p.found[p.method][n.Relation+": all"] = true
	case n.NodeType == "Seq Scan" && !slices.Contains(small, n.Relation):
		p.t.Errorf("%s reads all of %s: %s", p.method, n.Relation, text)
	case n.NodeType == "Seq Scan":
		p.found[p.method][n.Relation+": all"] = true
	case n.Index != "" && n.IndexCond == "" && !slices.Contains(small, relation):
		if !limited && !slices.Contains(waiting, n.Index) {
			p.t.Errorf("%s reads all of %s through %s: %s", p.method, relation, n.Index, text)
		}
		p.found[p.method][relation+": "+n.Index+" from its beginning"] = true
	case n.Index != "":
		p.found[p.method][relation+": "+n.Index] = true
	}
	for _, child := range n.Plans {
		p.walk(child, relation, limited, text)
	}
}

// compare holds what was found against what is allowed.
func (p *planner) compare(allowed map[string][]string) {
	for method, found := range p.found {
		list, known := allowed[method]
		if !known {
			p.t.Errorf("%s is not in %s: run with -update, and look at what it does", method, plansFile)
			continue
		}
		for how := range found {
			// A small table may be read either way: it fits in a page.
			table, _, _ := strings.Cut(how, ":")
			if !slices.Contains(list, how) && !slices.Contains(small, table) {
				p.t.Errorf("%s reads %q, which %s does not allow it: %v", method, how, plansFile, list)
			}
		}
	}
}

// write adds what was found to what is allowed: where two indexes do as well, the
// planner takes now one and now the other. What should not be is taken out by hand.
func (p *planner) write(allowed map[string][]string) {
	for method, found := range p.found {
		for _, how := range allowed[method] {
			found[how] = true
		}
	}
	var out bytes.Buffer
	fmt.Fprintln(&out, "# How PostgreSQL may read tables for each method of a repository: \"table: index\".")
	fmt.Fprintln(&out, "# Added to by go test ./storage/sqlstore -run TestQueryPlans -update; judged by people.")
	for _, method := range slices.Sorted(maps.Keys(p.found)) {
		fmt.Fprintf(&out, "\n%s\n", method)
		for _, how := range slices.Sorted(maps.Keys(p.found[method])) {
			fmt.Fprintf(&out, "    %s\n", how)
		}
	}
	if err := os.MkdirAll(filepath.Dir(plansFile), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(plansFile, out.Bytes(), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

func readPlans(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(plansFile)
	if err != nil {
		t.Fatal(err)
	}
	allowed, method := map[string][]string{}, ""
	for line := range strings.Lines(string(text)) {
		switch trimmed := strings.TrimSpace(line); {
		case trimmed == "" || strings.HasPrefix(trimmed, "#"):
		case strings.HasPrefix(line, " "):
			allowed[method] = append(allowed[method], trimmed)
		default:
			method = trimmed
			allowed[method] = []string{}
		}
	}
	return allowed
}

// rowID is the id of a row that was loaded, in SQL over n.
const rowID = `lpad(to_hex(n), 32, '0')`

// loadRows fills every big table, a row for each person.
func loadRows(t *testing.T, db server) {
	t.Helper()
	future := time.Now().Add(365 * 24 * time.Hour).UnixMicro()
	load := func(into, columns, values string) {
		t.Helper()
		db.do(t, fmt.Sprintf(`INSERT INTO %s (%s) SELECT %s FROM generate_series(1, %d) AS n`, into, columns, values, loaded))
	}
	load(`users`, `id, email, email_canonical, username, username_canonical, password_hash, password_scheme, created_at, updated_at`,
		rowID+`, 'u' || n || '@example.com', 'u' || n || '@example.com', 'u' || n, 'u' || n, '$argon2id$' || n,
			CASE WHEN n % 1000 = 0 THEN 'pbkdf2_sha256$' ELSE '$argon2id$' END, 0, 0`)
	load(`former_addresses`, `user_id, epoch, email, moved_at`, rowID+`, 0, 'f' || n || '@example.com', 0`)
	db.do(t, `UPDATE users SET email_epoch = 1`)
	load(`user_roles`, `user_id, role, granted_at`, rowID+`, 'role' || n % 10, 0`)
	load(`provisioned`, `user_id, source, user_name, user_name_canonical, external_id, email_canonical, created_at, updated_at`,
		rowID+`, 'scim:' || n % 10, 'u' || n, 'u' || n, 'x' || n, 'u' || n || '@example.com', 0, 0`)
	load(`groups`, `id, name, canonical, source, external_id, created_at, updated_at`, rowID+`, 'g' || n, 'g' || n, 'scim:' || n % 10, 'x' || n, 0, 0`)
	load(`group_members`, `group_id, user_id, added_at`, rowID+`, `+rowID+`, 0`)
	load(`group_roles`, `group_id, role, granted_at`, rowID+`, 'role' || n % 10, 0`)
	load(`sessions`, `sid, user_id, secret_hash, auth_time, acr, amr, created_at, last_seen_at, idle_expires_at, expires_at, user_agent, address`,
		fmt.Sprintf(rowID+`, `+rowID+`, 's' || n, 0, 'aal1', 'pwd', 0, 0, %d + n, %d + n, '', ''`, future, future))
	load(`session_clients`, `sid, client_id, sub, created_at`, rowID+`, 'client' || n % 1000, 'sub', 0`)
	load(`grants`, `id, client_id, user_id, sid, code_hash, scopes, auth_time, acr, amr, offline, refreshable, generation, salt, rotated_at, created_at, idle_expires_at, expires_at`,
		fmt.Sprintf(rowID+`, 'client' || n %% 1000, `+rowID+`, `+rowID+`, 'c' || n, 'openid', 0, 'aal1', 'pwd', n %% 2 = 0, TRUE, 1, '\x30313233343536373839616263646566', 0, 0, %d + n, %d + n`, future, future))
	load(`revoked_access_tokens`, `jti, expires_at`, fmt.Sprintf(`'j' || n, %d + n`, future))
	load(`consents`, `user_id, client_id, scope, granted_at`, rowID+`, 'client' || n % 1000, 'openid', 0`)
	load(`credentials`, `id, user_id, kind, name, secret, external_id, public_part, counter, created_at`,
		rowID+`, `+rowID+`, 'totp', 'phone', '', 'x' || n, '', 0, n`)
	load(`recovery_codes`, `user_id, hash, created_at`, rowID+`, 'h' || n, 0`)
	load(`lockouts`, `user_id, kind, failures, updated_at`, fmt.Sprintf(rowID+`, 'totp', n %% 100, %d + n`, future))
	load(`trusted_devices`, `id, user_id, secret_hash, password_epoch, acr, user_agent, address, created_at, last_used_at, expires_at`,
		fmt.Sprintf(rowID+`, `+rowID+`, 'd' || n, 0, 'aal2', '', '', 0, 0, %d + n`, future))
	load(`invitations`, `id, token_hash, email, email_canonical, created_at, expires_at`,
		fmt.Sprintf(rowID+`, 't' || n, '', 'i' || n || '@example.com', 0, %d + n`, future))
	load(`clients`, `id, metadata, source, registration_hash, created_at, updated_at, ends_at`,
		fmt.Sprintf(`'client' || n, '{}', CASE WHEN n %% 100 = 0 THEN 'administrator' ELSE 'open' END, 'r' || n, 0, 0, CASE WHEN n %% 100 <> 0 THEN %d + n END`, future))
	load(`client_names`, `kind, name, client_id`, `CASE WHEN n % 2 = 0 THEN 'origin' ELSE 'scope' END, 'name' || n % 1000, 'client' || n`)
	load(`registration_tokens`, `id, token_hash, uses_left, created_at, expires_at`, fmt.Sprintf(rowID+`, 't' || n, 1, 0, %d + n`, future))
	load(`deliveries`, `id, topic, kind, user_id, priority, sealed, composed, status, next_at, created_at, done_at`,
		fmt.Sprintf(rowID+`, 'email', 'test', `+rowID+`, 0, '', TRUE, CASE WHEN n %% 1000 = 0 THEN 'failed' ELSE 'sent' END, 0, 0, %d + n`, future))
	load(`daily_numbers`, `day, kind, label, n`, fmt.Sprintf(`%d + n, 'client_failed', 'client' || n, 1`, future))
	load(`ephemeral`, `key, value, expires_at`, fmt.Sprintf(`'k' || n, '', %d + n`, future))
	load(`audit_events`, `id, version, at, type, actor_kind, actor_id, user_id, client_id, grant_id, sid, address, user_agent, request_id, identifier_hash, outcome, detail, personal_salt, personal_hash, mac`,
		rowID+`, 1, n, 'type' || n % 50, '', '', `+rowID+`, 'client' || n % 1000, '', '', '192.0.2.1', '', 'r' || n, '', 'success', '', '', '', 'p1.'`)
	// Before the chain's base: what stands there is a finding, and never read else.
	load(`audit_links`, `seq, id, chain`, `-n, `+rowID+`, 'p1.'`)
	db.do(t, `VACUUM ANALYZE`)
}
