package op

import (
	"slices"
	"testing"

	"github.com/latchkey-id/latchkey/client"
)

// What a client may be registered to have in its ID tokens is what there is.
func TestPersonClaimsAreThoseThatClientsMayName(t *testing.T) {
	t.Parallel()
	var names []string
	for _, c := range personClaims {
		names = append(names, c.name)
	}
	if !slices.Equal(names, client.PersonClaims()) {
		t.Errorf("made are %v, clients may name %v", names, client.PersonClaims())
	}
}
