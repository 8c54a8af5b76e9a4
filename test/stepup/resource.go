package stepup

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// Needs is what a route asks of the sign-in behind an access token.
type Needs struct {
	// ACR are the classes that do; empty is any.
	ACR []string
	// MaxAge is how old the sign-in may be; zero is any age.
	MaxAge time.Duration
}

// Resource guards the routes of a resource server.
type Resource struct {
	tokens *oidc.IDTokenVerifier
	now    func() time.Time
}

// NewResource makes one that takes the issuer's access tokens for the audience.
func NewResource(ctx context.Context, issuer, audience string) (*Resource, error) {
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return nil, fmt.Errorf("discover %s: %w", issuer, err)
	}
	config := &oidc.Config{ClientID: audience, SupportedSigningAlgs: []string{oidc.ES256}}
	return &Resource{tokens: provider.VerifierContext(ctx, config), now: time.Now}, nil
}

// Require lets requests to next whose access token fulfils the needs.
func (res *Resource) Require(needs Needs, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, err := res.accessToken(r)
		switch {
		case err != nil:
			challenge(w, "invalid_token", "")
		case len(needs.ACR) > 0 && !slices.Contains(needs.ACR, claims.ACR),
			needs.MaxAge > 0 && res.now().After(time.Unix(claims.AuthTime, 0).Add(needs.MaxAge)):
			challenge(w, "insufficient_user_authentication", needs.parameters())
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// parameters say what would do (RFC 9470 section 3).
func (n Needs) parameters() string {
	var p string
	if len(n.ACR) > 0 {
		p += fmt.Sprintf(`, acr_values="%s"`, strings.Join(n.ACR, " "))
	}
	if n.MaxAge > 0 {
		p += fmt.Sprintf(`, max_age="%d"`, int(n.MaxAge.Seconds()))
	}
	return p
}

func challenge(w http.ResponseWriter, code, parameters string) {
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer error="%s"%s`, code, parameters))
	w.WriteHeader(http.StatusUnauthorized)
}

// accessClaims is what counts here of an access token (RFC 9068 section 2.2).
type accessClaims struct {
	ACR      string `json:"acr"`
	AuthTime int64  `json:"auth_time"`
}

// accessToken checks signature, issuer, audience, expiry and type.
func (res *Resource) accessToken(r *http.Request) (accessClaims, error) {
	var claims accessClaims
	raw, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return claims, errors.New("no bearer token")
	}
	if err := isAccessToken(raw); err != nil {
		return claims, err
	}
	token, err := res.tokens.Verify(r.Context(), raw)
	if err != nil {
		return claims, fmt.Errorf("verify access token: %w", err)
	}
	return claims, token.Claims(&claims)
}

// isAccessToken keeps ID tokens out: they have the same issuer and keys.
func isAccessToken(raw string) error {
	encoded, _, _ := strings.Cut(raw, ".")
	header, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return fmt.Errorf("decode header: %w", err)
	}
	var h struct {
		Typ string `json:"typ"`
	}
	if err := json.Unmarshal(header, &h); err != nil {
		return fmt.Errorf("decode header: %w", err)
	}
	if !strings.EqualFold(h.Typ, "at+jwt") {
		return fmt.Errorf("a token of type %q is no access token", h.Typ)
	}
	return nil
}
