package flash

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
)

// handedFor is for how long a page shows a secret that was just made.
const handedFor = 2 * time.Minute

// handed is a secret on its way to the page that shows it.
type handed struct {
	Shown string    `json:"shown"`
	Until time.Time `json:"until"`
}

// Hand sends the browser on to a page of ours that shows a secret which was just made,
// such as that of a client (Post/Redirect/Get): going back or reloading makes no second
// one. The secret is in no store and no address (requirement OT3): the browser itself
// carries it, sealed, in a cookie that scripts cannot read, for as long as the page shows it.
func (s *Store) Hand(w http.ResponseWriter, r *http.Request, page, secret string) error {
	to, err := url.Parse(page)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(handed{secret, s.cfg.Now().Add(handedFor)})
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	sealed, err := s.cfg.Sealer.Seal(raw, place(handedName(s.cfg.Cookies.Browser(r), to.Path)))
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	if len(sealed) > maxCookie {
		return fmt.Errorf("a secret of %d bytes is too long for a cookie", len(sealed))
	}
	s.cfg.Cookies.Set(w, web.CookieHanded, sealed, handedFor)
	http.Redirect(w, r, page, http.StatusSeeOther)
	return nil
}

// Handed returns the secret that the page of the request shows; empty where there is
// none, it is another page's or another browser's, or its time is over.
func (s *Store) Handed(r *http.Request) string {
	sealed := s.cfg.Cookies.Get(r, web.CookieHanded)
	if sealed == "" {
		return ""
	}
	var h handed
	raw, err := s.cfg.Sealer.Open(sealed, place(handedName(s.cfg.Cookies.Browser(r), r.URL.Path)))
	if err != nil || json.Unmarshal(raw, &h) != nil || !s.cfg.Now().Before(h.Until) {
		return ""
	}
	return h.Shown
}

// handedName binds a secret to its browser and page.
func handedName(browser, path string) string { return "handed " + id(browser, path, nil) }
