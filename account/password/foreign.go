package password

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	cryptargon2 "github.com/go-crypt/x/argon2"
	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"
)

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
	algorithm, rest, _ := strings.Cut(encoded, "$")
	switch algorithm {
	case "":
		if strings.HasPrefix(rest, "2") {
			return parseBcrypt(encoded, plain)
		}
		return parse(encoded)
	case "pbkdf2_sha256":
		return parsePBKDF2(rest)
	case "argon2":
		return parseDjangoArgon2(rest)
	case "bcrypt_sha256":
		return parseBcrypt(rest, digested)
	case "bcrypt":
		return parseBcrypt(rest, plain)
	case "scrypt":
		return parseScrypt(rest)
	}
	return nil, fmt.Errorf("%w: unknown algorithm", errMalformed)
}

// pbkdf2Verifier is iterations$salt$hash, the salt being taken as it is written.
type pbkdf2Verifier struct {
	iterations int
	salt, hash []byte
}

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
	return pbkdf2Verifier{iterations, salt, hash}, err
}

func (v pbkdf2Verifier) fits(password string) bool {
	hash, err := pbkdf2.Key(sha256.New, password, v.salt, v.iterations, len(v.hash))
	return err == nil && subtle.ConstantTimeCompare(hash, v.hash) == 1
}

// scryptVerifier is N$salt$r$p$hash.
type scryptVerifier struct {
	n, r, p    int
	salt, hash []byte
}

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
	return scryptVerifier{n, r, p, salt, hash}, err
}

func (v scryptVerifier) fits(password string) bool {
	hash, err := scrypt.Key([]byte(password), v.salt, v.n, v.r, v.p, len(v.hash))
	return err == nil && subtle.ConstantTimeCompare(hash, v.hash) == 1
}

// argon2Verifier is a PHC string of any of the three variants.
type argon2Verifier struct {
	verifier
	variant string
}

// parseDjangoArgon2 reads what follows "argon2$": a PHC string without its first $.
func parseDjangoArgon2(text string) (checker, error) {
	variant, rest, _ := strings.Cut(text, "$")
	switch variant {
	case argon2id, "argon2i", "argon2d":
	default:
		return nil, errMalformed
	}
	v, err := parse("$" + argon2id + "$" + rest)
	return argon2Verifier{v, variant}, err
}

func (v argon2Verifier) fits(password string) bool {
	var hash []byte
	size := uint32(len(v.hash))
	switch v.variant {
	case "argon2i":
		hash = argon2.Key([]byte(password), v.salt, v.Time, v.MemoryKiB, v.Parallelism, size)
	case "argon2d":
		hash = cryptargon2.DKey([]byte(password), v.salt, v.Time, v.MemoryKiB, uint32(v.Parallelism), size)
	default:
		return v.verifier.fits(password)
	}
	return subtle.ConstantTimeCompare(hash, v.hash) == 1
}

// bcryptVerifier is $2b$cost$salt-and-hash, of the password or, so that more
// than 72 bytes count, of its SHA-256 in hexadecimal.
type bcryptVerifier struct {
	encoded string
	digest  bool
}

const (
	plain    = false
	digested = true
)

func parseBcrypt(encoded string, digest bool) (checker, error) {
	const size = 60
	if len(encoded) != size || encoded[6] != '$' {
		return nil, errMalformed
	}
	switch encoded[:4] {
	case "$2a$", "$2b$", "$2y$": // $2x$ marks hashes of a broken implementation
	default:
		return nil, errMalformed
	}
	cost, err := bcrypt.Cost([]byte(encoded))
	if err != nil || cost > maxBcryptCost || !isBcryptBase64(encoded[7:]) {
		return nil, fmt.Errorf("%w: bcrypt", errMalformed)
	}
	return bcryptVerifier{encoded, digest}, nil
}

func isBcryptBase64(text string) bool {
	return strings.Trim(text, "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == ""
}

func (v bcryptVerifier) fits(password string) bool {
	key := []byte(password)
	if v.digest {
		sum := sha256.Sum256(key)
		key = []byte(hex.EncodeToString(sum[:]))
	}
	return bcrypt.CompareHashAndPassword([]byte(v.encoded), key) == nil
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
