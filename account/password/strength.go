package password

import (
	"slices"
	"strings"
	"unicode"
)

// maxEstimated bounds what is estimated, in bytes: nothing that long is weak
// for its length.
const maxEstimated = 72

// strengths are the bits of guessing from which a password has one strength
// more: a thousand guesses, a million, 10^8 and 10^10.
var strengths = []float64{10, 20, 27, 33}

// Strength estimates how hard a password is to guess, from 0 (at once) to 4
// (out of reach). It advises people while they type, so it is coarse and errs
// on the side of caution; what is taken is decided by [Policy.Check]. The usual
// libraries do better by some megabytes of dictionaries, which every start of
// the service would unpack.
func (p Policy) Strength(password string, about Context) int {
	password = password[:min(len(password), maxEstimated)]
	for _, problem := range p.Check(password, about) {
		if problem != TooShort && problem != TooLong {
			return 0
		}
	}
	bits := guessBits(password, contextWords(slices.Concat(p.Words, about.Words)))
	score := 0
	for score < len(strengths) && bits >= strengths[score] {
		score++
	}
	return score
}

// guessBits adds up what each piece of a password has to be guessed: a known
// name next to nothing, a common password its place on the list, a step along a
// row of keys whether it was taken, and any other character by its kind.
func guessBits(password string, known []string) float64 {
	const nameBits, listBits, stepBits = 3, 14, 1
	bits, lower := 0.0, lowerASCII(password)
	plain := leet.Replace(lower) // byte for byte
	for i := 0; i < len(password); {
		switch name, common := prefixOf(lower[i:], known), longestListed(plain[i:]); {
		case name > 0:
			bits, i = bits+nameBits, i+name
		case common > 0:
			bits, i = bits+listBits, i+common
		case i > 0 && (password[i] == password[i-1] || inARow(lower[i-1:i+1])):
			bits, i = bits+stepBits, i+1
		default:
			bits, i = bits+characterBits(password[i], plain[i]), i+1
		}
	}
	return bits
}

// lowerASCII keeps every byte where it is, as strings.ToLower need not.
func lowerASCII(text string) string {
	b := []byte(text)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + ('a' - 'A')
		}
	}
	return string(b)
}

// characterBits is less than chance would have it for lower-case letters and
// for what passes for one, which people put into words.
func characterBits(c, plain byte) float64 {
	switch {
	case 'a' <= plain && plain <= 'z' && (c < 'A' || c > 'Z'):
		return 2.5
	case c > unicode.MaxASCII:
		return 2 // one of the several bytes of a letter
	}
	return 4
}

// prefixOf returns the length of the first of the words that text begins with.
func prefixOf(text string, words []string) int {
	for _, w := range words {
		if strings.HasPrefix(text, w) {
			return len(w)
		}
	}
	return 0
}

// longestListed returns the length of the longest common password that text
// begins with.
func longestListed(text string) int {
	const longest = 16
	for n := min(len(text), longest); n >= minWord; n-- {
		if listed(text[:n]) {
			return n
		}
	}
	return 0
}
