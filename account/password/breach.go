package password

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-id/latchkey/internal/ident"
)

// BreachLookup asks a service whether a password is among those of known
// breaches, by k-anonymity: it sends the first five hexadecimal digits of the
// SHA-1 hash and compares the rest here, among some hundred answers, so that the
// service does not learn the password. It speaks the range API of Have I Been
// Pwned, which can be mirrored. It is off unless an administrator names a service.
type BreachLookup struct{ cfg BreachConfig }

// BreachConfig is what a [BreachLookup] is made of. Every field is required.
type BreachConfig struct {
	// URL is where ranges are, such as https://api.pwnedpasswords.com/range/.
	URL string
	// Client bounds how long an answer is waited for.
	Client *http.Client
	Log    *slog.Logger
}

// NewBreachLookup makes a BreachLookup.
func NewBreachLookup(cfg BreachConfig) *BreachLookup {
	cfg.URL = strings.TrimSuffix(cfg.URL, "/") + "/"
	return &BreachLookup{cfg}
}

// Breached reports whether a password is known to be breached. It fails open:
// where the service does not answer, the list that is built in has to do, and
// the log says so.
func (l *BreachLookup) Breached(ctx context.Context, password string) bool {
	found, err := l.ask(ctx, password)
	if err != nil {
		l.cfg.Log.WarnContext(ctx, "looking up a breached password failed; only the built-in list was checked", "error", err)
	}
	return found
}

const (
	rangePrefix   = 5       // hexadecimal digits that are told
	maxRangeBytes = 1 << 20 // ranges have some 40 KB
)

func (l *BreachLookup) ask(ctx context.Context, password string) (bool, error) {
	digest := sha1Hex(ident.NormalizePassword(password))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.cfg.URL+digest[:rangePrefix], nil)
	if err != nil {
		return false, fmt.Errorf("ask for a range: %w", err)
	}
	req.Header.Set("Add-Padding", "true") // or the answer's size would tell the range
	req.Header.Set("User-Agent", "Latchkey")
	response, err := l.cfg.Client.Do(req)
	if err != nil {
		return false, fmt.Errorf("ask for a range: %w", hidePrefix(err))
	}
	defer func() { _ = response.Body.Close() }() // it was read, or is of no use
	if response.StatusCode != http.StatusOK {
		return false, fmt.Errorf("ask for a range: answered %s", response.Status)
	}
	return holds(io.LimitReader(response.Body, maxRangeBytes), digest[rangePrefix:])
}

// sha1Hex is how the range API names a password.
func sha1Hex(password string) string {
	sum := sha1.Sum([]byte(password))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// hidePrefix keeps the address, which tells the range, out of the log.
func hidePrefix(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// holds looks for a suffix among lines of SUFFIX:COUNT. Padding counts zero.
func holds(body io.Reader, suffix string) (bool, error) {
	lines := bufio.NewScanner(body)
	for lines.Scan() {
		found, count, _ := strings.Cut(strings.TrimSpace(lines.Text()), ":")
		if strings.EqualFold(found, suffix) && strings.Trim(count, "0") != "" {
			return true, nil
		}
	}
	if err := lines.Err(); err != nil {
		return false, fmt.Errorf("read a range: %w", err)
	}
	return false, nil
}
