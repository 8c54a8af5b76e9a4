package sqlstore_test

import (
	"crypto/rand"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// BenchmarkRotate is the database's part of a refresh: one committed UPDATE.
func BenchmarkRotate(b *testing.B) {
	eachBench(b, func(b *testing.B, f *benchStore) {
		var next atomic.Int64
		b.RunParallel(func(pb *testing.PB) {
			id := f.grants[next.Add(1)]
			for generation := uint32(1); pb.Next(); generation++ {
				_, err := f.store.Grants().Rotate(b.Context(), storage.Rotation{
					GrantID: id, ClientID: "wiki", Generation: generation, Salt: benchSalt, IdleLifetime: time.Hour,
				})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}

// BenchmarkCheck is the database's part of userinfo and introspection: one SELECT.
func BenchmarkCheck(b *testing.B) {
	eachBench(b, func(b *testing.B, f *benchStore) {
		var next atomic.Int64
		b.RunParallel(func(pb *testing.PB) {
			id := f.grants[next.Add(1)]
			for pb.Next() {
				if _, err := f.store.AccessTokens().Check(b.Context(), id, "jti", time.Now()); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}

// BenchmarkCreate is the database's part of a code exchange.
func BenchmarkCreate(b *testing.B) {
	eachBench(b, func(b *testing.B, f *benchStore) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				f.create(b)
			}
		})
	})
}

var benchSalt = []byte("0123456789abcdef")

type benchStore struct {
	store  *sqlstore.Store
	user   storage.ID
	grants []storage.ID
}

func eachBench(b *testing.B, bench func(*testing.B, *benchStore)) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": testenv.SQLite, "postgres": testenv.DurablePostgres} {
		b.Run(name, func(b *testing.B) {
			f := &benchStore{store: open(b, url(b), time.Now)}
			now := time.Now()
			f.user = newID(b)
			user := &storage.User{ID: f.user, Email: "ada@example.com", CreatedAt: now, UpdatedAt: now}
			if err := f.store.Users().Create(b.Context(), user, storage.Event{ID: newID(b), At: now}); err != nil {
				b.Fatal(err)
			}
			session := &storage.Session{SID: "s", UserID: f.user, SecretHash: "p1.s", Authentication: storage.Authentication{Time: now}, CreatedAt: now, LastSeenAt: now, IdleExpiresAt: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour)}
			if err := f.store.Sessions().Create(b.Context(), session, storage.SessionStart{}, storage.Event{ID: newID(b), At: now}); err != nil {
				b.Fatal(err)
			}
			b.SetParallelism(4)
			for range 64 {
				f.grants = append(f.grants, f.create(b))
			}
			b.ResetTimer()
			start := time.Now()
			bench(b, f)
			b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "op/s")
		})
	}
}

func (f *benchStore) create(b *testing.B) storage.ID {
	now := time.Now()
	g := &storage.Grant{
		ID: newID(b), ClientID: "wiki", UserID: f.user, SID: "s", CodeHash: fmt.Sprint("p1.", rand.Text()), Refreshable: true, Offline: true,
		Scopes: []string{"openid", "offline_access"}, Generation: 1, Salt: benchSalt, RotatedAt: now, CreatedAt: now,
		Authentication: storage.Authentication{Time: now}, IdleExpiresAt: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour),
	}
	if _, err := f.store.Grants().Create(b.Context(), g, storage.GrantStart{Subject: string(f.user)}, storage.Event{ID: newID(b), At: now, Type: storage.EventGrantIssued}); err != nil {
		b.Error(err)
	}
	return g.ID
}

func newID(b *testing.B) storage.ID {
	id, err := storage.NewID(time.Now(), rand.Reader)
	if err != nil {
		b.Error(err)
	}
	return id
}
