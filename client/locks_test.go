package client_test

import (
	"errors"
	"testing"

	"github.com/latchkey-id/latchkey/client"
)

// Whoever asks for a client that is locked down is told that there is none; its
// registration is still known to who has to tell it of logouts.
func TestAClientThatIsLockedDownIsUnknown(t *testing.T) {
	var locks client.Locks
	all := client.NewRegistry(client.NewSnapshot([]client.Client{{ID: "stolen"}, {ID: "sound"}}))
	served := all.Refusing(&locks)
	for step, locked := range [][]string{nil, {"stolen", "gone"}, {}} {
		if step > 0 {
			locks.Replace(locked)
		}
		for _, id := range []string{"stolen", "sound"} {
			want := id == "stolen" && len(locked) > 0
			_, err := served.Client(t.Context(), id)
			if errors.Is(err, client.ErrLocked) != want || errors.Is(err, client.ErrUnknown) != want || (err == nil) == want {
				t.Errorf("step %d: %s: %v", step, id, err)
			}
			if _, err := all.Client(t.Context(), id); err != nil {
				t.Errorf("step %d: registration of %s: %v", step, id, err)
			}
		}
	}
}
