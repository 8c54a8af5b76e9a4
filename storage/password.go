package storage

import "strings"

// PasswordScheme is the algorithm and the cost of an encoded password verifier,
// as it is spelled at its beginning: verifiers of one scheme take the same time
// to check. It is empty for an empty verifier.
func PasswordScheme(encoded string) string {
	parts := strings.Split(encoded, "$")
	keep := len(parts) - 2 // all but salt and hash, as PHC strings end
	switch {
	case strings.HasPrefix(encoded, "$2"), strings.HasPrefix(encoded, "bcrypt"):
		keep = len(parts) - 1 // bcrypt writes both as one
	case strings.HasPrefix(encoded, "scrypt$"):
		keep = min(keep, 2) // Django writes the salt in the middle
	}
	if keep < 2 {
		return encoded[:min(len(encoded), 16)]
	}
	return strings.Join(parts[:keep], "$") + "$"
}
