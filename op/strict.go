package op

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"

	httphelper "github.com/zitadel/oidc/v3/pkg/http"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// What a form may measure: more than any request that means something needs.
const (
	maxFormBytes      = 64 << 10
	maxFormParameters = 64
)

// strict stands before the library's endpoints and refuses what the library
// would take: credentials from the query string (security.md L8), repeated
// parameters (RFC 6749 section 3.2), several authentication methods at once, a
// body of any type and size. No answer that leaves here may be cached, and each
// 401 says how to authenticate.
func (s *server) strict(next http.Handler) http.Handler {
	challenge := fmt.Sprintf("Basic realm=%q, charset=%q", s.cfg.Issuer, "UTF-8")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Pragma", "no-cache")
		w = &challenger{ResponseWriter: w, challenge: challenge}
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			s.writeRefusal(w, r, http.StatusMethodNotAllowed, invalidRequest("the endpoint takes POST only"))
			return
		}
		if err := checkForm(w, r); err != nil {
			shown, status := wireError(err)
			var tooLarge *http.MaxBytesError
			if errors.As(err, &tooLarge) {
				status = http.StatusRequestEntityTooLarge
			}
			shown.Parent = err
			s.writeRefusal(w, r, status, shown)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// writeRefusal logs and writes what strict refuses.
func (s *server) writeRefusal(w http.ResponseWriter, r *http.Request, status int, err *oidc.Error) {
	s.logRefusal(r.Context(), r.URL.Path, r.PostForm.Get("client_id"), status, err)
	httphelper.MarshalJSONWithStatus(w, &oidc.Error{ErrorType: err.ErrorType, Description: err.Description}, status)
}

func invalidRequest(description string) *oidc.Error {
	return oidc.ErrInvalidRequest().WithDescription("%s", description)
}

// checkForm parses the body and checks it as far as every endpoint agrees.
func checkForm(w http.ResponseWriter, r *http.Request) error {
	if r.URL.RawQuery != "" {
		return invalidRequest("parameters belong in the body")
	}
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/x-www-form-urlencoded" {
		return invalidRequest("the body must be application/x-www-form-urlencoded").WithParent(err)
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	if err := r.ParseForm(); err != nil {
		return invalidRequest("the body is not a form or is too large").WithParent(err)
	}
	if len(r.PostForm) > maxFormParameters {
		return invalidRequest("too many parameters")
	}
	for _, values := range r.PostForm {
		if len(values) > 1 {
			return invalidRequest("a parameter is repeated")
		}
	}
	if err := checkGrantType(r); err != nil {
		return err
	}
	return checkCredentials(r)
}

// checkGrantType answers for grants that are not built before the library
// does, which would put the caller's own words into its answer.
func checkGrantType(r *http.Request) error {
	if r.URL.Path != tokenPath {
		return nil
	}
	switch oidc.GrantType(r.PostForm.Get("grant_type")) {
	case oidc.GrantTypeCode, oidc.GrantTypeRefreshToken, oidc.GrantTypeClientCredentials:
		return nil
	case "":
		return invalidRequest("grant_type is missing")
	}
	return oidc.ErrUnsupportedGrantType().WithDescription("the grant type is not supported")
}

// checkCredentials lets through a client that names itself once, by one method
// (RFC 6749 section 2.3), in a form that can be read.
func checkCredentials(r *http.Request) error {
	form := r.PostForm
	if form.Get("client_assertion") != "" || form.Get("client_assertion_type") != "" {
		return errInvalidClient(errors.New("client assertions are not supported"))
	}
	switch len(r.Header.Values("Authorization")) {
	case 0:
		if form.Get("client_id") == "" {
			return errInvalidClient(errors.New("no client is named"))
		}
		if r.URL.Path == introspectionPath && form.Get("client_secret") == "" {
			return errInvalidClient(errors.New("the caller does not authenticate"))
		}
		return nil
	case 1:
	default:
		return invalidRequest("more than one Authorization header")
	}
	if form.Has("client_secret") {
		return invalidRequest("client authentication must not use more than one method")
	}
	id, err := basicClientID(r)
	if err != nil {
		return errInvalidClient(err)
	}
	if named := form.Get("client_id"); named != "" && named != id {
		return invalidRequest("client_id is not the one that authenticates")
	}
	return nil
}

// basicClientID reads the header as RFC 6749 section 2.3.1 has it: both halves
// are form-encoded before they are joined. An empty secret is none.
func basicClientID(r *http.Request) (string, error) {
	user, password, ok := r.BasicAuth()
	if !ok {
		return "", errors.New("the Authorization header is not Basic")
	}
	id, err := url.QueryUnescape(user)
	if err != nil {
		return "", fmt.Errorf("decode client id: %w", err)
	}
	if secret, err := url.QueryUnescape(password); err != nil || secret == "" {
		return "", errors.Join(errors.New("decode client secret: empty or malformed"), err)
	}
	if strings.TrimSpace(id) == "" {
		return "", errors.New("no client is named")
	}
	return id, nil
}

// challenger adds WWW-Authenticate to each 401 (RFC 9110 section 15.5.2).
type challenger struct {
	http.ResponseWriter
	challenge string
}

// WriteHeader implements http.ResponseWriter.
func (c *challenger) WriteHeader(status int) {
	if status == http.StatusUnauthorized {
		c.Header().Set("WWW-Authenticate", c.challenge)
	}
	c.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the writer beneath.
func (c *challenger) Unwrap() http.ResponseWriter { return c.ResponseWriter }
