package op

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/fetch"
	"github.com/latchkey-id/latchkey/storage"
)

const (
	// maxLogo bounds a logo, in bytes.
	maxLogo = 128 << 10
	// logoKept is for how long a logo is not fetched again, whatever its headers say.
	logoKept = time.Hour
	// logosAtOnce is how many logos one network address may have fetched at once; one comes
	// back each logoEvery.
	logosAtOnce = 60
	logoEvery   = 10 * time.Second
)

var logoEndpoint = endpoint{
	path:  client.LogosPath,
	mount: func(p *Provider, to routes, path string) { to.HandleFunc("GET "+path, p.serveLogo) },
}

// logoTypes are the pictures that are served, and how the bytes of each begin; of SVG,
// which is text, nothing is certain.
var logoTypes = map[string]string{
	"image/png": "image/png", "image/jpeg": "image/jpeg", "image/gif": "image/gif", "image/webp": "image/webp",
	"image/x-icon": "image/x-icon", "image/vnd.microsoft.icon": "image/x-icon", "image/svg+xml": "",
}

// serveLogo is the picture of a client whose logo_uri nobody here chose: fetched guarded
// (SSRF), bounded, and served from our own origin as a picture and nothing else. Whoever
// draws it learns nothing of who looks at it (tracking), and what is in it does nothing
// where it is opened by itself (sandbox; cross-site scripting).
func (p *Provider) serveLogo(w http.ResponseWriter, r *http.Request) {
	answer, media, err := p.logo(r)
	if err != nil {
		w.Header()["Cache-Control"] = noStore
		shown := errorOf(err)
		p.logRefusal(r, "", shown)
		w.WriteHeader(shown.status())
		return
	}
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	h.Set("Content-Disposition", `attachment; filename="logo"`)
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "private, max-age="+strconv.Itoa(int(logoKept/time.Second)))
	h["X-Content-Type-Options"] = noSniff
	h.Set("Content-Length", strconv.Itoa(len(answer.Body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		write(w, answer.Body)
	}
}

// logo fetches the picture of the client that the address names.
func (p *Provider) logo(r *http.Request) (*fetch.Answer, string, error) {
	none := func(cause error) (*fetch.Answer, string, error) {
		return nil, "", &Error{Code: codeInvalidRequest, Description: "there is no logo", Status: http.StatusNotFound, Cause: cause}
	}
	id, ok := client.OfLogo(r.PathValue("client"))
	if !ok {
		return none(errors.New("no client is named"))
	}
	c, err := p.cfg.Clients.Client(r.Context(), id)
	switch {
	case errors.Is(err, client.ErrUnknown):
		return none(err)
	case err != nil:
		return nil, "", unavailable("look up client", err)
	case !c.Registered() || c.LogoURI == "":
		return none(errors.New("the client has no logo that is served here"))
	}
	answer, err := p.cfg.Fetch.Get(r.Context(), c.LogoURI, fetch.Request{
		Accept: "image/*", Keep: logoKept,
		Before: func(ctx context.Context) error {
			return p.admitAddress(ctx, "logo", storage.Bucket{Burst: logosAtOnce, Every: logoEvery})
		},
	})
	if limited := (*Error)(nil); errors.As(err, &limited) {
		return nil, "", err
	}
	if err != nil {
		return none(err)
	}
	media, err := pictureOf(answer)
	if err != nil {
		return none(err)
	}
	return answer, media, nil
}

// pictureOf is the media type of a picture that may be served.
func pictureOf(answer *fetch.Answer) (string, error) {
	said, _, _ := strings.Cut(strings.ToLower(answer.Header.Get("Content-Type")), ";")
	said = strings.TrimSpace(said)
	begins, known := logoTypes[said]
	switch {
	case !known:
		return "", errors.New("it is no picture: " + loggable(said))
	case len(answer.Body) > maxLogo:
		return "", errors.New("it is too large")
	case begins != "" && http.DetectContentType(answer.Body) != begins:
		return "", errors.New("it says that it is " + said + ", and is not")
	case begins == "" && slices.Contains(answer.Body, 0):
		return "", errors.New("it is no text")
	}
	return said, nil
}
