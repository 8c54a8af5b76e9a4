package interaction

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

// perBrowser is how many sign-ins one browser may have started at once, and how
// often it may start one more.
var perBrowser = storage.Bucket{Burst: 60, Every: time.Minute}

// admit is the rate limit on starting (requirement DS3). A browser that has a
// cookie of ours is counted by itself first, so that one that goes wild spends
// nothing of its neighbors', and all together by their network address. Both are
// buckets that refill: nobody can push out how long others wait (requirement LK1).
func (s *Store) admit(r *http.Request) error {
	if !web.Navigates(r) {
		return &web.Error{
			Status: http.StatusBadRequest, Key: "request_unreadable",
			Title:  "This address cannot be read",
			Detail: "The application that sent you here made a mistake. Please go back to it and try again; if it stays, tell whoever runs it.",
			Cause:  errors.New("no navigation, says Fetch Metadata"),
		}
	}
	network := web.AddressBucket(web.ClientAddress(r.Context()))
	perNetwork := storage.Bucket{Burst: s.cfg.PendingPerAddress, Every: time.Hour / time.Duration(s.cfg.PendingPerAddress)}
	if secret := s.cfg.Cookies.Browser(r); secret != "" {
		if err := s.draw(r, "browser", secret, perBrowser); err != nil {
			return err
		}
	}
	return s.draw(r, "address", network, perNetwork)
}

// draw takes one token out of a bucket.
func (s *Store) draw(r *http.Request, by, name string, b storage.Bucket) error {
	wait, err := s.cfg.Counters.Draw(r.Context(), "pending:"+by+":"+s.cfg.Hasher.Sum("pending", by, name), b)
	if err != nil {
		return fmt.Errorf("count pending sign-ins: %w", err)
	}
	if wait <= 0 {
		return nil
	}
	return &web.Error{
		Status: http.StatusTooManyRequests, Key: "too_many_pending", RetryAfter: wait,
		Title:  "Too many sign-ins at once",
		Detail: "Too many sign-ins were started from your network. Please try again later.",
		Cause:  fmt.Errorf("limit of pending sign-ins by %s: wait %s", by, wait),
	}
}
