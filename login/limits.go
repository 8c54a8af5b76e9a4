package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

// attempt counts a sign-in attempt, before anything is compared (requirement
// TH2), and refuses it when its account, as seen from its address, or its
// address has had too many. The account counts in canonical form, known or not,
// and only together with the address: nobody can lock an owner out from
// elsewhere (requirement TH3). Without its store nobody gets in (TH5).
func (p *Pages) attempt(ctx context.Context, username string) error {
	limits, bucket := p.cfg.Limits, web.AddressBucket(web.ClientAddress(ctx))
	account := p.cfg.Hasher.Sum("limit", "sign-in", storage.CanonicalIdentifier(username), bucket)
	for _, limit := range []struct {
		key string
		max int
	}{
		{"limit:sign-in:account:" + account, limits.PerAccount},
		{"limit:sign-in:address:" + p.cfg.Hasher.Sum("limit", "address", bucket), limits.PerAddress},
	} {
		n, err := p.cfg.Ephemeral.Count(ctx, limit.key, limits.Window)
		if err != nil {
			return unavailable("count sign-in attempt", err)
		}
		if n > int64(limit.max) {
			return tooMany(limits.Window, fmt.Errorf("attempt %d of %d in %s", n, limit.max, limits.Window))
		}
	}
	return nil
}

// tooMany refuses an attempt until the window is over.
func tooMany(window time.Duration, cause error) error {
	return &web.Error{
		Status: http.StatusTooManyRequests, Key: "too_many_attempts", RetryAfter: window,
		Title:  "Too many attempts",
		Detail: "There were too many attempts to sign in. Wait a few minutes, then try again.",
		Cause:  errors.Join(errors.New("sign-in limited"), cause),
	}
}
