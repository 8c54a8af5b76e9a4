package api

import (
	"context"
	"fmt"
	"maps"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

// caller is who calls, and what they may do.
type caller struct {
	actor account.Actor
	may   admin.Authority
	// name is what limits and idempotency keys are kept by.
	name string
	// service says that a client calls for itself.
	service bool
	// scheme is how its token came.
	scheme string
}

type callerKey struct{}

// callerOf is who the request of the context is from; every operation has one.
func callerOf(ctx context.Context) *caller { return ctx.Value(callerKey{}).(*caller) }

// refusal is why a request is not let through, and how that is answered.
type refusal struct {
	status     int
	challenges []string
	detail     string
	// retryAfter is in seconds; zero says nothing.
	retryAfter int64
}

// authorize lets a request through whose token, role and scope allow the operation
// (requirement AD1), before anything else of it is read.
func (a *API) authorize(o *operation) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		w.Header().Set("Cache-Control", "no-store")
		who, refused := a.admit(w, r, o)
		if refused == nil {
			next(huma.WithValue(ctx, callerKey{}, who))
			return
		}
		for _, challenge := range refused.challenges {
			w.Header().Add("WWW-Authenticate", challenge)
		}
		if refused.retryAfter > 0 {
			w.Header().Set("Retry-After", strconv.FormatInt(refused.retryAfter, 10))
		}
		a.cfg.Log.InfoContext(r.Context(), "admin API refused", "operation", o.id, "status", refused.status, "reason", refused.detail)
		writeProblem(w, refused.status, refused.detail)
	}
}

// admit finds out who calls, and whether they may.
func (a *API) admit(w http.ResponseWriter, r *http.Request, o *operation) (*caller, *refusal) {
	token, err := a.cfg.Tokens.Authenticate(w, r)
	if err != nil {
		status, challenges, detail := a.cfg.Tokens.Refusal(r, err)
		if detail == "" {
			detail = http.StatusText(status)
		}
		return nil, &refusal{status: status, challenges: challenges, detail: detail}
	}
	who, refused := a.identify(r, token)
	if refused != nil {
		return nil, refused
	}
	reason := r.Header.Get(reasonHeader)
	unfit := utf8.RuneCountInString(reason) > maxReason || ident.Text(reason) != nil
	if o.changes() && !unfit {
		who.actor = who.actor.Because(reason)
	}
	wait, err := a.cfg.Counters.Draw(r.Context(), "admin:"+who.name, a.cfg.Limit)
	switch {
	case err != nil:
		a.cfg.Log.WarnContext(r.Context(), "admin API cannot count requests", "reason", err.Error())
		return nil, &refusal{status: http.StatusServiceUnavailable, detail: "temporarily unavailable, try again", retryAfter: 5}
	case wait > 0:
		return nil, &refusal{status: http.StatusTooManyRequests, detail: "too many requests", retryAfter: int64(math.Ceil(wait.Seconds()))}
	}
	may := who.may.Has(o.scope)
	if err := a.record(r, who, o, may); err != nil {
		a.cfg.Log.ErrorContext(r.Context(), "admin API cannot record a call", "operation", o.id, "reason", err.Error())
		return nil, &refusal{status: http.StatusServiceUnavailable, detail: "temporarily unavailable, try again", retryAfter: 5}
	}
	switch {
	case may && o.changes() && unfit:
		return nil, &refusal{status: http.StatusUnprocessableEntity, detail: reasonHeader + " is too long, or no line of text"}
	case may:
		return who, nil
	}
	return nil, &refusal{
		status: http.StatusForbidden, challenges: a.challenge(who.scheme, "insufficient_scope", fmt.Sprintf(", scope=%q", o.scope)),
		detail: "this takes the scope " + o.scope + ", and of a person a role that has it",
	}
}

// record writes that somebody reads, before they do, and that they may not read or change
// something. What changes writes its own event, with the change.
func (a *API) record(r *http.Request, who *caller, o *operation, may bool) error {
	without := ""
	if !may {
		without = " without " + o.scope
	}
	switch {
	case o.changes() && may:
		return nil
	case o.changes():
		return a.cfg.Accounts.Record(r.Context(), who.actor, storage.EventChangeRefused, "", storage.Failure, "admin API: "+o.id+without)
	case may:
		return a.cfg.Accounts.RecordRead(r.Context(), who.actor, storage.ID(r.PathValue("person")), storage.Success, "admin API: "+o.id+What(r))
	}
	return a.cfg.Accounts.RecordRead(r.Context(), who.actor, storage.ID(r.PathValue("person")), storage.Failure, "admin API: "+o.id+without)
}

