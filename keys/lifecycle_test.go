package keys

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/latchkey-id/latchkey/storage"
)

const day = 24 * time.Hour

func TestPlan(t *testing.T) {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	key := func(slot int, signsFrom, signsUntil time.Duration) storage.SigningKey {
		k := storage.SigningKey{ID: string(rune('a' + slot)), Alg: ES256, Slot: slot, SignsFrom: now.Add(signsFrom)}
		if signsUntil != 0 {
			k.SignsUntil, k.ExpiresAt = now.Add(signsUntil), now.Add(signsUntil+testPolicy.KeepAfter)
		}
		return k
	}
	for name, test := range map[string]struct {
		ring        []storage.SigningKey
		activations []activation
		retirements []retirement
	}{
		"no key: the first signs at once": {
			activations: []activation{{ES256, 1, now}},
		},
		"a young key: nothing is due": {
			ring: []storage.SigningKey{key(1, -day, 0)},
		},
		"just before a successor is due": {
			ring: []storage.SigningKey{key(1, -29*day+time.Second, 0)},
		},
		"a successor is due: it signs at the handover": {
			ring:        []storage.SigningKey{key(1, -29*day, 0)},
			activations: []activation{{ES256, 2, now.Add(day)}},
		},
		"nobody was there for long: the successor is published ahead all the same": {
			ring:        []storage.SigningKey{key(1, -300*day, 0)},
			activations: []activation{{ES256, 2, now.Add(day)}},
		},
		"a node stopped between its writes: the predecessor is retired": {
			ring:        []storage.SigningKey{key(2, day, 0), key(1, -29*day, 0)},
			retirements: []retirement{{key(1, 0, 0).ID, now.Add(day), now.Add(day + 12*time.Hour)}},
		},
		"both know": {
			ring: []storage.SigningKey{key(1, -29*day, day), key(2, day, 0)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			activations, retirements := plan(now, test.ring, testPolicy)
			if diff := cmp.Diff(test.activations, activations); diff != "" {
				t.Errorf("activations (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.retirements, retirements); diff != "" {
				t.Errorf("retirements (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPublished(t *testing.T) {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		expires time.Time
		want    bool
	}{
		"without an end": {time.Time{}, true},
		"before its end": {now.Add(time.Second), true},
		"at its end":     {now, false},
	} {
		if published(now, storage.SigningKey{ExpiresAt: test.expires}) {
			t.Errorf("%s: published without its private part", name)
		}
		if got := published(now, storage.SigningKey{Sealed: "v1", ExpiresAt: test.expires}); got != test.want {
			t.Errorf("%s: published = %v", name, got)
		}
	}
}

func TestRingPolicyIsChecked(t *testing.T) {
	for name, change := range map[string]func(*RingPolicy){
		"no algorithm":        func(p *RingPolicy) { p.Algs = nil },
		"unknown algorithm":   func(p *RingPolicy) { p.Algs = []string{"HS256"} },
		"signs too short":     func(p *RingPolicy) { p.SignFor = p.PublishAhead },
		"not published ahead": func(p *RingPolicy) { p.PublishAhead = 0 },
		"not kept":            func(p *RingPolicy) { p.KeepAfter = 0 },
		"polls too seldom":    func(p *RingPolicy) { p.Poll = p.PublishAhead/2 + 1 },
	} {
		policy := testPolicy
		change(&policy)
		if _, err := NewRing(RingConfig{Policy: policy}); err == nil {
			t.Errorf("%s: NewRing took it", name)
		}
	}
}
