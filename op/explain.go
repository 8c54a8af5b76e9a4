package op

import (
	"errors"
	"net/http"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// advice is the cause of an error that configuration mends, in words on what to set
// where. It names nothing that a request brought along.
type advice string

// Error implements error.
func (a advice) Error() string { return string(a) }

// explained is a page for whoever develops an application: much software shows
// nothing of an error that it is sent. Its link leads on to the application with the
// error, as everybody else is sent at once. It is nil where there is nothing to
// explain: outside of `latchkey dev`, in a frame, or to a program.
func (p *Provider) explained(r *http.Request, c *client.Client, to delivery, err error) error {
	var what advice
	if !p.cfg.Explain || to.Mode != oidc.ResponseModeQuery || r.Header.Get("Sec-Fetch-Dest") != "document" || !errors.As(err, &what) {
		return nil
	}
	shown := errorOf(err)
	return &web.Error{
		Status: http.StatusBadRequest, Title: "The app needs a different setting",
		Detail:      shown.Description + ". " + string(what) + ". Outside of latchkey dev people are sent back to the app with this error.",
		ContinueURL: addressOf(to.RedirectURI, client.ResponseModeQuery, p.complete(p.failure(shown), to)), ContinueName: c.Name,
		Cause: err,
	}
}