// What says what of an operation was asked for: a group or an application, and which
// parameters, not what they say: a name that was searched for is personal, and would
// outlive whom it was about.
func What(r *http.Request) string {
	what := ""
	for _, name := range []string{"group", "client"} {
		if value := r.PathValue(name); value != "" && ident.Text(value) == nil {
			what += " " + name + " " + value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.URL.Query())) {
		if parameter.MatchString(name) {
			what += " by " + name
		}
	}
	return strings.ToValidUTF8(what[:min(len(what), maxWhat)], "")
}

// parameter is how parameters are called, and maxWhat bounds what an event says of them,
// in bytes.
var parameter = regexp.MustCompile(`^[a-z_]{1,20}$`)

const maxWhat = 300

// reasonHeader says why, in the caller's words: it stands in the event of a change.
const reasonHeader = "Audit-Reason"

// maxReason bounds it, in characters.
const maxReason = 200

// reasonParam is the header in the document.
func reasonParam() *huma.Param {
	bound := maxReason
	return &huma.Param{
		Name: reasonHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString, MaxLength: &bound},
		Description: "Why, in a line: it is recorded with the change.",
	}
}

// identify is who a token is of.
func (a *API) identify(r *http.Request, t *Token) (*caller, *refusal) {
	from := account.Origin{
		Address: web.ClientAddress(r.Context()).String(), UserAgent: userAgent(r), RequestID: web.RequestID(r.Context()),
		ClientID: t.Client.ID,
	}
	switch {
	case t.User == nil && t.Client.Type != client.TypeService:
		return nil, &refusal{status: http.StatusForbidden, detail: "a client acts for itself here only as one of type service"}
	case t.User == nil:
		may := admin.ForService(t.Scopes)
		return &caller{account.Client(t.Client.ID, from).Administering(may.Duties()), may, ephemeral.Name(t.Client.ID, ""), true, schemeOf(r)}, nil
	case !mfa.AtLeast(t.Shown.ACR, a.cfg.ACR):
		return nil, &refusal{
			status: http.StatusUnauthorized, challenges: a.challenge(schemeOf(r), "insufficient_user_authentication", fmt.Sprintf(", acr_values=%q", a.cfg.ACR)),
			detail: "whoever administers signs in with class " + a.cfg.ACR + " (RFC 9470): ask for it with acr_values",
		}
	}
	may := a.cfg.Policy.ForPerson(t.Scopes, t.User.Roles)
	who := account.Person(account.Evidence{User: t.User, SID: t.SID, Shown: t.Shown}, from)
	return &caller{who.Administering(may.Duties()).Proving(a.cfg.ACR), may, ephemeral.Name(t.Client.ID, string(t.User.ID)), false, schemeOf(r)}, nil
}

// challenge spells WWW-Authenticate, in the scheme of the request (RFC 6750 section 3, RFC
// 9449 section 7.1), with where we are described (RFC 9728 section 5.1). Every text in it
// is ours.
func (a *API) challenge(scheme, code, more string) []string {
	return []string{fmt.Sprintf("%s realm=%q, error=%q%s, resource_metadata=%q", scheme, a.cfg.Issuer, code, more, a.cfg.Metadata)}
}

// schemeOf is the scheme by which a request shows its token.
func schemeOf(r *http.Request) string {
	if scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "DPoP") {
		return "DPoP"
	}
	return "Bearer"
}

// maxUserAgent is as much of a user agent as events keep, in bytes.
const maxUserAgent = 256

// userAgent is the User-Agent header as it is kept: unverified, bounded, and text.
func userAgent(r *http.Request) string {
	agent := r.UserAgent()
	agent = agent[:min(len(agent), maxUserAgent)]
	return strings.ToValidUTF8(strings.ReplaceAll(agent, "\x00", ""), "")
}
