package outbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/latchkey-id/latchkey/cmd/internal/delivery"
	"github.com/latchkey-id/latchkey/internal/fetch"
	"github.com/latchkey-id/latchkey/op"
	"github.com/latchkey-id/latchkey/storage"
)

// logoutTokens makes logout tokens; op.Logouts in the binary.
type logoutTokens interface {
	Token(ctx context.Context, d storage.Delivery) (*op.LogoutToken, error)
}

// poster calls addresses that clients registered; fetch.Client in the binary.
type poster interface {
	Post(ctx context.Context, address, contentType string, body []byte) (*fetch.Answer, error)
}

// Logouts is the handler of logout tokens (OpenID Connect Back-Channel Logout 1.0).
// A token lives for minutes, so that each try has one of its own; a client that is
// told twice of the end of one session has nothing to do the second time.
type Logouts struct {
	Tokens logoutTokens
	Poster poster
}

const formType = "application/x-www-form-urlencoded"

// Deliver implements [Handler].
func (h Logouts) Deliver(ctx context.Context, d storage.Delivery, _ Save) error {
	made, err := h.Tokens.Token(ctx, d)
	switch {
	case errors.Is(err, op.ErrNotTold):
		return ErrNobody
	case err != nil:
		return &delivery.Error{Step: delivery.StepCompose, Reason: "the logout token could not be made", Cause: err}
	}
	answer, err := h.Poster.Post(ctx, made.URI, formType, []byte(url.Values{"logout_token": {made.Token}}.Encode()))
	switch {
	case errors.Is(err, fetch.ErrForbidden):
		return &delivery.Error{
			Step: delivery.StepConnect, Permanent: true, Cause: err,
			Reason: "the address of " + made.ClientID + " is not public, and in none of fetch.allowed_networks",
		}
	case err != nil:
		failed := delivery.Network(delivery.StepConnect, err)
		failed.Reason += ", of client " + made.ClientID
		return failed
	case answer.Status >= http.StatusOK && answer.Status < http.StatusMultipleChoices:
		return nil
	}
	return &delivery.Error{
		Step: delivery.StepData, Reason: fmt.Sprintf("client %s answered %d", made.ClientID, answer.Status),
		// The client understood and refused (Back-Channel Logout 2.8), or says that it is gone for good.
		Permanent: answer.Status == http.StatusBadRequest || answer.Status == http.StatusGone,
	}
}
