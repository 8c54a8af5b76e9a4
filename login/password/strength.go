package password

import "github.com/trustelem/zxcvbn"

// maxEstimated bounds what is estimated, in bytes: the work grows with the
// square of the length, and nothing that long is weak for its length.
const maxEstimated = 72

// Strength estimates how hard a password is to guess, from 0 (at once) to 4
// (out of reach), by the algorithm zxcvbn. It advises people while they type;
// what is taken is decided by [Policy.Check].
func (p Policy) Strength(password string, about Context) int {
	password = password[:min(len(password), maxEstimated)]
	words := append(contextWords(p.Words), contextWords(about.Words)...)
	return zxcvbn.PasswordStrength(password, words).Score
}
