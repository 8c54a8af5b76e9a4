package op

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// delivery is where and how a client is answered: a redirect URI that is
// registered for it, the response mode, and the state to give back.
type delivery struct {
	RedirectURI string
	Mode        oidc.ResponseMode
	State       string
	// ClientID and Alg are whom a signed answer is for, and how it is signed.
	ClientID, Alg string
}

var noSniff = []string{"nosniff"}

// privately marks an answer as one that nobody may keep.
func privately(w http.ResponseWriter) {
	h := w.Header()
	h["Cache-Control"], h["Pragma"] = noStore, noCache
	h.Set("Referrer-Policy", "no-referrer")
	h["X-Content-Type-Options"] = noSniff
}

// keepOpener lets the page that opened a window for the client's sign-in keep its
// handle on it: applications with origins of their own in browsers sign people in
// in pop-ups, which Cross-Origin-Opener-Policy would cut off.
func keepOpener(w http.ResponseWriter, c *client.Client) {
	if c.RunsInBrowsers() {
		web.AllowOpener(w)
	}
}

// deliver answers a client. Every answer, success or error, names its issuer
// (RFC 9207), and gives the state back as it came.
func (p *Provider) deliver(w http.ResponseWriter, r *http.Request, to delivery, answer url.Values) error {
	answer = p.complete(answer, to)
	if isSigned(string(to.Mode)) {
		var err error
		if answer, err = p.signAnswer(r.Context(), to, answer); err != nil {
			return err
		}
	}
	mode, _ := strings.CutSuffix(string(to.Mode), signedSuffix)
	if mode == client.ResponseModeFormPost {
		return postForm(w, to.RedirectURI, answer)
	}
	seeOther(w, addressOf(to.RedirectURI, mode, answer))
	return nil
}

// complete adds to an answer what each has.
func (p *Provider) complete(answer url.Values, to delivery) url.Values {
	answer.Set("iss", p.cfg.Issuer)
	if to.State != "" {
		answer.Set("state", to.State)
	}
	return answer
}

// addressOf is where a browser takes an answer that is not posted.
func addressOf(redirectURI, mode string, answer url.Values) string {
	if mode == client.ResponseModeFragment {
		return redirectURI + "#" + answer.Encode()
	}
	return withQuery(redirectURI, answer)
}

// seeOther redirects with a 303, whatever the method was: no other status keeps
// a POST with a password in it from being sent on (RFC 9700 section 4.12). The
// address is checked, so it goes into the header as it is, and not into a body.
func seeOther(w http.ResponseWriter, address string) {
	privately(w)
	w.Header().Set("Location", address)
	w.WriteHeader(http.StatusSeeOther)
}

// withQuery adds parameters to an address, which keeps its own (RFC 6749 section 3.1.2).
func withQuery(address string, params url.Values) string {
	if len(params) == 0 {
		return address
	}
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	return address + separator + params.Encode()
}
