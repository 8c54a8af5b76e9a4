package password

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/go-crypt/crypt/algorithm"
	"github.com/go-crypt/crypt/algorithm/argon2"
	"github.com/go-crypt/crypt/algorithm/bcrypt"
	"github.com/go-crypt/crypt/algorithm/pbkdf2"
	"github.com/go-crypt/crypt/algorithm/scrypt"
)

// Password hashes of other systems, as Django and bcrypt write them, are checked
// by go-crypt. What stays here is what a library does not know: Django's own
// spelling, and how much a stored hash may ask of us before it is paid (denial of
// service by an imported hash).

// checker is a stored verifier whose cost has been found bearable.
type checker interface{ fits(password string) bool }

// The most that a verifier of another system may ask for: a few seconds of one
// processor, and no more memory than one of ours.
const (
	maxIterations = 10_000_000
	maxBcryptCost = 15
	maxScryptWork = 1 << 24 // N*r*p
)

// Supported says why a verifier cannot be checked, or nil.
func Supported(encoded string) error {
	_, err := recognize(encoded)
	return err
}

// recognize takes a verifier apart: ours, or one of those that Django and
// bcrypt write.
func recognize(encoded string) (checker, error) {
	scheme, rest, _ := strings.Cut(encoded, "$")
	switch scheme {
	case "":
		if strings.HasPrefix(rest, "2") {
			return parseBcrypt(encoded, asTyped)
		}
		return parse(encoded)
	case "pbkdf2_sha256":
		return parsePBKDF2(rest)
	case "argon2":
		return parseDjangoArgon2(rest)
	case "bcrypt_sha256":
		return parseBcrypt(rest, sha256Hex)
	case "bcrypt":
		return parseBcrypt(rest, asTyped)
	case "scrypt":
		return parseScrypt(rest)
	}
	return nil, fmt.Errorf("%w: unknown algorithm", errMalformed)
}

// foreignVerifier is a hash of another system and what that system made of the
// password before it.
type foreignVerifier struct {
	digest algorithm.Digest
	before func(password string) string
}

func (v foreignVerifier) fits(password string) bool {
	fits, err := v.digest.MatchAdvanced(v.before(password))
	return err == nil && fits
}

// decodeForeign reads a hash in the spelling of go-crypt.
func decodeForeign(decode algorithm.DecodeFunc, encoded string, before func(string) string) (checker, error) {
	digest, err := decode(encoded)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMalformed, err)
	}
	return foreignVerifier{digest, before}, nil
}

func asTyped(password string) string { return password }

// sha256Hex is what Django's bcrypt_sha256 does so that more than bcrypt's 72
// bytes count.
func sha256Hex(password string) string {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:])
}

// adaptedBase64 is the alphabet of PBKDF2 hashes in modular crypt format.
var adaptedBase64 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./").WithPadding(base64.NoPadding)

// parsePBKDF2 reads iterations$salt$hash, the salt being taken as it is written.
func parsePBKDF2(text string) (checker, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 3 {
		return nil, errMalformed
	}
	iterations, err := number(parts[0], maxIterations)
	if err != nil {
		return nil, err
	}
	salt, hash, err := saltAndHash(parts[1], parts[2], sha256.Size)
	if err != nil {
		return nil, err
	}
	encoded := fmt.Sprintf("$pbkdf2-sha256$%d$%s$%s", iterations, adaptedBase64.EncodeToString(salt), adaptedBase64.EncodeToString(hash))
	return decodeForeign(pbkdf2.DecodeVariant(pbkdf2.VariantSHA256), encoded, asTyped)
}

// parseScrypt reads N$salt$r$p$hash.
func parseScrypt(text string) (checker, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 5 {
		return nil, errMalformed
	}
	var cost [3]int
	for i, digits := range []string{parts[0], parts[2], parts[3]} {
		n, err := number(digits, maxScryptWork)
		if err != nil {
			return nil, err
		}
		cost[i] = n
	}
	n, r, p := cost[0], cost[1], cost[2]
	if n < 2 || bits.OnesCount(uint(n)) != 1 || n > maxScryptWork/r/p || n*r/8 > maxMemoryKiB {
		return nil, fmt.Errorf("%w: cost N=%d,r=%d,p=%d is out of bounds", errMalformed, n, r, p)
	}
	const size = 64
	salt, hash, err := saltAndHash(parts[1], parts[4], size)
	if err != nil {
		return nil, err
	}
	encoded := fmt.Sprintf("$scrypt$ln=%d,r=%d,p=%d$%s$%s", bits.TrailingZeros(uint(n)), r, p, phcBase64.EncodeToString(salt), phcBase64.EncodeToString(hash))
	return decodeForeign(scrypt.DecodeVariant(scrypt.VariantScrypt), encoded, asTyped)
}

// parseDjangoArgon2 reads what follows "argon2$": a PHC string of any of the
// three variants, without its first $.
func parseDjangoArgon2(text string) (checker, error) {
	variant, rest, _ := strings.Cut(text, "$")
	switch variant {
	case argon2id, "argon2i", "argon2d":
	default:
		return nil, errMalformed
	}
	if _, err := parse("$" + argon2id + "$" + rest); err != nil { // the same form, and the same bounds
		return nil, err
	}
	return decodeForeign(argon2.Decode, "$"+text, asTyped)
}

// parseBcrypt reads $2b$cost$salt-and-hash.
func parseBcrypt(encoded string, before func(string) string) (checker, error) {
	const size = 60
	if len(encoded) != size || encoded[6] != '$' {
		return nil, errMalformed
	}
	switch encoded[:4] {
	case "$2a$", "$2b$", "$2y$": // $2x$ marks hashes of a broken implementation
	default:
		return nil, errMalformed
	}
	if cost, err := number(encoded[4:6], maxBcryptCost); err != nil || cost < 4 || !isBcryptBase64(encoded[7:]) {
		return nil, fmt.Errorf("%w: bcrypt", errMalformed)
	}
	return decodeForeign(bcrypt.DecodeVariant(bcrypt.VariantStandard), encoded, before)
}

func isBcryptBase64(text string) bool {
	return strings.Trim(text, "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == ""
}

// number reads a positive decimal number of at most the given value.
func number(digits string, most int) (int, error) {
	n, err := strconv.ParseUint(digits, 10, 31)
	if err != nil || n < 1 || n > uint64(most) {
		return 0, fmt.Errorf("%w: a cost is out of bounds", errMalformed)
	}
	return int(n), nil
}

const maxForeignSalt = 128

func saltAndHash(salt, hash string, size int) (saltBytes, hashBytes []byte, err error) {
	decoded, err := base64.StdEncoding.Strict().DecodeString(hash)
	if err != nil || len(decoded) != size || salt == "" || len(salt) > maxForeignSalt {
		return nil, nil, fmt.Errorf("%w: salt or hash", errMalformed)
	}
	return []byte(salt), decoded, nil
}
