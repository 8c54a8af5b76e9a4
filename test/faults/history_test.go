package faults

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// history is what is known of one chain: a code, and the tokens that came of it.
type history struct {
	rules rules
	// redeemed counts how often a code was, successors what came of each refresh token.
	redeemed   map[string]int
	successors map[string]string
	// doubted says that more than one exchange of its code was sent, which may end it.
	doubted bool
	// ending is when its client, or its person, first asked to end it, ended when
	// that was first answered; zero is never. revoked is the same of access tokens.
	ending, ended time.Duration
	revoking      map[string]time.Duration
	revoked       map[string]time.Duration
	// exchangeLost says that an exchange was not answered: its code may be spent.
	exchangeLost bool
}

func newHistory(r rules) *history {
	return &history{
		rules: r, redeemed: map[string]int{}, successors: map[string]string{},
		revoking: map[string]time.Duration{}, revoked: map[string]time.Duration{},
	}
}

// judge takes the next call of the chain and says what may not be.
func (h *history) judge(c *call) (wrong []string) {
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	switch c.What {
	case authorize:
		if c.Status != 0 && !c.passing() && c.Error != "" && c.Error != "temporarily_unavailable" && h.ending == 0 {
			complain("a session is over that nobody ended")
		}
		if c.Code != "" && h.isEnded(c) {
			complain("a code for a session that was ended")
		}
	case exchange:
		wrong = append(wrong, h.exchanged(c)...)
	case refresh:
		wrong = append(wrong, h.refreshed(c)...)
	case introspect, userinfo:
		wrong = append(wrong, h.asked(c)...)
	case revoke, signOut:
		h.end(c)
	case verified:
		if c.Status != http.StatusOK {
			complain("a signature that no published key made: %s", c.Error)
		}
	}
	return wrong
}

func (h *history) isEnded(c *call) bool { return h.ended > 0 && c.Sent >= h.ended }

// mayHaveEnded reports whether somebody may have ended the chain before c was answered.
func (h *history) mayHaveEnded() bool { return h.doubted || h.ending > 0 }

func (h *history) exchanged(c *call) (wrong []string) {
	h.doubted = h.doubted || c.Twin || h.exchangeLost
	switch {
	case c.Status == http.StatusOK:
		if h.redeemed[c.Shown]++; h.redeemed[c.Shown] > 1 {
			wrong = append(wrong, "a code was redeemed twice")
		}
	case c.passing():
		h.exchangeLost = h.exchangeLost || c.Lost != ""
	case !h.doubted && !h.rules.CodesMayBeLost:
		wrong = append(wrong, "a good code was refused")
	}
	return wrong
}

func (h *history) refreshed(c *call) (wrong []string) {
	switch {
	case c.Status == http.StatusOK:
		if h.isEnded(c) {
			wrong = append(wrong, "a revoked chain was refreshed")
		}
		if before, ok := h.successors[c.Shown]; ok && !sameToken(before, c.Refresh) {
			wrong = append(wrong, "a refresh token has two successors")
		}
		h.successors[c.Shown] = c.Refresh
		if generation(c.Refresh) != generation(c.Shown)+1 {
			wrong = append(wrong, fmt.Sprintf("generation %d was followed by %d", generation(c.Shown), generation(c.Refresh)))
		}
	case !c.passing() && !h.mayHaveEnded():
		wrong = append(wrong, "an honest chain was ended")
	}
	return wrong
}

// asked judges an answer about an access token.
func (h *history) asked(c *call) (wrong []string) {
	if c.passing() {
		return nil
	}
	alive := c.Status == http.StatusOK && (c.Active || c.What == userinfo)
	_, mayBeRevoked := h.revoking[c.Shown]
	since, isRevoked := h.revoked[c.Shown]
	switch {
	case alive && (h.isEnded(c) || isRevoked && c.Sent >= since):
		return []string{"a revocation was lost"}
	case !alive && !mayBeRevoked && !h.mayHaveEnded():
		return []string{"a good access token was refused"}
	}
	return nil
}

// end takes a call that ends something. Answered means done.
func (h *history) end(c *call) {
	if c.What == revoke && !strings.HasPrefix(c.Shown, refreshPrefix) {
		if _, ok := h.revoking[c.Shown]; !ok {
			h.revoking[c.Shown] = c.Sent
		}
		if _, ok := h.revoked[c.Shown]; !ok && c.Status == http.StatusOK {
			h.revoked[c.Shown] = c.Got
		}
		return
	}
	if h.ending == 0 {
		h.ending = c.Sent
	}
	if h.ended == 0 && c.Status == http.StatusOK {
		h.ended = c.Got
	}
}

const refreshPrefix = "lkr_"

// generation reads from a refresh token which generation of its grant it is: see
// op's refreshToken for the form.
func generation(token string) uint32 {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, refreshPrefix))
	if err != nil || len(b) < 25 {
		return 0
	}
	return binary.BigEndian.Uint32(b[21:25])
}

// sameToken reports whether two spellings are of one token. Two nodes that use
// different hash keys, while one is rolled, spell it differently, and take both.
func sameToken(a, b string) bool {
	key := func(token string) string { return token[:min(len(token), len(refreshPrefix)+6)] } // version and tag
	if key(a) == key(b) {
		return a == b
	}
	return grantID(a) == grantID(b) && generation(a) == generation(b)
}

// grantID reads from a refresh token whose it is.
func grantID(token string) storage.ID {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, refreshPrefix))
	if err != nil || len(b) < 25 {
		return ""
	}
	return storage.IDFromBytes([16]byte(b[5:21]))
}
