package account

import (
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/keys"
)

// identifierPurpose is that of the keyed hash of what was typed as a name.
const identifierPurpose = "typed identifier"

// HashIdentifier is the keyed hash of what was typed as a name: an event keeps it of
// an attempt by a name that nobody may have, so that whoever knows the name finds the
// event, and nobody reads names, or passwords typed in the wrong field, out of it.
func HashIdentifier(h *keys.Hasher, typed string) string {
	return h.Sum(identifierPurpose, ident.Canonical(typed))
}

// IdentifierHashes are the hashes under which events of the name may be kept: one for
// each key.
func IdentifierHashes(h *keys.Hasher, typed string) []string {
	return h.Sums(identifierPurpose, ident.Canonical(typed))
}
