package op

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

// interactionLifetime is how long a person may take to sign in.
const interactionLifetime = time.Hour

// The purposes of keyed hashes, shared with package login.
const (
	interactionPurpose = "interaction"
	browserPurpose     = "browser"
)

const (
	// pendingWindow is the time over which sign-ins started by one address are counted.
	pendingWindow            = time.Hour
	defaultPendingPerAddress = 1000
)

// interactionIDLength is that of web.NewSecret.
const interactionIDLength = 43

func interactionKey(hash string) string { return "interaction:" + hash }

// startInteraction stores a request that waits for a person, bound to the
// browser that made it (requirement AZ3).
func (p *Provider) startInteraction(w http.ResponseWriter, r *http.Request, in *storage.Interaction) error {
	in.ID = web.NewSecret()
	in.BrowserHash = p.cfg.Hasher.Sum(browserPurpose, p.cfg.Cookies.EnsureBrowser(w, r))
	value, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode interaction: %w", err)
	}
	key := interactionKey(p.cfg.Hasher.Sum(interactionPurpose, in.ID))
	if err := p.cfg.Ephemeral.Put(r.Context(), key, value, interactionLifetime); err != nil {
		return unavailable("keep interaction", err)
	}
	return nil
}

// countPending refuses an address that starts more sign-ins than people could
// (requirement DS3).
func (p *Provider) countPending(ctx context.Context) error {
	key := "pending:" + network(web.ClientAddress(ctx))
	started, err := p.cfg.Ephemeral.Count(ctx, key, pendingWindow)
	if err != nil {
		return unavailable("count pending sign-ins", err)
	}
	if started <= p.cfg.PendingPerAddress {
		return nil
	}
	return &web.Error{
		Status: http.StatusTooManyRequests, Key: "too_many_pending",
		Title:      "Too many sign-ins at once",
		Detail:     "Too many sign-ins were started from your network. Please try again later.",
		RetryAfter: pendingWindow,
		Cause:      fmt.Errorf("%d sign-ins pending for %s", started, key),
	}
}

// network is what an address is counted as: of IPv6 the /64, which is what one
// customer has (security.md 2.6).
func network(address netip.Addr) string {
	address = address.Unmap()
	if address.Is6() {
		if prefix, err := address.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return address.String()
}

// loadInteraction returns the interaction of the id with the key it is kept under.
func (p *Provider) loadInteraction(ctx context.Context, id string) (*storage.Interaction, string, error) {
	if len(id) != interactionIDLength {
		return nil, "", storage.ErrNotFound
	}
	for _, hash := range p.cfg.Hasher.Sums(interactionPurpose, id) {
		value, err := p.cfg.Ephemeral.Get(ctx, interactionKey(hash))
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, "", unavailable("load interaction", err)
		}
		in := &storage.Interaction{ID: id}
		if err := json.Unmarshal(value, in); err != nil {
			return nil, "", fmt.Errorf("decode interaction: %w", err)
		}
		return in, interactionKey(hash), nil
	}
	return nil, "", storage.ErrNotFound
}

// belongsTo reports whether the interaction was started by the browser of the request.
func (p *Provider) belongsTo(in *storage.Interaction, r *http.Request) bool {
	secret := p.cfg.Cookies.Browser(r)
	return secret != "" && p.cfg.Hasher.Verify(in.BrowserHash, browserPurpose, secret)
}
