package config

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// strength is how much of a search a secret withstands.
type strength int

const (
	weak   strength = iota // an attacker who has its hash may find it
	fair                   // long enough for a slow hash
	strong                 // 256 bits that a machine made: a keyed hash is enough
)

const (
	// minFairLength is where a secret that nobody can tell to be random is
	// taken for 256 bits of somebody's care.
	minFairLength = 32
	// minWeakLength is the least that allow_weak_secret allows.
	minWeakLength = 12
	// keyBytes is 256 bits.
	keyBytes = 32
)

// strengthOf judges a client's secret (requirements CL1, CF1). It recognises
// what generators make: 256 bits or more in base64 or hexadecimal.
func strengthOf(secret string) strength {
	key, err := decodeKey(secret)
	switch {
	case err == nil && len(key) >= keyBytes && looksRandom(secret):
		return strong
	case len(secret) >= minFairLength && distinctBytes(secret) >= minFairLength/4:
		return fair
	}
	return weak
}

// looksRandom tells what a generator made from words and patterns. A random
// string fails less than once in 10^8.
func looksRandom(text string) bool {
	if isHex(text) {
		return distinctBytes(strings.ToLower(text)) >= 8
	}
	return distinctBytes(text) >= 16 && strings.ContainsFunc(text, isUpper) && strings.ContainsFunc(text, isLower)
}

// decodeKey reads a key in hexadecimal or base64, either alphabet, padded or not.
func decodeKey(text string) ([]byte, error) {
	if isHex(text) {
		return hex.DecodeString(text)
	}
	text = strings.TrimRight(text, "=")
	if strings.ContainsAny(text, "+/") {
		return base64.RawStdEncoding.DecodeString(text)
	}
	return base64.RawURLEncoding.DecodeString(text)
}

func isHex(text string) bool {
	_, err := hex.DecodeString(text)
	return err == nil
}

func isUpper(r rune) bool { return 'A' <= r && r <= 'Z' }

func isLower(r rune) bool { return 'a' <= r && r <= 'z' }

func distinctBytes(text string) int {
	var seen [256]bool
	n := 0
	for i := range len(text) {
		if !seen[text[i]] {
			seen[text[i]] = true
			n++
		}
	}
	return n
}
