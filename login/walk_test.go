package login

import (
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"pgregory.net/rapid"
)

// TestPA5_RandomWalks lets things happen in any order, to clients that ask for
// different things: what no list of states thought of.
func TestPA5_RandomWalks(t *testing.T) {
	all := happenings()
	for name, client := range map[string]func(*client.Client){
		"asks for nothing": nil,
		"asks for a factor, consent and a confirmed address": func(c *client.Client) {
			c.RequireMFA, c.Consent, c.RequireVerifiedEmail = true, client.ConsentRemember, true
		},
		"asks for consent each time": func(c *client.Client) { c.Consent = client.ConsentAlways },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stage := newStage(t, client)
			rapid.Check(t, func(r *rapid.T) {
				p := stage.play(t, cast{guarded: rapid.Bool().Draw(r, "guarded"), unverified: rapid.Bool().Draw(r, "unverified")})
				tabs := []*tab{p.tab}
				for range rapid.IntRange(5, 25).Draw(r, "steps") {
					if p.s.clock.Now().Sub(p.began) > 45*time.Minute {
						break // an hour ends interactions and sessions
					}
					p.tab = rapid.SampledFrom(tabs).Draw(r, "tab")
					way := rapid.IntRange(0, 9).Draw(r, "way")
					e := all[rapid.IntRange(0, len(all)-1).Draw(r, "what")]
					switch {
					case e.posts && way == 0:
						p.sender = p.theirs
					case e.posts && way == 1:
						p.forged = true
					}
					p.happen(e)
					p.sender, p.forged = nil, false
					if p.tab != tabs[len(tabs)-1] && len(tabs) < 4 && e.opens {
						tabs = append(tabs, p.tab)
					}
				}
			})
		})
	}
}
