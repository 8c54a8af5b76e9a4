package test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// rollingChains is how many clients refresh, one token after another, while
// nodes are replaced.
const rollingChains = 4

// A rolling restart behind a load balancer loses no request: a node that is told
// to stop says so, and goes on until nothing more is sent to it.
func TestARollingRestartLosesNoRequest(t *testing.T) {
	t.Parallel()
	front := testenv.FreeAddress(t)
	in := &installation{database: testenv.Postgres(t), redis: testenv.StartRedis(t)}
	in.add(testenv.StartLatchkey(t, testenv.Latchkey{
		Database: in.database, Redis: in.redis.URL, Issuer: "http://" + front, Config: clients + "timeouts: {drain: 2s}\n",
	}))
	in.add(in.nodes[0].Peer(t))
	balancer := testenv.StartHAProxy(t, front, in.nodes[0].Address, in.nodes[1].Address)
	balanced := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: testenv.Patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(balanced.CloseIdleConnections)
	balancer.Await(2)
	b, wiki := in.signedIn(t), in.client("wiki")

	var asked atomic.Int64
	over := make(chan struct{})
	var load sync.WaitGroup
	for range rollingChains {
		token := wiki.tokens(t, balanced, b).RefreshToken
		load.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				next := wiki.refresh(balanced, token)
				if next.Status != http.StatusOK {
					t.Errorf("a refresh during the rolling restart: %s", next)
					return
				}
				token = next.RefreshToken
				asked.Add(1)
			}
		})
	}
	jwks := in.nodes[0].Issuer + "/jwks"
	load.Go(func() {
		for {
			select {
			case <-over:
				return
			default:
			}
			response, err := balanced.Get(jwks)
			if err != nil {
				t.Errorf("the keys during the rolling restart: %v", err)
				return
			}
			response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Errorf("the keys during the rolling restart: %d", response.StatusCode)
			}
		}
	})
	for _, node := range in.nodes {
		before := asked.Load()
		node.Stop()
		node.Start()
		if asked.Load() == before {
			t.Error("nothing was refreshed while the other node served alone")
		}
		balancer.Await(2)
	}
	close(over)
	load.Wait()
}
