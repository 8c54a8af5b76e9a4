package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// retryAfter is when what failed for want of a store may be asked again, in seconds.
const retryAfter = "5"

// problem is what a caller is told of an error: the one place that maps errors to
// statuses. The text of one without a type goes to the log and never leaves.
func (a *API) problem(ctx context.Context, id string, err error) error {
	var known huma.StatusError
	if errors.As(err, &known) {
		return err
	}
	var field *account.FieldError
	var used *account.InUseError
	var stale *account.StaleError
	switch {
	case errors.As(err, &field):
		return huma.NewError(http.StatusUnprocessableEntity, "a value is not taken", &huma.ErrorDetail{Message: field.Error(), Location: locationOf(field.Field)})
	case errors.As(err, &stale):
		return huma.ErrorWithHeaders(
			huma.NewError(http.StatusUnauthorized, "this takes a sign-in that is fresh (RFC 9470): ask for another with acr_values and max_age, and try again"),
			http.Header{"WWW-Authenticate": a.challenge(callerOf(ctx).scheme, "insufficient_user_authentication",
				fmt.Sprintf(`, acr_values=%q, max_age="%d"`, stale.Needs, int(a.cfg.Accounts.FreshFor().Seconds())))},
		)
	case errors.As(err, &used):
		return huma.NewError(http.StatusConflict, used.Error()+"; say force=true to do it all the same")
	case errors.Is(err, account.ErrForbidden):
		return huma.NewError(http.StatusForbidden, "this caller may not do this to them")
	case errors.Is(err, account.ErrNobody), errors.Is(err, account.ErrNotFound), errors.Is(err, account.ErrNoGroup),
		errors.Is(err, storage.ErrNotFound), errors.Is(err, client.ErrUnknown):
		return huma.NewError(http.StatusNotFound, "there is nothing of that name")
	case errors.Is(err, account.ErrTaken):
		return huma.NewError(http.StatusConflict, "the name is taken, or it was changed meanwhile")
	case errors.Is(err, account.ErrChanged), errors.Is(err, account.ErrVoid):
		return huma.NewError(http.StatusConflict, "it was changed meanwhile")
	case errors.Is(err, account.ErrClosed):
		return huma.NewError(http.StatusConflict, "the configuration does not have that: sign_up.mode is not invitation")
	case cannotJudge(err):
		a.cfg.Log.WarnContext(ctx, "admin API cannot answer", "operation", id, "reason", err.Error())
		return huma.ErrorWithHeaders(huma.NewError(http.StatusServiceUnavailable, "temporarily unavailable, try again"), http.Header{"Retry-After": {retryAfter}})
	}
	a.cfg.Log.LogAttrs(ctx, slog.LevelError, "admin API failed", slog.String("operation", id), slog.String("reason", err.Error()))
	return huma.NewError(http.StatusInternalServerError, "something went wrong at the provider")
}

// cannotJudge reports whether err is no verdict: what it takes to answer is not to be
// had now (requirements TH5, KY5).
func cannotJudge(err error) bool {
	for _, passing := range []error{storage.ErrUnavailable, context.DeadlineExceeded, context.Canceled, keys.ErrUnknownKey, storage.ErrUnknownKey} {
		if errors.Is(err, passing) {
			return true
		}
	}
	return false
}

// locationOf says where in a body a field of package account stands.
func locationOf(field string) string {
	if account.IsAttributeField(field) {
		return "body.attributes." + strings.TrimPrefix(field, account.AttributeField(""))
	}
	for _, claim := range account.ClaimNames() {
		if claim == field {
			return "body.profile." + field
		}
	}
	return "body." + field
}

// writeProblem answers outside of any operation.
func writeProblem(w http.ResponseWriter, status int, detail string) {
	body, err := json.Marshal(huma.NewError(status, detail))
	if err != nil {
		body = []byte("{}")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // whoever hung up misses it
}

// notAllowed answers methods that a path does not have (RFC 9110 section 15.5.6).
func notAllowed(methods []string) http.HandlerFunc {
	allow := strings.Join(methods, ", ")
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", allow)
		writeProblem(w, http.StatusMethodNotAllowed, "this address takes "+allow)
	}
}
