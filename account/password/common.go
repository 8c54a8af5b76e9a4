package password

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

// The list of common passwords: lower case, sorted, one a line. It is the one
// that Django ships (BSD licence), some 20,000 passwords that Royce Williams
// collected. To renew it, take common-passwords.txt.gz out of a newer Django:
//
//go:generate go run generate_common.go common-passwords.txt.gz common.txt.gz
//go:embed common.txt.gz
var commonList []byte

// commonPasswords unpacks the list when a first password is judged.
var commonPasswords = sync.OnceValue(func() []string {
	r, err := gzip.NewReader(bytes.NewReader(commonList))
	if err != nil {
		panic(fmt.Sprintf("unpack the list of common passwords: %v", err)) // it is part of the binary
	}
	text, err := io.ReadAll(r)
	if err != nil {
		panic(fmt.Sprintf("unpack the list of common passwords: %v", err))
	}
	return strings.Fields(string(text))
})

func listed(folded string) bool {
	_, found := slices.BinarySearch(commonPasswords(), folded)
	return found
}
