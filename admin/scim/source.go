package scim

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

// admit finds out which source asks, and whether it does not ask too often.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) (*Source, account.Actor, *problem) {
	source, clientID, refused := s.identify(w, r)
	if refused != nil {
		if w.Header().Get("WWW-Authenticate") == "" {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+s.cfg.Issuer+`"`)
		}
		s.cfg.Log.InfoContext(r.Context(), "SCIM refused", "status", refused.status, "reason", refused.detail)
		return nil, account.Actor{}, refused
	}
	name := storage.SourceSCIM + storage.MembershipSource(source.Name)
	wait, err := s.cfg.Counters.Draw(r.Context(), "scim:"+source.Name, s.cfg.Limit)
	switch {
	case err != nil:
		return nil, account.Actor{}, s.problemOf(r.Context(), err)
	case wait > 0:
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		return nil, account.Actor{}, &problem{http.StatusTooManyRequests, "", "too many requests"}
	}
	from := account.Origin{
		Address: web.ClientAddress(r.Context()).String(), UserAgent: userAgent(r), RequestID: web.RequestID(r.Context()), ClientID: clientID,
	}
	id := clientID
	if id == "" {
		id = string(name)
	}
	return source, account.Client(id, from).Provisioning(name), nil
}

// identify is the source whose token it is: a static one, which is looked up by its keyed
// hash (so that no time tells how much of it is right), or an access token of its client.
func (s *Server) identify(w http.ResponseWriter, r *http.Request) (*Source, string, *problem) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	unauthorized := &problem{http.StatusUnauthorized, "", "this takes the bearer token of a source"}
	if ok && token != "" && strings.EqualFold(scheme, "Bearer") {
		for _, sum := range Verifiers(s.cfg.Hasher, token) {
			if source := s.byToken[sum]; source != nil {
				return source, "", nil
			}
		}
	}
	if len(s.byClient) == 0 {
		return nil, "", unauthorized
	}
	c, scopes, err := s.cfg.Tokens.Authenticate(w, r)
	switch {
	case err != nil:
		if p := passing(err); p != nil {
			return nil, "", p
		}
		w.Header()["Www-Authenticate"] = s.cfg.Tokens.Challenges(r, err)
		return nil, "", unauthorized
	case c == nil || c.Type != client.TypeService || s.byClient[c.ID] == nil || !slices.Contains(scopes, admin.ProvisioningScope):
		return nil, "", &problem{http.StatusForbidden, "", "this client is not a source, or its token lacks the scope " + admin.ProvisioningScope}
	}
	return s.byClient[c.ID], c.ID, nil
}

// maxUserAgent is as much of a user agent as events keep, in bytes.
const maxUserAgent = 256

// userAgent is the User-Agent header as it is kept: unverified, bounded, and text.
func userAgent(r *http.Request) string {
	agent := r.UserAgent()
	agent = agent[:min(len(agent), maxUserAgent)]
	return strings.ToValidUTF8(strings.ReplaceAll(agent, "\x00", ""), "")
}
