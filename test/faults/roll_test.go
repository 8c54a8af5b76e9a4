package faults

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// secretKey spells a key of a list of secrets; a number makes its material.
func secretKey(n int, more string) string {
	key := sha256.Sum256(fmt.Append(nil, "key ", n))
	return fmt.Sprintf(`{id: k%d, key: "%s"%s}`, n, base64.StdEncoding.EncodeToString(key[:]), more)
}

// secrets is the configuration of hash and sealing keys.
func secrets(hash, sealing []string) string {
	return fmt.Sprintf("secrets:\n  hash_keys: [%s]\n  sealing_keys: [%s]\n", strings.Join(hash, ", "), strings.Join(sealing, ", "))
}

// TestKY5_EverythingIsRolled replaces keys and binary of three nodes, one after
// another, under load behind a balancer. Nothing fails that a standard client does
// not try again by itself, no grant ends, and no alarm is raised. People in the middle
// of something come to its end (see underWay).
func TestKY5_EverythingIsRolled(t *testing.T) {
	t.Parallel()
	hash, sealing := []string{secretKey(1, "")}, []string{secretKey(11, "")}
	database, mail := testenv.Postgres(t), testenv.StartMail(t, false, "", "")
	settings := mailTo(mail)
	in := startNodes(t, parts{database: database, redis: testenv.Redis(t), config: settings + secrets(hash, sealing)})
	in.onlyBalanced = true
	for _, f := range []struct {
		name string
		// roll replaces something, under the load of r; one node is new when halfWay is called.
		roll func(t *testing.T, r *run, halfWay func())
	}{
		{"a hash key that is used from a time on", func(t *testing.T, r *run, halfWay func()) {
			from := time.Now().Add(12 * time.Second).Truncate(time.Second).UTC()
			hash = append([]string{secretKey(2, ", use_from: "+from.Format(time.RFC3339))}, hash...)
			in.restart(t, settings+secrets(hash, sealing), halfWay)
			r.until("the new key makes tokens", func() bool { return in.tagged(r, 2) })
		}},
		{"a hash key that is used at once", func(t *testing.T, r *run, halfWay func()) {
			hash = append([]string{secretKey(3, "")}, hash...)
			in.restart(t, settings+secrets(hash, sealing), halfWay)
			r.until("the new key makes tokens", func() bool { return in.tagged(r, 2) })
		}},
		{"a sealing key", func(t *testing.T, _ *run, halfWay func()) {
			sealing = append([]string{secretKey(12, "")}, sealing...)
			in.restart(t, settings+secrets(hash, sealing), halfWay)
		}},
		{"a signing key", func(t *testing.T, r *run, _ func()) {
			in.nodes[0].Command("", "keys", "rotate", "--alg", "ES256")
			r.until("the new key signs", func() bool { return len(in.signers(r)) == 2 })
		}},
		{"the binary", func(t *testing.T, _ *run, halfWay func()) {
			// Another build, whose clock is right.
			another := testenv.SkewedBinary(t)
			for _, n := range in.nodes {
				n.Use(another)
			}
			in.restart(t, settings+secrets(hash, sealing), halfWay)
		}},
	} {
		t.Run(f.name, func(t *testing.T) {
			in.allReady(t)
			r := in.start(t)
			r.progress()
			people := &underWay{t: t, r: r, mail: mail, database: database}
			people.begin(f.name)
			f.roll(t, r, people.halfWay)
			people.end()
			r.progress()
			r.stop()
			r.judge(rules{Deadline: deadline, Calm: true})
			in.audit(t, r.journal.all())
		})
	}
}

// restart gives each node another configuration, and starts it again, while the
// others serve. When the first of them is new halfWay is called.
func (in *installation) restart(t *testing.T, config string, halfWay func()) {
	t.Helper()
	for i, n := range in.nodes {
		n.Configure(common + config)
		n.Stop()
		n.Start()
		in.balancer.Await(len(in.nodes))
		if i == 0 {
			halfWay()
		}
	}
}

// tagged reports whether refresh tokens of a run name so many keys: see op's
// refreshToken for the form.
func (in *installation) tagged(r *run, keys int) bool {
	tags := map[string]bool{}
	for _, c := range r.journal.all() {
		if b, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(c.Refresh, refreshPrefix)); err == nil && len(b) > 5 {
			tags[string(b[1:5])] = true
		}
	}
	return len(tags) == keys
}

// signers are the keys that signed the ID tokens of a run.
func (in *installation) signers(r *run) (headers []string) {
	for _, c := range r.journal.all() {
		if header, _, ok := strings.Cut(c.IDToken, "."); ok && !slices.Contains(headers, header) {
			headers = append(headers, header)
		}
	}
	return headers
}
