package userimport

import (
	"regexp"
	"strings"
)

// algorithm finds what a verifier says of itself before its parameters.
var algorithm = regexp.MustCompile(`^\$?([a-z0-9_-]{1,24})\$`)

// knownAs are the names under which people know algorithms that verifiers call by
// something else.
var knownAs = map[string]string{
	"2": "bcrypt", "2a": "bcrypt", "2b": "bcrypt", "2x": "bcrypt", "2y": "bcrypt", "1": "md5crypt", "5": "sha256crypt", "6": "sha512crypt", "y": "yescrypt",
}

// djangos are the names that Django gives.
var djangos = map[string]bool{
	"pbkdf2_sha256": true, "pbkdf2_sha1": true, "argon2": true, "bcrypt_sha256": true, "bcrypt": true, "scrypt": true, "md5": true, "sha1": true,
}

// Algorithm names the algorithm of a verifier as people know it, and nothing else of
// it: bcrypt, argon2id, Django pbkdf2_sha256.
func Algorithm(encoded string) string {
	found := algorithm.FindStringSubmatch(encoded)
	switch {
	case found == nil:
		return "of an unknown kind"
	case strings.HasPrefix(encoded, "$") && knownAs[found[1]] != "":
		return knownAs[found[1]]
	case !strings.HasPrefix(encoded, "$") && djangos[found[1]]:
		return "Django " + found[1]
	}
	return found[1]
}
