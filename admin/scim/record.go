package scim

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/storage"
)

// parameters are those of a query (RFC 7644 section 3.4.2), as a record of it names them.
var parameters = []string{"filter", "attributes", "excludedAttributes", "startIndex", "count", "sortBy", "sortOrder"}

// record writes to the audit log that a source looks at something, before it does: it names
// the source, the address, whom or which group it is about, and which parameters there
// were. What these say is left out: a name that was searched for is personal, and would
// outlive whom it was about. What cannot be recorded is not answered.
func (s *Server) record(ctx context.Context, q *request) error {
	what, about := "SCIM: "+q.endpoint, storage.ID("")
	switch {
	case q.id == "":
	case q.endpoint == "/Users":
		what, about = what+"/{id}", storage.ID(q.id)
	default:
		what += "/{id}"
		if isID.MatchString(q.id) {
			what += " group " + q.id
		}
	}
	for _, name := range slices.Sorted(slices.Values(parameters)) {
		if q.query.Has(name) {
			what += " by " + name
		}
	}
	if err := s.cfg.Accounts.RecordRead(ctx, q.by, about, storage.Success, strings.TrimSpace(what)); err != nil {
		s.cfg.Log.ErrorContext(ctx, "SCIM cannot record a read", "address", q.endpoint, "reason", err.Error())
		return &problem{http.StatusServiceUnavailable, "", "temporarily unavailable, try again"}
	}
	return nil
}

// recordUnless is record of a change that left a resource at the version that it had: all
// that came of it is that the source looked.
func (s *Server) recordUnless(ctx context.Context, q *request, changed bool) error {
	if changed {
		return nil
	}
	return s.record(ctx, q)
}
