package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Conditional makes a change depend on what it changes being as it was read.
type Conditional struct {
	IfMatch string `header:"If-Match" maxLength:"200" doc:"The ETag of what was read: where it is another by now nothing is changed (412)."`
}

// etagOf is a strong validator (RFC 9110 section 8.8.1): it is of the representation, so
// that nothing that is shown changes under it.
func etagOf(shown any) (string, error) {
	text, err := json.Marshal(shown)
	if err != nil {
		return "", fmt.Errorf("make etag: %w", err)
	}
	sum := sha256.Sum256(text)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`, nil
}

// check answers 412 unless what is there is what the caller read.
func (c *Conditional) check(shown any) error {
	if c.IfMatch == "" || c.IfMatch == "*" {
		return nil
	}
	etag, err := etagOf(shown)
	if err != nil {
		return err
	}
	for one := range strings.SplitSeq(c.IfMatch, ",") {
		if strings.TrimSpace(one) == etag {
			return nil
		}
	}
	return huma.NewError(http.StatusPreconditionFailed, "it was changed since it was read: read it again")
}
