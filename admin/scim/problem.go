package scim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// problem is an error as RFC 7644 section 3.12 answers it.
type problem struct {
	status int
	// kind is the scimType; empty: there is none for it.
	kind, detail string
}

// Error implements error.
func (p *problem) Error() string { return fmt.Sprintf("%d %s: %s", p.status, p.kind, p.detail) }

// bad is a request that cannot be understood, or holds what cannot be.
func bad(kind, format string, args ...any) error {
	return &problem{http.StatusBadRequest, kind, fmt.Sprintf(format, args...)}
}

var (
	errNotFound = &problem{http.StatusNotFound, "", "there is no such resource"}
	errChanged  = &problem{http.StatusPreconditionFailed, "", "the resource was changed since it was read"}
)

// problemOf is what a source is told of an error: the one place that maps errors to
// statuses. The text of one without a type goes to the log and never leaves.
func (s *Server) problemOf(ctx context.Context, err error) *problem {
	var known *problem
	var field *account.FieldError
	var used *account.InUseError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &field):
		return &problem{http.StatusBadRequest, "invalidValue", field.Field + ": " + field.Error()}
	case errors.As(err, &used):
		return &problem{http.StatusConflict, "mutability", "the access of applications names the group"}
	case errors.Is(err, account.ErrForbidden):
		return &problem{http.StatusForbidden, "", "a source may not do this: an administrator of Latchkey does it"}
	case errors.Is(err, account.ErrNobody), errors.Is(err, account.ErrNoGroup), errors.Is(err, account.ErrNotFound), errors.Is(err, storage.ErrNotFound):
		return errNotFound
	case errors.Is(err, account.ErrTaken):
		return &problem{http.StatusConflict, "uniqueness", "a name or an address of it is taken"}
	case errors.Is(err, account.ErrChanged):
		return &problem{http.StatusConflict, "", "the resource was changed meanwhile: try again"}
	}
	if p := passing(err); p != nil {
		s.cfg.Log.WarnContext(ctx, "SCIM cannot answer", "reason", err.Error())
		return p
	}
	s.cfg.Log.LogAttrs(ctx, slog.LevelError, "SCIM failed", slog.String("reason", err.Error()))
	return &problem{http.StatusInternalServerError, "", "something went wrong at the provider"}
}

// passing is what an error is answered that is no verdict: what it takes to answer is not
// to be had now (requirements TH5, KY5); nil for others.
func passing(err error) *problem {
	for _, is := range []error{storage.ErrUnavailable, context.DeadlineExceeded, context.Canceled, keys.ErrUnknownKey, storage.ErrUnknownKey} {
		if errors.Is(err, is) {
			return &problem{http.StatusServiceUnavailable, "", "temporarily unavailable, try again"}
		}
	}
	return nil
}

// document is the body of a problem.
func (p *problem) document() map[string]any {
	body := map[string]any{"schemas": []string{errorURN}, "status": fmt.Sprint(p.status), "detail": p.detail}
	if p.kind != "" {
		body["scimType"] = p.kind
	}
	return body
}

const mediaType = "application/scim+json"

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Cache-Control", "no-store")
	if body == nil {
		w.WriteHeader(status)
		return
	}
	text, err := json.Marshal(body)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte("{}")
	}
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	_, _ = w.Write(text) // whoever hung up misses it
}
