package op

import (
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

// The rate limit of failed client authentication: as many in a row as a careless
// deployment makes, then one each so often. It counts a client id together with an
// address, so that nobody can keep a client out from elsewhere, and only failures,
// so that a client that knows its secret never meets it by itself.
const (
	authFailuresFree  = 50
	authFailureRefill = 2 * time.Second
	// maxAuthFailures bounds what is remembered; beyond it everything is forgotten.
	maxAuthFailures = 10_000
)

// failureLimit counts failures of this node. It is a brake on guessing a weak secret
// online, costs nothing where nobody fails, and needs no store.
type failureLimit struct {
	mu      sync.Mutex
	buckets map[failureKey]failureBucket
}

type failureKey struct {
	clientID string
	network  netip.Prefix
}

// failureBucket is how many failures are on record as of a moment.
type failureBucket struct {
	count float64
	at    time.Time
}

// of is what is left of the bucket at now: failures are forgiven one by one.
func (b failureBucket) of(now time.Time) float64 {
	return max(0, b.count-now.Sub(b.at).Seconds()/authFailureRefill.Seconds())
}

// wait is for how long the key is refused; zero lets it through.
func (l *failureLimit) wait(key failureKey, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	over := l.buckets[key].of(now) - (authFailuresFree - 1)
	if over <= 0 {
		return 0
	}
	return time.Duration(over * float64(authFailureRefill))
}

// fail counts a failure.
func (l *failureLimit) fail(key failureKey, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buckets == nil || len(l.buckets) >= maxAuthFailures {
		l.buckets = map[failureKey]failureBucket{}
	}
	l.buckets[key] = failureBucket{count: l.buckets[key].of(now) + 1, at: now}
}

// keyOf is what failures of the credentials from the address count for: of IPv6 the
// /64, which is what one customer has.
func failureKeyOf(clientID string, address netip.Addr) failureKey {
	address = address.Unmap()
	bits := address.BitLen()
	if address.Is6() {
		bits = 64
	}
	network, err := address.Prefix(bits)
	if err != nil {
		network = netip.Prefix{} // outside of a request
	}
	return failureKey{clientID: clientID, network: network}
}

// errTooManyFailures refuses a client unheard.
func errTooManyFailures(wait time.Duration) error {
	seconds := int64((wait + time.Second - 1) / time.Second)
	return &Error{
		Code: codeInvalidClient, Description: "too many failed attempts, try again later", Status: http.StatusTooManyRequests,
		Header: http.Header{"Retry-After": {strconv.FormatInt(seconds, 10)}}, Cause: errors.New("the limit of failed client authentication"),
	}
}
