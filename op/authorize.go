package op

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

const authorizePath = "/authorize"

var authorizeEndpoint = endpoint{
	path: authorizePath, member: "authorization_endpoint",
	mount: func(p *Provider, to routes, path string) {
		to.pageAt(path, p.authorize, http.MethodGet, http.MethodPost)
	},
}

// authorize is the authorization endpoint (RFC 6749 section 3.1, OpenID
// Connect Core 3.1.2). Behind a session that satisfies the request it costs one
// reading of the session and one code.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) error {
	privately(w)
	form, faulty, err := browserForm(w, r, authorizationParameters)
	if err != nil {
		return err
	}
	c, err := p.cfg.Clients.Client(r.Context(), form.Get("client_id"))
	switch {
	case errors.Is(err, client.ErrUnknown):
		return unknownClientPage(form.Get("client_id"), err)
	case err != nil:
		return lookupPage(err)
	}
	if isPushed(form) && !slices.Contains(faulty, "request_uri") {
		if lacksCookies(r, p.cfg.Cookies, form) {
			seeOther(w, withQuery(p.cfg.Issuer+authorizePath, url.Values{"client_id": {c.ID}, "request_uri": {form.Get("request_uri")}}))
			return nil
		}
		pushed, id, err := p.pushedForm(r.Context(), form.Get("request_uri"), c)
		if err != nil {
			return err
		}
		return p.authorizeRequest(w, r, c, pushed, nil, id)
	}
	if hasObject(form) && len(faulty) == 0 {
		if lacksCookies(r, p.cfg.Cookies, form) {
			seeOther(w, withQuery(p.cfg.Issuer+authorizePath, form))
			return nil
		}
		inside, err := p.requestObject(r.Context(), form, c, false)
		if err != nil {
			to, nowhere := recipient(form, c)
			if nowhere != nil {
				return nowhere
			}
			return p.fail(w, r, c.ID, to, err)
		}
		form = inside
	}
	return p.authorizeRequest(w, r, c, form, faulty, "")
}

// isPushed reports whether a request names one that was pushed.
func isPushed(form url.Values) bool {
	return strings.HasPrefix(form.Get("request_uri"), requestURIPrefix)
}

// authorizeRequest answers an authorization request by its parameters, whether they
// came with the browser or were pushed, under the id that pushed is then.
func (p *Provider) authorizeRequest(w http.ResponseWriter, r *http.Request, c *client.Client, form url.Values, faulty []string, pushed string) error {
	to, err := recipient(form, c)
	if err != nil {
		return err
	}
	keepOpener(w, c)
	if pushed == "" && p.mustPush(c) {
		return p.fail(w, r, c.ID, to, errUnpushed())
	}
	if pushed == "" && lacksCookies(r, p.cfg.Cookies, form) && len(faulty) == 0 {
		seeOther(w, withQuery(p.cfg.Issuer+authorizePath, form))
		return nil
	}
	request, err := p.parseAuthorization(r.Context(), form, faulty, c, to)
	if err == nil {
		request.Pushed = pushed
	}
	if err != nil {
		if explained := p.explained(r, c, to, err); explained != nil {
			return explained
		}
		return p.fail(w, r, c.ID, to, err)
	}
	in := interaction.ForRequest(*request, p.cfg.Now())
	outcome, err := p.cfg.SignIn.Check(r, in)
	if err != nil {
		return p.fail(w, r, c.ID, to, unavailable("check session", err))
	}
	switch next, refusal := decideNext(request, outcome); next {
	case nextRefuse:
		return p.fail(w, r, c.ID, to, refusal)
	case nextIssue:
		return p.succeed(w, r, request, outcome.SignedIn)
	case nextAsk:
	}
	return p.ask(w, r, in)
}

func errUnpushed() error {
	return badRequest("this client must push its authorization requests (RFC 9126)")
}

