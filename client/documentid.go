package client

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// IsDocumentID reports whether a client_id can only be the address of a client's own
// metadata (client ID metadata documents, draft-ietf-oauth-client-id-metadata-document).
// Whether it may be one, [CheckDocumentID] says.
func IsDocumentID(id string) bool { return strings.HasPrefix(id, "https://") }

// CheckDocumentID says why a client_id is not the address of a metadata document
// (section 3 of the draft). Ids are compared as texts, so that each has one spelling:
// capitals in the host, dot segments, credentials and fragments are refused, and a host
// of another script is shown as it is written here, in punycode (homographs).
func CheckDocumentID(id string) (*url.URL, error) {
	if !IsID(id) {
		return nil, errors.New("it is longer than 256 bytes, or holds characters that no address has")
	}
	u, err := ParseAddress(id)
	switch {
	case err != nil:
		return nil, err
	case u.Scheme != "https":
		return nil, errors.New("use https")
	case u.Path == "" || u.Path == "/":
		return nil, errors.New("it has no path")
	}
	return u, CheckAuthority(u)
}

// LoopbackPattern is the pattern of every host of loopback (see [MatchesHost]).
const LoopbackPattern = "localhost"

// MatchesHost reports whether a host is one of a pattern: a host, *.example.com for all
// below it, or localhost for all of loopback.
func MatchesHost(pattern, host string) bool {
	if below, isBelow := strings.CutPrefix(pattern, "*."); isBelow {
		return strings.HasSuffix(host, "."+below)
	}
	return host == pattern || IsLoopback(pattern) && IsLoopback(host)
}

// DocumentError says why a client is not known by its document. It comes with
// [ErrUnknown]. Its text may be told to anybody: it has nothing of what is where the
// address leads but the client's own words.
type DocumentError struct{ Reason string }

// Error implements error.
func (e *DocumentError) Error() string { return "client metadata document: " + e.Reason }

// Unwrap returns [ErrUnknown].
func (e *DocumentError) Unwrap() error { return ErrUnknown }

// LimitedError says that whoever asks has asked for too many clients (rate limit): it is
// no word on the client.
type LimitedError struct{ Wait time.Duration }

// Error implements error.
func (e *LimitedError) Error() string {
	return fmt.Sprintf("too many clients were looked up from this network: wait %s", e.Wait)
}
