package op

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

const userinfoPath = "/userinfo"

// bearerError is a refusal of a protected resource (RFC 6750 section 3.1).
type bearerError struct {
	Status int
	// Code is empty where the request had no token: then nothing but the
	// challenge is said.
	Code        string
	Description string
	Scope       string
	Cause       error
}

// Error implements error with the text for the log.
func (e *bearerError) Error() string {
	return strings.TrimSuffix(fmt.Sprintf("%s: %s: %v", e.Code, e.Description, e.Cause), ": <nil>")
}

// Unwrap returns the cause.
func (e *bearerError) Unwrap() error { return e.Cause }

// userinfo answers what a client may know of the person whose access token it
// holds (OpenID Connect Core 5.3). It costs one round trip to the store.
func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	privately(w)
	claims, err := p.userinfoClaims(w, r)
	if err != nil {
		p.refuseBearer(w, r, err)
		return
	}
	body, err := json.Marshal(claims)
	if err != nil {
		p.refuseBearer(w, r, fmt.Errorf("encode userinfo: %w", err))
		return
	}
	w.Header()["Content-Type"] = jsonType
	w.WriteHeader(http.StatusOK)
	write(w, body)
}

func (p *Provider) userinfoClaims(w http.ResponseWriter, r *http.Request) (map[string]any, error) {
	token, err := bearerToken(w, r)
	if err != nil {
		return nil, err
	}
	active, err := p.checkAccessToken(r.Context(), token)
	if errors.Is(err, errInvalidToken) {
		return nil, &bearerError{
			Status: http.StatusUnauthorized, Code: "invalid_token",
			Description: "the access token is not valid here, expired or revoked", Cause: err,
		}
	}
	if err != nil {
		return nil, err
	}
	answersTo(w, active.Client)
	scopes := active.Claims.Scopes()
	if active.Grant == nil || !slices.Contains(scopes, client.ScopeOpenID) {
		return nil, &bearerError{
			Status: http.StatusForbidden, Code: "insufficient_scope",
			Description: "the access token is not for a person's claims", Scope: client.ScopeOpenID,
		}
	}
	claims := userClaims(&active.Grant.User, scopes, active.Grant.Grant.Claims.UserInfo)
	claims["sub"] = active.Claims.Subject
	return claims, nil
}

// bearerToken returns the access token of a request from its header or the body
// of a POST, in exactly one of them. One in the query is refused: it has been
// written to logs (RFC 6750 section 2.3, security.md L8).
func bearerToken(w http.ResponseWriter, r *http.Request) (string, error) {
	if strings.Contains(r.URL.RawQuery, "access_token") {
		return "", badBearerRequest("an access token does not belong in the query", nil)
	}
	posted, err := postedToken(w, r)
	if err != nil {
		return "", err
	}
	switch headers := r.Header.Values("Authorization"); {
	case len(headers) > 1 || len(headers) == 1 && posted != "":
		return "", badBearerRequest("more than one access token", nil)
	case len(headers) == 0 && posted != "":
		return posted, nil
	case len(headers) == 1:
		scheme, token, _ := strings.Cut(headers[0], " ")
		if token = strings.TrimLeft(token, " "); token != "" && strings.EqualFold(scheme, oidc.BearerToken) {
			return token, nil
		}
	}
	return "", &bearerError{Status: http.StatusUnauthorized, Description: "no access token"}
}

// postedToken returns the access token in the body of a POST; empty where there is none.
func postedToken(w http.ResponseWriter, r *http.Request) (string, error) {
	if r.Method != http.MethodPost || !isForm(r) {
		return "", nil
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	if err := r.ParseForm(); err != nil {
		return "", badBearerRequest("the body cannot be read", err)
	}
	tokens := r.PostForm["access_token"]
	if len(tokens) > 1 {
		return "", badBearerRequest("access_token is repeated", nil)
	}
	return r.PostForm.Get("access_token"), nil
}

func badBearerRequest(description string, cause error) error {
	return &bearerError{Status: http.StatusBadRequest, Code: codeInvalidRequest, Description: description, Cause: cause}
}

// refuseBearer logs and answers a refusal, with the challenge that tells a
// client what to do about it (RFC 6750 section 3).
func (p *Provider) refuseBearer(w http.ResponseWriter, r *http.Request, err error) {
	shown := bearerErrorOf(err)
	level := slog.LevelInfo
	if shown.Status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	p.cfg.Log.LogAttrs(r.Context(), level, "request refused",
		slog.String("endpoint", userinfoPath), slog.Int("status", shown.Status), slog.String("reason", err.Error()))
	h := w.Header()
	if shown.Status < http.StatusInternalServerError {
		h.Set("WWW-Authenticate", p.challenge(shown))
	}
	h["Content-Type"] = jsonType
	w.WriteHeader(shown.Status)
	if shown.Code != "" {
		write(w, fmt.Appendf(nil, `{"error":%q,"error_description":%q}`, shown.Code, shown.Description))
	}
}

// challenge spells the WWW-Authenticate header. Every text in it is ours.
func (p *Provider) challenge(e *bearerError) string {
	challenge := fmt.Sprintf("Bearer realm=%q", p.cfg.Issuer)
	if e.Code != "" {
		challenge += fmt.Sprintf(", error=%q, error_description=%q", e.Code, e.Description)
	}
	if e.Scope != "" {
		challenge += fmt.Sprintf(", scope=%q", e.Scope)
	}
	return challenge
}

// bearerErrorOf is what a client is told of err.
func bearerErrorOf(err error) *bearerError {
	var known *bearerError
	if errors.As(err, &known) {
		return known
	}
	shown, status := wireError(err)
	return &bearerError{Status: status, Code: string(shown.ErrorType), Description: shown.Description}
}