// ask stores the request and hands the browser to the hosted pages. That too many
// sign-ins are started is shown to the person: it is about their network and no
// business of the client's.
func (p *Provider) ask(w http.ResponseWriter, r *http.Request, in *interaction.Interaction) error {
	err := p.startInteraction(w, r, in)
	if shown := (*web.Error)(nil); errors.As(err, &shown) {
		return err
	}
	if err != nil {
		return p.fail(w, r, in.ClientID(), deliveryOf(in.Request), err)
	}
	p.cfg.SignIn.Begin(w, r, in)
	return nil
}

// next says what becomes of an authorization request.
type next int

const (
	nextRefuse next = iota
	nextIssue       // nothing is missing
	nextAsk         // the person has something to do
)

// decideNext tells from what the sign-in flow found whether to issue a code, to
// ask the person, or to refuse, and then with which error.
func decideNext(request *interaction.AuthorizationRequest, outcome interaction.Outcome) (next, error) {
	switch {
	case outcome.Fatal:
		return nextRefuse, &Error{Code: outcome.Error, Description: outcome.Reason}
	case outcome.Missing == "" && outcome.SignedIn != nil:
		return nextIssue, nil
	case outcome.Missing == "":
		return nextRefuse, errors.New("nothing is missing and nobody is signed in")
	case request.HasPrompt(interaction.PromptNone):
		return nextRefuse, &Error{Code: outcome.Error, Description: outcome.Reason, Cause: causeOf(outcome)}
	}
	return nextAsk, nil
}

// causeOf names in the log the rule that refused a person.
func causeOf(outcome interaction.Outcome) error {
	if !outcome.Refused {
		return nil
	}
	return errors.New(outcome.Cause)
}

// succeed answers the client with what it asked for.
func (p *Provider) succeed(w http.ResponseWriter, r *http.Request, request *interaction.AuthorizationRequest, who *storage.SignedIn) error {
	to := deliveryOf(request)
	if err := p.readyToAnswer(r.Context(), to); err != nil {
		return err
	}
	if request.Pushed != "" {
		if err := p.spendPushed(r.Context(), request.Pushed); err != nil {
			return err
		}
	}
	answer, err := p.answer(r, request, who)
	if err != nil {
		return p.fail(w, r, request.ClientID, to, err)
	}
	p.noteAllowed(r.Context(), request.ClientID)
	p.monitor(w, r, request, who, answer)
	return p.deliver(w, r, to, answer)
}

// noteAllowed notes a client that is known by its document, now that somebody allowed it
// something: it is asked for its tokens next, and in a page maybe at another node, which
// has to know its origin. The others are noted when they get tokens.
func (p *Provider) noteAllowed(ctx context.Context, id string) {
	if !client.IsDocumentID(id) || p.cfg.Used == nil {
		return
	}
	c, err := p.cfg.Clients.Client(ctx, id)
	if err == nil {
		err = p.cfg.Used(ctx, c)
	}
	if err != nil { // it has its code all the same
		p.cfg.Log.WarnContext(ctx, "cannot note that a client is used", "client_id", id, "reason", err.Error())
	}
}

// deliveryOf returns where the answer to a checked request goes.
func deliveryOf(request *interaction.AuthorizationRequest) delivery {
	return delivery{RedirectURI: request.RedirectURI, Mode: oidc.ResponseMode(request.ResponseMode), State: request.State, ClientID: request.ClientID, Alg: request.ResponseAlg}
}

// fail answers the client with an error by way of the browser, and logs why.
func (p *Provider) fail(w http.ResponseWriter, r *http.Request, clientID string, to delivery, err error) error {
	shown := errorOf(err)
	p.logRefusal(r, clientID, shown)
	return p.deliver(w, r, to, p.failure(shown))
}

// failure is an error as the client gets it.
func (p *Provider) failure(e *Error) url.Values {
	answer := url.Values{"error": {e.Code}, "error_uri": {p.errorURI(e.Code)}}
	if e.Description != "" {
		answer.Set("error_description", e.Description)
	}
	return answer
}

// hintSubject returns the person that an ID token of ours is about.
func (p *Provider) hintSubject(ctx context.Context, token string) (string, error) {
	hint, err := p.readIDTokenHint(ctx, token)
	if err != nil {
		return "", fmt.Errorf("read id_token_hint: %w", err)
	}
	return hint.Subject, nil
}
