package limits

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

// A known device is a browser in which somebody once signed in completely. Its
// cookie names the device and, for each of the last people, a keyed hash over
// both: proof that we set it. It lets nobody in. It only gives the person's
// attempts from here a budget of their own, which strangers cannot use up
// (requirement TH3).
const (
	knownDevicePurpose  = "known-device"
	knownDeviceLifetime = 400 * 24 * time.Hour
	maxKnownPeople      = 5
)

// knownDevice reads the cookie: the device's id and the hashes, newest first.
func (l *Limiter) knownDevice(r *http.Request) (id string, people []string) {
	parts := strings.Split(l.cfg.Cookies.Get(r, web.CookieDevice), "~")
	if len(parts) < 2 || len(parts) > 1+maxKnownPeople || len(parts[0]) != secretLength {
		return "", nil
	}
	return parts[0], parts[1:]
}

// secretLength is that of web.NewSecret.
const secretLength = 43

// knows reports whether the person signed in completely in this browser before,
// and the id of the device.
func (l *Limiter) knows(r *http.Request, user *storage.User) (device string, known bool) {
	id, people := l.knownDevice(r)
	if id == "" || user == nil {
		return "", false
	}
	return id, slices.ContainsFunc(people, func(sum string) bool { return l.isOf(sum, id, user.ID) })
}

// isOf reports whether a hash of the cookie is that of a person. One under a hash key
// that this node does not know is as good as none: all that it opens is the budget, the
// stricter one holds meanwhile, and the cookie outlives keys by far. It stays in the
// cookie for nodes that know its key (requirement KY5).
func (l *Limiter) isOf(sum, device string, user storage.ID) bool {
	is, err := l.cfg.Hasher.Judge(sum, knownDevicePurpose, device, string(user))
	return is && err == nil
}

// Knows reports whether the person signed in completely in this browser before.
func (l *Limiter) Knows(r *http.Request, user *storage.User) bool {
	_, known := l.knows(r, user)
	return known
}

// SignedIn notes that the person signed in completely in this browser.
func (l *Limiter) SignedIn(w http.ResponseWriter, r *http.Request, userID storage.ID) {
	id, people := l.knownDevice(r)
	if id == "" {
		id = web.NewSecret()
	}
	people = slices.DeleteFunc(people, func(sum string) bool { return l.isOf(sum, id, userID) })
	people = append([]string{l.cfg.Hasher.Sum(knownDevicePurpose, id, string(userID))}, people...)
	people = people[:min(len(people), maxKnownPeople)]
	l.cfg.Cookies.Set(w, web.CookieDevice, id+"~"+strings.Join(people, "~"), knownDeviceLifetime)
}
