package op

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// document is an answer that is the same for everybody, as bytes and headers
// that were prepared once.
type document struct {
	body         []byte
	etag         []string
	cacheControl []string
	length       []string
}

var (
	jsonType  = []string{"application/json"}
	anyOrigin = []string{"*"}
)

func newDocument(body []byte, etag string, maxAge time.Duration) *document {
	return &document{
		body:         body,
		etag:         []string{etag},
		cacheControl: []string{fmt.Sprintf("public, max-age=%d", maxAge/time.Second)},
		length:       []string{strconv.Itoa(len(body))},
	}
}

// etagOf names bytes by their hash.
func etagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

// serve writes the document, or that the caller has it already. It is public,
// so any web page may read it; nothing in it depends on who asks.
func (d *document) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["Access-Control-Allow-Origin"] = anyOrigin
	h["Cache-Control"] = d.cacheControl
	h["Etag"] = d.etag
	if matchesETag(r.Header.Get("If-None-Match"), d.etag[0]) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h["Content-Type"] = jsonType
	h["Content-Length"] = d.length
	h["X-Content-Type-Options"] = noSniff
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		write(w, d.body)
	}
}

// matchesETag reports whether an If-None-Match header names the tag (RFC 9110
// section 13.1.2).
func matchesETag(header, etag string) bool {
	if header == "" {
		return false
	}
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == etag || candidate == "*" {
			return true
		}
	}
	return false
}
