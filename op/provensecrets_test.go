package op

import (
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

// A weak secret costs a slow hash once; whatever is not that very secret of
// that very verifier costs one each time and gets nowhere.
func TestCL1_WeakSecretIsHashedSlowlyOnce(t *testing.T) {
	clock := storagetest.NewClock()
	weak := func(verifier string) storage.Client {
		c := robotClient()
		c.ID, c.Secrets = "weak", []storage.ClientSecret{{Verifier: verifier, ExpiresAt: clock.Now().Add(time.Hour)}}
		return c
	}
	passwords := &fakePasswords{}
	a := &clientAuthenticator{
		clients: NewRegistry([]storage.Client{weak("$plain$hunter2")}), hasher: testHasher(t), password: passwords, now: clock.Now,
	}
	check := func(id, secret string, ok bool, hashes int) {
		t.Helper()
		before := passwords.Calls
		client, err := a.authenticate(t.Context(), credentials{ID: id, Secret: secret, Method: storage.AuthMethodPost})
		if (err == nil) != ok || (client != nil) != ok {
			t.Errorf("%s with %q: %v, want success %v", id, secret, err, ok)
		}
		if got := passwords.Calls - before; got != hashes {
			t.Errorf("%s with %q cost %d slow hashes, want %d", id, secret, got, hashes)
		}
	}
	check("weak", "hunter3", false, 1)
	check("weak", "hunter3", false, 1)
	check("weak", "hunter2", true, 1)
	check("weak", "hunter2", true, 0)
	check("weak", "hunter3", false, 1)
	check("nobody", "hunter2", false, 1) // the time of an unknown client tells nothing
	check("nobody", "hunter2", false, 1)
	check("weak", "hunter2", true, 0)

	a.clients.Replace([]storage.Client{weak("$plain$hunter4")})
	check("weak", "hunter2", false, 1)
	check("weak", "hunter4", true, 1)

	clock.Advance(time.Hour)
	check("weak", "hunter4", false, 1) // it expired, proven or not
}
