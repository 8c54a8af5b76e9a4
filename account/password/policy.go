package password

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/internal/ident"
)

// MaxBytes bounds a password: far beyond the 128 characters that have to be
// taken, in any script. More is refused before it is hashed.
const MaxBytes = 1024

// Policy says which passwords are taken (NIST SP 800-63B-4 section 3.1.1.2):
// long ones that are neither common nor made of names that go with the account.
// There are no rules of composition.
type Policy struct {
	// MinLength is the least number of characters of a password that is the
	// only factor, MinLengthWithFactor of one beside a required second factor.
	MinLength, MinLengthWithFactor int
	// Words are names that everyone who attacks this provider knows: its host,
	// its brand, what the administrator added.
	Words []string
	// Breaches knows more breached passwords than the list that is built in. It is
	// optional, and [Policy.Judge] alone asks it.
	Breaches breaches
}

// breaches is a service that knows breached passwords; [BreachLookup] is one.
type breaches interface {
	Breached(ctx context.Context, password string) bool
}

// Context is whose password it would be.
type Context struct {
	// WithFactor says that this person cannot sign in without a second factor.
	WithFactor bool
	// Words are the person's names: address, username, full name.
	Words []string
}

// Problem is a reason not to take a password. Its text is the key of what a
// page says.
type Problem string

// The problems.
const (
	TooShort Problem = "password.too_short" // see Least
	TooLong  Problem = "password.too_long"
	Common   Problem = "password.common"   // on the list of common passwords, or one of them thinly dressed
	Personal Problem = "password.personal" // made of a name that goes with the account or the provider
	Control  Problem = "password.control"  // it holds a control character, which cannot be typed again
	Simple   Problem = "password.simple"   // one character, one row of keys, one short piece over and over
)

// Least is the least number of characters that a password needs.
func (p Policy) Least(withFactor bool) int {
	if withFactor {
		return p.MinLengthWithFactor
	}
	return p.MinLength
}

// Check returns every reason not to take the password; none takes it.
func (p Policy) Check(password string, about Context) []Problem {
	if len(password) > MaxBytes {
		return []Problem{TooLong} // looking any further costs time
	}
	password = ident.NormalizePassword(password) // what is hashed is judged
	if strings.ContainsFunc(password, unicode.IsControl) {
		return []Problem{Control}
	}
	var problems []Problem
	if utf8.RuneCountInString(password) < p.Least(about.WithFactor) {
		problems = append(problems, TooShort)
	}
	folded := strings.ToLower(password)
	switch {
	case isCommon(folded):
		problems = append(problems, Common)
	case isSimple(folded):
		problems = append(problems, Simple)
	case isMadeOf(folded, contextWords(slices.Concat(p.Words, about.Words))):
		problems = append(problems, Personal)
	}
	return problems
}

// Judge is Check for a password that is about to be set: one that passes is
// looked up where Breaches is.
func (p Policy) Judge(ctx context.Context, password string, about Context) []Problem {
	problems := p.Check(password, about)
	if len(problems) == 0 && p.Breaches != nil && p.Breaches.Breached(ctx, password) {
		return []Problem{Common}
	}
	return problems
}

// ProviderWords are the words that an issuer and a brand add to a policy.
func ProviderWords(issuer, brand string, more ...string) []string {
	words := append([]string{brand}, more...)
	if u, err := url.Parse(issuer); err == nil {
		words = append(words, u.Hostname())
	}
	return words
}

// leet undoes the usual disguises of letters.
var leet = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i")

// isCommon reports whether a folded password is on the list, as it is, in
// disguise, repeated, or with nothing but digits and signs around it: a list of
// passwords of eight characters has little to say of fifteen otherwise.
func isCommon(folded string) bool {
	core := strings.TrimFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) })
	for _, text := range []string{folded, unit(folded), core, unit(core)} {
		if len(text) >= minWord && (listed(text) || listed(leet.Replace(text))) {
			return true
		}
	}
	return listed(folded)
}

// unit returns the shortest piece that text is a repetition of: text itself for most.
func unit(text string) string {
	for n := 1; n <= len(text)/2; n++ {
		if len(text)%n == 0 && strings.Repeat(text[:n], len(text)/n) == text {
			return text[:n]
		}
	}
	return text
}

// rows are what fingers walk along.
var rows = []string{"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "qwertzuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm"}

// longestPiece is the piece that makes a password simple by being repeated.
const longestPiece = 4

// isSimple reports whether a folded password of ASCII needs no guessing: one
// short piece over and over, or long walks along rows of keys.
func isSimple(folded string) bool {
	if strings.ContainsFunc(folded, func(r rune) bool { return r > unicode.MaxASCII }) || folded == "" {
		return false
	}
	if piece := unit(folded); len(piece) <= longestPiece && len(folded) > 2*len(piece) {
		return true
	}
	walks := 0
	for i := 1; i < len(folded); i++ {
		if step := folded[i-1 : i+1]; folded[i] == folded[i-1] || inARow(step) {
			walks++
		}
	}
	// Four steps of five along a row leave little else.
	return len(folded) > longestPiece && walks*5 >= (len(folded)-1)*4
}

func inARow(step string) bool {
	back := string([]byte{step[1], step[0]})
	return slices.ContainsFunc(rows, func(row string) bool { return strings.Contains(row, step) || strings.Contains(row, back) })
}

// minWord is the length from which a word counts: shorter ones are in
// everything.
const minWord = 4

// contextWords takes names apart: an address, a host or a full name stands for
// itself and for its parts. Longer ones come first.
func contextWords(names []string) []string {
	var words []string
	for _, name := range names {
		name = strings.ToLower(name)
		parts := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		words = append(words, name, strings.Join(parts, ""))
		words = append(words, parts...)
	}
	words = slices.DeleteFunc(words, func(w string) bool { return utf8.RuneCountInString(w) < minWord })
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	return words
}

// minRest is how many letters and digits a password needs besides names.
const minRest = 8

// isMadeOf reports whether little is left of a folded password without the words.
func isMadeOf(folded string, words []string) bool {
	rest := folded
	for _, w := range words {
		rest = strings.ReplaceAll(rest, w, " ")
	}
	if rest == folded {
		return false
	}
	left := 0
	for _, r := range rest {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			left++
		}
	}
	return left < minRest
}
