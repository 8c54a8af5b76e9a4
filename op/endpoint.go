package op

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/latchkey-id/latchkey/client"
)

// tokenRequest is a request about tokens: its form is parsed and its client
// authenticated, once for all.
type tokenRequest struct {
	// HTTP is the request itself, for its TLS state and headers. Its body is read.
	HTTP *http.Request
	// Form holds the parameters that the endpoint reads, each sent once and none empty.
	Form   url.Values
	Client *client.Client
	// Proof is the DPoP proof that came with the request, in order but not yet spent;
	// nil: none did.
	Proof *dpopProof
	// Certificate is the thumbprint of the TLS certificate that the tokens are bound to;
	// empty: to none. certificates reads that of the request.
	Certificate  string
	certificates chainOf
	// Resource is the resource server that an access token is for; see
	// [maker.chooseResource].
	Resource string
	// Now is when the request came, by this node's clock.
	Now time.Time
}

// clientEndpoint is an endpoint that authenticated clients call themselves
// (RFC 6749 section 3.2, RFC 7662, RFC 7009).
type clientEndpoint struct {
	// path and member are those of its [endpoint].
	path, member string
	// metadata is that of its [endpoint].
	metadata func(*Config) map[string]any
	// serversOnly says that no page of a browser calls it.
	serversOnly bool
	// parameters are those that it reads, besides those of client authentication.
	parameters []string
	// required must be there; it may be empty.
	required string
	// authMethods are those by which clients may authenticate.
	authMethods []authMethod
	// proves says that it takes DPoP proofs, and spends them.
	proves bool
	// status is that of a success; zero is 200.
	status int
	// answer returns what is sent as JSON.
	answer func(*Provider, context.Context, *tokenRequest) (any, error)
	// conclude is shown how each request ended whose form could be read; it may be nil.
	conclude func(p *Provider, ctx context.Context, grantType, clientID string, answer any, err error)
}

// row is the endpoint among the others.
func (e clientEndpoint) row() endpoint {
	return endpoint{
		path: e.path, member: e.member, metadata: e.metadata, authenticates: true, takesCertificates: true,
		mount: func(p *Provider, to routes, path string) {
			h := p.serveClient(e)
			if !e.serversOnly {
				h = p.cors(h, http.MethodPost)
			}
			to.Handle(path, h)
		},
	}
}

// serveClient answers an endpoint that clients call themselves. No answer may be
// kept (RFC 6749 section 5.1), and each 401 says how to authenticate (RFC 9110
// section 15.5.2).
func (p *Provider) serveClient(e clientEndpoint) http.Handler {
	e.authMethods = p.cfg.offered(e.authMethods)
	reads := parameterSet(slices.Concat(e.parameters, clientParameters))
	challenge := fmt.Sprintf("Basic realm=%q, charset=%q, error=", p.cfg.Issuer, "UTF-8")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Cache-Control"], h["Pragma"] = noStore, noCache
		answer, clientID, err := p.callEndpoint(w, r, &e, reads)
		if compact, is := answer.(*compactAnswer); err == nil && is {
			writeCompact(w, cmp.Or(e.status, http.StatusOK), compact)
			return
		}
		if err == nil {
			writeJSON(w, cmp.Or(e.status, http.StatusOK), answer)
			return
		}
		if shown := errorOf(err); shown.status() == http.StatusUnauthorized {
			h.Set("WWW-Authenticate", challenge+fmt.Sprintf("%q, error_uri=%q", shown.Code, p.errorURI(shown.Code)))
		}
		p.refuse(w, r, clientID, err)
	})
}

// callEndpoint reads the form, authenticates the client and asks the endpoint.
func (p *Provider) callEndpoint(w http.ResponseWriter, r *http.Request, e *clientEndpoint, reads map[string]bool) (answer any, clientID string, err error) {
	form, err := readForm(w, r, reads)
	if err != nil {
		return nil, "", err
	}
	if e.conclude != nil {
		ctx := r.Context()
		defer func() { e.conclude(p, ctx, form.Get("grant_type"), clientID, answer, err) }()
	}
	shown, err := presentedCredentials(r, form, e.authMethods)
	answersTo(w, shown.ClientID)
	if err != nil {
		return nil, shown.ClientID, err
	}
	shown.chain = p.certificates(r)
	c, err := p.authenticate(r.Context(), shown)
	if err != nil {
		return nil, shown.ClientID, err
	}
	if e.required != "" && form.Get(e.required) == "" {
		return nil, c.ID, missing(e.required)
	}
	request := &tokenRequest{HTTP: r, Form: form, Client: c, Now: p.cfg.Now(), certificates: shown.chain}
	if e.proves {
		if request.Proof, err = p.readProof(w, r, e.path); err != nil {
			return nil, c.ID, err
		}
	}
	answer, err = e.answer(p, r.Context(), request)
	if err == nil && request.Proof != nil && !request.Proof.spent {
		err = errors.New("a DPoP proof was accepted and not spent")
	}
	if err == nil && e.path == tokenPath && p.cfg.Used != nil {
		if err := p.cfg.Used(r.Context(), c); err != nil { // it has its tokens all the same
			p.cfg.Log.WarnContext(r.Context(), "cannot note that a client is used", "client_id", c.ID, "reason", err.Error())
		}
	}
	return answer, c.ID, err
}

func missing(parameter string) error { return invalidRequest(parameter+" is missing", nil) }

var (
	noStore = []string{"no-store"}
	noCache = []string{"no-cache"}
)

// writeJSON writes an answer. What we send can always be encoded: it holds
// strings, numbers and what was decoded from JSON before.
func writeJSON(w http.ResponseWriter, status int, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
	}
	writeEncoded(w, status, body)
}

// writeEncoded writes an answer that is JSON already.
func writeEncoded(w http.ResponseWriter, status int, body []byte) {
	w.Header()["Content-Type"] = jsonType
	// Known beforehand, a long answer needs no chunks, and is one packet more seldom.
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	write(w, body)
}
